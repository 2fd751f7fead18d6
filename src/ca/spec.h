/*
 * From a request and a profile to what goes into the certificate: subject,
 * names, key usage, lifetime, pointers, serial.  Decisions only; what comes out
 * is encoded once, linted and signed.
 *
 * Pure but for the serial's random octets; everything lies in the arena.
 */
#ifndef CA_SPEC_H
#define CA_SPEC_H

#include "ca/core.h"

/* What the spec is derived from, next to the request. */
struct spec_input {
	const struct profile *profile;
	const struct state_ca *ca;
	const struct csr *csr; /* NULL: a responder's */
	const struct pubkey *key;
	struct bytes spki;
	struct names names;
	int64_t not_before, not_after; /* asked for; 0: the profile's */
	int64_t now;
	uint8_t node;
	unsigned shards; /* that certificates are spread over; 0: none */
};

/* Node, 40 bits of seconds, 112 random bits (design section 5). */
void serial_draw(const struct random *random, uint8_t node, int64_t now,
    uint8_t out[SERIAL_SIZE]);
/*
 * The times alone, as spec_derive judges them; names and key are not looked at.
 * *until is the last moment at which they can still be had (INT64_MAX: no end).
 */
bool spec_check_lifetime(
    const struct spec_input *in, int64_t *until, struct err *err) MUST_CHECK;
/* The notAfter of who asks for a lifetime of so many seconds, or less: at most
 * what the profile, the CA's limit and the CA's own end give. */
int64_t spec_end(const struct spec_input *in, int64_t seconds);
/*
 * ERR_REJECTED when the lifetime that is asked for is outside the profile's or
 * beyond the CA's own end: nothing is cut off silently.
 */
bool spec_derive(const struct spec_input *in, const struct random *random,
    struct arena *a, struct cert_spec *out, struct err *err) MUST_CHECK;
/* The shard whose CRL the certificate names, by its serial: the same for ever.
 * 0: it names the full CRL. */
unsigned spec_shard(
    const struct spec_input *in, const uint8_t serial[SERIAL_SIZE]);

#endif
