#include "support/unit.h"
#include "codec/jose.h"
#include "unit/codec/made.h"
#include "codec/spki.h"
#include "unit/codec/vectors.h"
#include "util/text.h"

static struct arena *arena;

static bool
parse(const char *text, struct jwk *out, struct err *err)
{
	json_t *o;

	if (!json_parse_object(bytes_str(text), arena, &o, err))
		return false;
	return jwk_parse(o, arena, out, err);
}

static void
test_thumbprints_of_the_rfcs(void **state)
{
	static const struct {
		const char *jwk, *thumbprint;
	} rows[] = {
		{ RFC7638_JWK, RFC7638_THUMBPRINT },
		{ RFC8037_JWK, RFC8037_THUMBPRINT },
	};
	struct err err = { 0 };
	struct jwk jwk;
	char text[44];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!parse(rows[i].jwk, &jwk, &err))
			fail_msg("%s", err.shown);
		jwk_thumbprint_text(jwk.thumbprint, text);
		assert_string_equal(text, rows[i].thumbprint);
	}
	assert_true(parse(RFC7638_JWK, &jwk, &err));
	assert_string_equal(jwk.canonical, RFC7638_CANONICAL);
	assert_int_equal(jwk.key.bits, 2048);
}

static void
test_canonical_text_both_ways(void **state)
{
	static const char *const rows[] = { RFC7638_JWK, RFC8037_JWK,
		RFC7515_A3_JWK, RFC7515_A4_JWK };
	struct err err = { 0 };
	struct jwk jwk, again;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!parse(rows[i], &jwk, &err) ||
		    !jwk_parse_text(jwk.canonical, arena, &again, &err))
			fail_msg("%s", err.shown);
		assert_memory_equal(jwk.thumbprint, again.thumbprint, 32);
		assert_int_equal(jwk.key.alg, again.key.alg);
		assert_true(bytes_equal(jwk.key.point, again.key.point));
		assert_true(bytes_equal(jwk.key.n, again.key.n));
	}
	/* Anything else than the canonical form is not what we stored. */
	assert_false(jwk_parse_text(RFC7638_JWK, arena, &jwk, NULL));
	assert_false(jwk_parse_text("x", arena, &jwk, NULL));
}

/* A key of OpenSSL's as JWK and as SPKI is the same key. */
static void
test_same_key_as_openssl(void **state)
{
	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		struct bytes spki = made_spki(arena, made_key(made_algs[i]));
		static const char *const crvs[] = { [KEY_EC_P256] = "P-256",
			[KEY_EC_P384] = "P-384",
			[KEY_EC_P521] = "P-521" };
		AUTO_BUF again = { 0 };
		struct err err = { 0 };
		struct pubkey key;
		struct jwk jwk;
		char *text;
		size_t n;

		assert_true(spki_parse(spki, &key, NULL));
		n = key.point.n / 2;
		if (key.alg == KEY_RSA)
			text = arena_printf(arena,
			    "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
			    base64url_arena(arena, key.n),
			    base64url_arena(arena, key.e));
		else if (key.alg == KEY_ED25519)
			text = arena_printf(arena,
			    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
			    "\"x\":\"%s\"}",
			    base64url_arena(arena, key.point));
		else
			text = arena_printf(arena,
			    "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\","
			    "\"y\":\"%s\"}",
			    crvs[key.alg],
			    base64url_arena(
				arena, bytes_of(key.point.p + 1, n)),
			    base64url_arena(
				arena, bytes_of(key.point.p + 1 + n, n)));
		if (!parse(text, &jwk, &err))
			fail_msg("%s", err.shown);
		spki_put(&again, &jwk.key);
		assert_true(bytes_equal(buf_bytes(&again), spki));
	}
}

#define EC "\"kty\":\"EC\",\"crv\":\"P-256\","
#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static void
test_what_is_refused(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"kty\":1}",
		"{\"kty\":\"oct\"}",
		"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
		"{\"kty\":\"ec\"}",
		/* The private half, of every kind. */
		"{" EC X "," Y ",\"d\":\"AAAA\"}",
		"{\"kty\":\"RSA\",\"n\":\"w5U\",\"e\":\"AQAB\",\"p\":\"\"}",
		"{\"kty\":\"RSA\",\"n\":\"w5U\",\"e\":\"AQAB\",\"qi\":null}",
		/* Members missing, of the wrong type or length. */
		"{" EC X "}",
		"{" EC Y "}",
		"{\"kty\":\"EC\"," X "," Y "}",
		"{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\"," X "," Y "}",
		"{\"kty\":\"EC\",\"crv\":\"P-256K\"," X "," Y "}",
		"{" EC "\"x\":1," Y "}",
		"{" EC
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEUA\"," Y "}",
		"{" EC
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=\"," Y "}",
		"{" EC
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\"," Y "}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
		"\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
		/* RFC 7518 section 6.3.1.1: no leading zero octets. */
		"{\"kty\":\"RSA\",\"n\":\"AMOV\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"n\":\"w5U\",\"e\":\"AAEAAQ\"}",
		"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"n\":\"w5U\"}",
		"{" EC X "," Y ",\"use\":\"enc\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct jwk jwk;

		if (parse(rows[i], &jwk, &err))
			fail_msg("%s", rows[i]);
		if (err.kind != ERR_BAD_PUBLIC_KEY)
			fail_msg("%s: %s", rows[i], err.shown);
	}
	{
		struct jwk jwk;

		assert_true(
		    parse("{" EC X "," Y ",\"use\":\"sig\"}", &jwk, NULL));
		assert_false(jwk_parse(json_null(), arena, &jwk, NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thumbprints_of_the_rfcs),
		cmocka_unit_test(test_canonical_text_both_ways),
		cmocka_unit_test(test_same_key_as_openssl),
		cmocka_unit_test(test_what_is_refused),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
