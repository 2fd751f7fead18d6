/*
 * A key that is accepted has a canonical form that gives the same key and
 * thumbprint, and is the same key as SubjectPublicKeyInfo.
 */
#include "codec/jose.h"
#include "codec/spki.h"
#include "require.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct jwk jwk, again;
	AUTO_BUF spki = { 0 };
	struct pubkey key;
	char text[44];
	json_t *o;

	if (!json_parse_object(bytes_of(data, size), a, &o, NULL))
		return 0;
	if (!jwk_parse(o, a, &jwk, &err)) {
		REQUIRE(err.kind == ERR_BAD_PUBLIC_KEY);
		return 0;
	}
	REQUIRE(jwk_parse_text(jwk.canonical, a, &again, NULL));
	REQUIRE(memcmp(jwk.thumbprint, again.thumbprint, 32) == 0);
	spki_put(&spki, &jwk.key);
	REQUIRE(spki_parse(buf_bytes(&spki), &key, NULL));
	REQUIRE(key.alg == again.key.alg && key.bits == again.key.bits);
	REQUIRE(bytes_equal(key.n, again.key.n));
	REQUIRE(bytes_equal(key.e, again.key.e));
	REQUIRE(bytes_equal(key.point, again.key.point));
	jwk_thumbprint_text(jwk.thumbprint, text);
	REQUIRE(strlen(text) == 43);
	return 0;
}
