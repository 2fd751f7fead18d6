/*
 * A JWS that is accepted keeps RFC 8555 section 6.2: one key, a known
 * algorithm, parts that are exactly what was signed.
 */
#include "codec/jose.h"
#include "require.h"
#include "util/text.h"

static void
check_fixed_length(struct bytes signature)
{
	uint8_t der[JWS_ECDSA_DER_MAX];
	size_t n = jws_ecdsa_to_der(signature, der);
	struct der d = der_of(bytes_of(der, n)), inner;
	struct bytes r, s;

	if (n == 0)
		return;
	REQUIRE(der_enter(&d, DER_SEQUENCE, &inner) && der_at_end(&d));
	REQUIRE(der_read_uint(&inner, &r) && der_read_uint(&inner, &s));
	REQUIRE(der_at_end(&inner) && r.n != 0 && s.n != 0);
	REQUIRE(memcmp(r.p, signature.p + signature.n / 2 - r.n, r.n) == 0);
	REQUIRE(memcmp(s.p, signature.p + signature.n - s.n, s.n) == 0);
}

static void
check(const struct jws *jws, struct arena *a)
{
	const uint8_t *dot;
	size_t head, tail;
	bool known = jws->mac;

	dot = memchr(jws->signing_input.p, '.', jws->signing_input.n);
	REQUIRE(dot != NULL);
	head = (size_t)(dot - jws->signing_input.p);
	tail = jws->signing_input.n - head - 1;
	REQUIRE(bytes_is(
	    bytes_of(dot + 1, tail), base64url_arena(a, jws->payload)));
	REQUIRE(jws->payload_empty == (tail == 0));
	REQUIRE(jws->has_jwk != (jws->kid != NULL));
	REQUIRE(!jws->mac || (jws->alg == 0 && !jws->has_jwk));
	REQUIRE(jws->nonce == NULL || jws->nonce[0] != '\0');
	REQUIRE(jws->url == NULL || jws->url[0] != '\0');
	for (size_t i = 0; jws_algorithms[i] != NULL; i++)
		known = known || strcmp(jws_algorithms[i], jws->alg_name) == 0;
	REQUIRE(known);
	check_fixed_length(jws->signature);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct jws jws, mac;

	if (!jws_parse(in, false, a, &jws, &err)) {
		REQUIRE(err.kind == ERR_MALFORMED ||
		    err.kind == ERR_TOO_LARGE ||
		    err.kind == ERR_BAD_SIGNATURE_ALG ||
		    err.kind == ERR_BAD_PUBLIC_KEY);
		if (jws_parse(in, true, a, &mac, NULL)) {
			REQUIRE(mac.mac);
			check(&mac, a);
		}
		return 0;
	}
	REQUIRE(!jws.mac);
	check(&jws, a);
	REQUIRE(jws_parse(in, true, a, &mac, NULL));
	return 0;
}
