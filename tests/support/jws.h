/*
 * Compact JWS as somebody else signs them.  One thread.
 */
#ifndef SUPPORT_JWS_H
#define SUPPORT_JWS_H

#include "codec/der.h"
#include "crypto/key.h"
#include "util/text.h"

/* RFC 7518 section 3.4: r and s in full, out of DER. */
static inline struct bytes
jws_fixed(struct bytes der, size_t half, struct arena *a)
{
	uint8_t *out = arena_alloc(a, 2 * half);
	struct der d = der_of(der), inner;
	struct bytes r, s;

	if (!der_enter(&d, DER_SEQUENCE, &inner) ||
	    !der_read_uint(&inner, &r) || !der_read_uint(&inner, &s) ||
	    r.n > half || s.n > half)
		abort();
	memcpy(out + half - r.n, r.p, r.n);
	memcpy(out + 2 * half - s.n, s.p, s.n);
	return bytes_of(out, 2 * half);
}

static inline const char *
jws_made(struct privkey *key, const char *header, struct bytes payload,
    struct arena *a)
{
	static const size_t halves[] = { [KEY_EC_P256] = 32,
		[KEY_EC_P384] = 48,
		[KEY_EC_P521] = 66,
		[KEY_ED25519] = 0 };
	enum key_alg alg = privkey_alg(key);
	char *input = arena_printf(a, "%s.%s",
	    base64url_arena(a, bytes_str(header)), base64url_arena(a, payload));
	AUTO_BUF b = { 0 };
	struct bytes signature;

	if (!privkey_sign(key, bytes_str(input), &b, NULL))
		abort();
	signature = arena_bytes(a, buf_bytes(&b));
	if (alg < COUNT_OF(halves) && halves[alg] != 0)
		signature = jws_fixed(signature, halves[alg], a);
	return arena_printf(a, "%s.%s", input, base64url_arena(a, signature));
}

#endif
