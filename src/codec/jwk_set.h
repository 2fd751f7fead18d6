/*
 * The public keys of somebody who signs for us to read: a JWK Set (RFC 7517
 * section 5), one JWK, or PEM blocks PUBLIC KEY.  Public alone, and strong
 * enough; the algorithm of a signature follows from the key, never from what
 * came with the signature.
 *
 * Immutable once parsed; any thread.
 */
#ifndef CODEC_JWK_SET_H
#define CODEC_JWK_SET_H

#include "codec/jose.h"

#define JWK_SET_MAX 64u

struct jwk_set_key {
	struct jwk jwk;
	const char *kid; /* NULL: none */
	const char *alg; /* the only one that it signs with; NULL: what fits */
};

struct jwk_set {
	struct jwk_set_key *v;
	size_t n;
};

/* At least one key.  ERR_MALFORMED, ERR_BAD_PUBLIC_KEY, ERR_TOO_LARGE. */
bool jwk_set_parse(struct bytes text, struct arena *a, struct jwk_set *out,
    struct err *err) MUST_CHECK;
/*
 * The key that signed: the one with the message's kid, or if there is none,
 * any of those that have none; without a kid in the message, any at all.
 * ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE_ALG.
 */
bool jwk_set_verify(struct lane *lane, const struct jwk_set *set,
    const struct jws *jws, const struct jwk_set_key **by,
    struct err *err) MUST_CHECK;

#endif
