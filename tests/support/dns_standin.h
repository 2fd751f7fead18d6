/*
 * A name server for tests: UDP and TCP on one loopback port, a zone that the
 * test fills, and the ways in which real ones misbehave.  A thread of its own;
 * every function may be called while it runs.
 */
#ifndef SUPPORT_DNS_STANDIN_H
#define SUPPORT_DNS_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_standin;

enum dns_manner {
	DNS_ANSWERS,
	DNS_SERVFAILS,
	DNS_IS_SILENT,
	DNS_TRUNCATES, /* UDP says TC, TCP answers */
	DNS_REPEATS_ALIAS /* an alias to itself */
};

struct dns_standin *dns_standin_new(void);
void dns_standin_free(struct dns_standin *d);
unsigned dns_standin_port(const struct dns_standin *d);
/* "127.0.0.1:PORT", owned by the stand-in. */
const char *dns_standin_address(const struct dns_standin *d);

/* A, AAAA: an address; CNAME: a name; TXT: text ('|' splits strings). */
void dns_standin_add(struct dns_standin *d, const char *name, const char *type,
    const char *value);
/* As add, given out from the nth query of this type on, in place of others. */
void dns_standin_add_later(struct dns_standin *d, const char *name,
    const char *type, const char *value, unsigned nth);
void dns_standin_add_raw(struct dns_standin *d, const char *name, unsigned type,
    const void *rdata, size_t n);
void dns_standin_clear(struct dns_standin *d, const char *name);
/* type 0: every type. */
void dns_standin_manner(struct dns_standin *d, const char *name, unsigned type,
    enum dns_manner manner);
unsigned dns_standin_queries(
    struct dns_standin *d, const char *name, unsigned type);

/*
 * Signs everything at and below the zone from now on (ECDSA P-256, RFC 6605)
 * and writes its trust anchor to the file; broken: with wrong signatures.
 */
bool dns_standin_sign(struct dns_standin *d, const char *zone,
    const char *anchor_file, bool broken);

#endif
