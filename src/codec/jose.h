/*
 * JWK (RFC 7517, RFC 7638) and flattened JWS (RFC 7515) as ACME uses them
 * (RFC 8555 section 6.2).  Nonces, URLs and accounts are the protocol's matter.
 *
 * Any thread; what is parsed lies in the caller's arena and borrows the body.
 */
#ifndef CODEC_JOSE_H
#define CODEC_JOSE_H

#include "codec/der.h"
#include "codec/json.h"
#include "crypto/key.h"

struct jwk {
	struct pubkey key;
	uint8_t thumbprint[32]; /* RFC 7638, SHA-256 */
	const char *canonical; /* the RFC 7638 JSON, for the store */
};

/* Refuses private members, wrong lengths, unknown curves.
 * ERR_BAD_PUBLIC_KEY. */
bool jwk_parse(const json_t *o, struct arena *a, struct jwk *out,
    struct err *err) MUST_CHECK;
/* From the canonical text that the store holds. */
bool jwk_parse_text(const char *canonical, struct arena *a, struct jwk *out,
    struct err *err) MUST_CHECK;
/* Of a key that was read from elsewhere (a CSR, a certificate). */
void jwk_of_key(const struct pubkey *key, struct arena *a, struct jwk *out);
/* The thumbprint as base64url, 43 characters. */
void jwk_thumbprint_text(const uint8_t thumbprint[32], char out[44]);

struct jws {
	const char *alg_name;
	enum sig_alg alg; /* 0 for a MAC (HS256), see mac */
	bool mac; /* HS256: only where EAB allows it */
	const char *kid; /* exactly one of kid and jwk is set */
	bool has_jwk;
	struct jwk jwk;
	const char *nonce; /* NULL if absent */
	const char *url; /* NULL if absent */
	struct bytes payload; /* decoded; empty for POST-as-GET */
	bool payload_empty; /* the member was "" */
	struct bytes signing_input;
	struct bytes signature; /* as sent: fixed-length for ECDSA */
};

/* RFC 8555 section 6.2: flattened JSON, protected header only, no `crit`, no
 * `b64`, alg neither "none" nor (unless allow_mac) a MAC.
 * ERR_MALFORMED, ERR_BAD_SIGNATURE_ALG, ERR_BAD_PUBLIC_KEY. */
bool jws_parse(struct bytes body, bool allow_mac, struct arena *a,
    struct jws *out, struct err *err) MUST_CHECK;
/*
 * RFC 7515 section 7.1: the compact form, signed by a key that is known from
 * elsewhere.  The header has alg, perhaps kid, and no key, no `crit`, no `b64`;
 * alg is held against the key by jws_verify, so `none` and a MAC fit none.
 * Only alg_name, kid, payload, signing_input (in text) and signature are set.
 * ERR_MALFORMED, ERR_TOO_LARGE.
 */
#define JWS_COMPACT_MAX 16384u
bool jws_parse_compact(struct bytes text, struct arena *a, struct jws *out,
    struct err *err) MUST_CHECK;
/* The key that jws names by jwk, or the account's.  Fixed-length ECDSA.
 * ERR_BAD_SIGNATURE; ERR_BAD_SIGNATURE_ALG if it does not fit the key. */
bool jws_verify(struct lane *lane, const struct jws *jws, const struct jwk *key,
    struct err *err) MUST_CHECK;
/* Can a key of this kind have made a signature that says it is by `alg`?
 * "PS256" is one in the compact form alone. */
bool jws_alg_is_for(const char *alg, enum key_alg key);
/* r || s of 64, 96 or 132 octets to DER without big numbers; 0: wrong length,
 * or a part is zero. */
#define JWS_ECDSA_DER_MAX 144u
size_t jws_ecdsa_to_der(struct bytes fixed, uint8_t out[JWS_ECDSA_DER_MAX]);
/* "RS256", … for badSignatureAlgorithm's `algorithms`; NULL ends it. */
extern const char *const jws_algorithms[];

#endif
