/* DNSSEC for the stand-in name server: RFC 4034, ECDSA P-256 (RFC 6605). */
#ifndef SUPPORT_DNS_SIGN_H
#define SUPPORT_DNS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_key;

#define DNS_KEY_RDATA 68u
#define DNS_MAX_SET 80u
#define DNS_RRSIG_MAX (18u + 256u + 64u)

struct dns_key *dns_key_new(void);
void dns_key_free(struct dns_key *k);
/* DNSKEY RDATA: flags 257, protocol 3, algorithm 13, the point. */
void dns_key_rdata(const struct dns_key *k, uint8_t out[DNS_KEY_RDATA]);

struct dns_rrset {
	const uint8_t *owner; /* wire form, lower case */
	size_t owner_n;
	unsigned type;
	uint32_t ttl;
	const uint8_t *rdata[DNS_MAX_SET];
	size_t rdata_n[DNS_MAX_SET];
	size_t n;
};

/* RRSIG RDATA by the key of the zone (wire form); the length. */
size_t dns_key_sign(struct dns_key *k, const uint8_t *zone, size_t zone_n,
    const struct dns_rrset *set, uint8_t out[DNS_RRSIG_MAX]);

#endif
