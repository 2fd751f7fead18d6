#include "support/unit.h"
#include <openssl/ecdsa.h>
#include "codec/jose.h"
#include "unit/codec/made.h"
#include "codec/spki.h"
#include "unit/codec/vectors.h"
#include "util/text.h"

static struct arena *arena;
static struct lane *lane;

static struct bytes
decoded(const char *text)
{
	struct bytes out;

	assert_true(base64url_decode(bytes_str(text), arena, &out, NULL));
	return out;
}

static const struct vector {
	const char *alg, *jwk, *input, *signature;
	enum sig_alg sig_alg;
} vectors[] = {
	{ "RS256", RFC7515_A2_JWK, RFC7515_A2_INPUT, RFC7515_A2_SIGNATURE,
	    SIG_RSA_SHA256 },
	{ "ES256", RFC7515_A3_JWK, RFC7515_A3_INPUT, RFC7515_A3_SIGNATURE,
	    SIG_ECDSA_SHA256 },
	{ "ES512", RFC7515_A4_JWK, RFC7515_A4_INPUT, RFC7515_A4_SIGNATURE,
	    SIG_ECDSA_SHA512 },
	{ "EdDSA", RFC8037_JWK, RFC8037_INPUT, RFC8037_SIGNATURE, SIG_ED25519 },
};

static void
vector_read(const struct vector *v, struct jwk *jwk, struct jws *jws)
{
	struct err err = { 0 };
	json_t *o;

	if (!json_parse_object(bytes_str(v->jwk), arena, &o, &err) ||
	    !jwk_parse(o, arena, jwk, &err))
		fail_msg("%s: %s", v->alg, err.shown);
	*jws = (struct jws){ .alg_name = v->alg,
		.alg = v->sig_alg,
		.signing_input = bytes_str(v->input),
		.signature = decoded(v->signature) };
}

static void
test_signatures_of_the_rfcs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct err err = { 0 };
		struct jwk jwk;
		struct jws jws;
		AUTO_BUF other = { 0 };

		vector_read(&vectors[i], &jwk, &jws);
		if (!jws_verify(lane, &jws, &jwk, &err))
			fail_msg("%s: %s", vectors[i].alg, err.shown);
		/* Another octet in the input or in the signature. */
		jws.signature = made_changed(arena, jws.signature, 40,
		    (uint8_t)(jws.signature.p[40] ^ 1));
		assert_false(jws_verify(lane, &jws, &jwk, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
		jws.signature = decoded(vectors[i].signature);
		buf_printf(&other, "%sA", vectors[i].input);
		jws.signing_input = buf_bytes(&other);
		err_clear(&err);
		assert_false(jws_verify(lane, &jws, &jwk, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	}
}

static void
test_wrong_lengths_and_zeros(void **state)
{
	static const uint8_t zeros[200];
	struct jwk jwk;
	struct jws jws;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct bytes whole;

		vector_read(&vectors[i], &jwk, &jws);
		whole = jws.signature;
		for (size_t n = 0; n < whole.n; n++) {
			struct err err = { 0 };

			jws.signature = bytes_of(whole.p, n);
			assert_false(jws_verify(lane, &jws, &jwk, &err));
			assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
		}
		jws.signature = bytes_of(zeros, MIN_OF(whole.n, 200u));
		assert_false(jws_verify(lane, &jws, &jwk, NULL));
	}
}

/* DER where fixed length is wanted (reference section 4). */
static void
test_der_is_no_jws_signature(void **state)
{
	uint8_t der[JWS_ECDSA_DER_MAX];
	struct err err = { 0 };
	struct jwk jwk;
	struct jws jws;

	(void)state;
	vector_read(&vectors[1], &jwk, &jws);
	jws.signature = bytes_of(der, jws_ecdsa_to_der(jws.signature, der));
	assert_false(jws_verify(lane, &jws, &jwk, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
}

static void
test_algorithm_of_another_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++)
		for (size_t j = 0; j < COUNT_OF(vectors); j++) {
			struct err err = { 0 };
			struct jwk jwk, unused;
			struct jws jws, none;

			if (i == j)
				continue;
			vector_read(&vectors[i], &unused, &jws);
			vector_read(&vectors[j], &jwk, &none);
			assert_false(jws_verify(lane, &jws, &jwk, &err));
			assert_int_equal(err.kind, ERR_BAD_SIGNATURE_ALG);
		}
}

/* Against OpenSSL, which uses big numbers. */
static void
test_fixed_length_to_der(void **state)
{
	static const size_t sizes[] = { 64, 96, 132 };
	static const uint8_t firsts[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	uint8_t fixed[132], out[JWS_ECDSA_DER_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes) * 25; i++) {
		size_t n = sizes[i / 25], half = n / 2, got;
		ECDSA_SIG *sig = ECDSA_SIG_new();
		struct bytes want;

		memset(fixed, 0, sizeof(fixed));
		fixed[0] = firsts[i % 5];
		fixed[half] = firsts[i / 5 % 5];
		fixed[half - 1] = 7;
		fixed[n - 1] = 0x80;
		assert_int_equal(
		    ECDSA_SIG_set0(sig, BN_bin2bn(fixed, (int)half, NULL),
			BN_bin2bn(fixed + half, (int)half, NULL)),
		    1);
		want = MADE_I2D(arena, i2d_ECDSA_SIG, sig);
		got = jws_ecdsa_to_der(bytes_of(fixed, n), out);
		assert_true(bytes_equal(bytes_of(out, got), want));
		ECDSA_SIG_free(sig);
	}
	memset(fixed, 0, sizeof(fixed));
	assert_int_equal(jws_ecdsa_to_der(bytes_of(fixed, 64), out), 0);
	fixed[0] = 1;
	assert_int_equal(jws_ecdsa_to_der(bytes_of(fixed, 64), out), 0);
	assert_int_equal(jws_ecdsa_to_der(bytes_of(fixed, 63), out), 0);
	assert_int_equal(jws_ecdsa_to_der(bytes_of(fixed, 66), out), 0);
	memset(fixed, 0xff, sizeof(fixed));
	assert_int_equal(jws_ecdsa_to_der(bytes_of(fixed, 132), out), 141);
}

/* A body around a protected header. */
static struct bytes
body_of(const char *header, const char *payload, const char *more)
{
	return bytes_str(arena_printf(arena,
	    "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"AAAA\"%"
	    "s}",
	    base64url_arena(arena, bytes_str(header)), payload, more));
}

#define KEY "\"jwk\":" RFC7515_A3_JWK
#define KID "\"kid\":\"https://ca.example/acme/acct/1\""
#define REST "\"nonce\":\"abc\",\"url\":\"https://ca.example/acme/x\""

static void
test_parts(void **state)
{
	struct err err = { 0 };
	struct jws jws;

	(void)state;
	if (!jws_parse(body_of("{\"alg\":\"ES256\"," KEY "," REST "}",
			   "eyJhIjoxfQ", ",\"other\":1"),
		false, arena, &jws, &err))
		fail_msg("%s", err.shown);
	assert_string_equal(jws.alg_name, "ES256");
	assert_int_equal(jws.alg, SIG_ECDSA_SHA256);
	assert_true(jws.has_jwk && !jws.mac && jws.kid == NULL);
	assert_int_equal(jws.jwk.key.alg, KEY_EC_P256);
	assert_string_equal(jws.nonce, "abc");
	assert_string_equal(jws.url, "https://ca.example/acme/x");
	assert_true(bytes_is(jws.payload, "{\"a\":1}"));
	assert_false(jws.payload_empty);
	assert_int_equal(jws.signature.n, 3);
	/* POST-as-GET; RFC 8555 section 6.3. */
	assert_true(
	    jws_parse(body_of("{\"alg\":\"RS256\"," KID "," REST "}", "", ""),
		false, arena, &jws, &err));
	assert_true(jws.payload_empty && jws.payload.n == 0);
	assert_false(jws.has_jwk);
	assert_string_equal(jws.kid, "https://ca.example/acme/acct/1");
	/* A nonce and a URL may be absent: keyChange and EAB say so. */
	assert_true(jws_parse(body_of("{\"alg\":\"RS256\"," KID "}", "", ""),
	    false, arena, &jws, &err));
	assert_true(jws.nonce == NULL && jws.url == NULL);
}

/* RFC 8555 section 7.3.4. */
static void
test_mac_only_where_allowed(void **state)
{
	struct bytes body = body_of("{\"alg\":\"HS256\"," KID "}", "AAAA", "");
	struct err err = { 0 };
	struct jws jws;

	(void)state;
	assert_true(jws_parse(body, true, arena, &jws, &err));
	assert_true(jws.mac);
	assert_int_equal(jws.alg, 0);
	assert_false(jws_parse(body, false, arena, &jws, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE_ALG);
	err_clear(&err);
	assert_false(
	    jws_parse(body_of("{\"alg\":\"HS256\"," KEY "}", "AAAA", ""), true,
		arena, &jws, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
}

static void
test_headers_that_are_refused(void **state)
{
	static const struct {
		const char *header;
		enum err_kind kind;
	} rows[] = {
		{ "{\"alg\":\"ES256\"," KEY "," KID "}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\",\"kid\":1}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\",\"jwk\":null}", ERR_BAD_PUBLIC_KEY },
		{ "{\"alg\":\"ES384\"," KEY "}", ERR_BAD_PUBLIC_KEY },
		{ "{\"alg\":\"RS256\"," KEY "}", ERR_BAD_PUBLIC_KEY },
		{ "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
		    ERR_BAD_PUBLIC_KEY },
		{ "{\"alg\":\"none\"," KID "}", ERR_BAD_SIGNATURE_ALG },
		{ "{\"alg\":\"HS256\"," KID "}", ERR_BAD_SIGNATURE_ALG },
		{ "{\"alg\":\"HS512\"," KID "}", ERR_BAD_SIGNATURE_ALG },
		{ "{\"alg\":\"PS256\"," KID "}", ERR_BAD_SIGNATURE_ALG },
		{ "{\"alg\":\"es256\"," KID "}", ERR_BAD_SIGNATURE_ALG },
		{ "{\"alg\":\"\"," KID "}", ERR_BAD_SIGNATURE_ALG },
		{ "{\"alg\":null," KID "}", ERR_MALFORMED },
		{ "{" KID "}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"crit\":[\"x\"]}",
		    ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"crit\":[]}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"b64\":false}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"nonce\":\"\"}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"nonce\":1}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"url\":\"\"}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\"," KID ",\"url\":[]}", ERR_MALFORMED },
		{ "{\"alg\":\"ES256\",\"alg\":\"RS256\"," KID "}",
		    ERR_MALFORMED },
		{ "[]", ERR_MALFORMED },
		{ "", ERR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct jws jws;

		if (jws_parse(body_of(rows[i].header, "AAAA", ""), false, arena,
			&jws, &err) ||
		    err.kind != rows[i].kind)
			fail_msg("%s: %s", rows[i].header, err.shown);
	}
}

static void
test_bodies_that_are_refused(void **state)
{
	/* {"alg":"ES256","kid":"x"} */
	static const char good[] = "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ";
	static const char *const rows[] = {
		"",
		"x",
		"[]",
		"{}",
		/* The compact form is no JSON. */
		"eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.AAAA.AAAA",
		"{\"protected\":\"%s\",\"payload\":\"AAAA\"}",
		"{\"protected\":\"%s\",\"signature\":\"AAAA\"}",
		"{\"payload\":\"AAAA\",\"signature\":\"AAAA\"}",
		"{\"protected\":\"%s\",\"payload\":1,\"signature\":\"AAAA\"}",
		/* Unprotected header, general form. */
		"{\"protected\":\"%s\",\"payload\":\"\",\"signature\":\"AAAA\","
		"\"header\":{}}",
		"{\"payload\":\"\",\"signatures\":[{\"protected\":\"%s\","
		"\"signature\":\"AAAA\"}]}",
		/* RFC 7515 section 2: no padding, the right alphabet. */
		"{\"protected\":\"%s==\",\"payload\":\"\",\"signature\":"
		"\"AAAA\"}",
		"{\"protected\":\"%s\",\"payload\":\"AAA=\",\"signature\":"
		"\"AAAA\"}",
		"{\"protected\":\"%s\",\"payload\":\"\",\"signature\":\"AA=="
		"\"}",
		"{\"protected\":\"%s\",\"payload\":\"++++\",\"signature\":"
		"\"AAAA\"}",
		"{\"protected\":\"%s\",\"payload\":\"A A\",\"signature\":"
		"\"AAAA\"}",
		"{\"protected\":\"%s\",\"payload\":\"\",\"payload\":\"\","
		"\"signature\":\"AAAA\"}",
		"{\"protected\":\"%s\",\"payload\":\"\",\"signature\":\"AAAA\"}"
		"x",
	};
	static const char fine[] = "{\"protected\":\"%s\",\"payload\":\"\","
				   "\"signature\":\"AAAA\"}";
	struct jws jws;
	AUTO_BUF b = { 0 };

	(void)state;
	for (size_t i = 0; i <= COUNT_OF(rows); i++) {
		const char *row = i < COUNT_OF(rows) ? rows[i] : fine;
		const char *at = strstr(row, "%s");
		struct err err = { 0 };

		b.n = 0;
		if (at == NULL)
			buf_add_str(&b, row);
		else
			buf_printf(
			    &b, "%.*s%s%s", (int)(at - row), row, good, at + 2);
		if (jws_parse(buf_bytes(&b), false, arena, &jws, &err) !=
			(row == fine) ||
		    (row != fine && err.kind != ERR_MALFORMED))
			fail_msg("%s: %s", row, err.shown);
	}
}

/* What OpenSSL signs with every kind of key, through the whole parser. */
static void
test_bodies_signed_by_openssl(void **state)
{
	static const struct {
		const char *alg;
		enum key_alg key;
		size_t half;
	} rows[] = {
		{ "RS256", KEY_RSA, 0 },
		{ "ES256", KEY_EC_P256, 32 },
		{ "ES384", KEY_EC_P384, 48 },
		{ "ES512", KEY_EC_P521, 66 },
		{ "EdDSA", KEY_ED25519, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		EVP_PKEY *key = made_key(rows[i].key);
		struct err err = { 0 };
		struct jwk jwk = { .canonical = "" };
		struct bytes sig;
		struct jws jws;
		const char *header, *input, *body;

		assert_true(spki_parse(made_spki(arena, key), &jwk.key, NULL));
		header = base64url_arena(arena,
		    bytes_str(arena_printf(
			arena, "{\"alg\":\"%s\",\"kid\":\"k\"}", rows[i].alg)));
		input = arena_printf(arena, "%s.e30", header);
		sig = made_signature(
		    arena, key, made_md(rows[i].key), bytes_str(input));
		if (rows[i].half != 0) {
			const unsigned char *p = sig.p;
			ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)sig.n);
			uint8_t *fixed = arena_alloc(arena, 2 * rows[i].half);

			BN_bn2binpad(
			    ECDSA_SIG_get0_r(s), fixed, (int)rows[i].half);
			BN_bn2binpad(ECDSA_SIG_get0_s(s), fixed + rows[i].half,
			    (int)rows[i].half);
			ECDSA_SIG_free(s);
			sig = bytes_of(fixed, 2 * rows[i].half);
		}
		body = arena_printf(arena,
		    "{\"protected\":\"%s\",\"payload\":\"e30\","
		    "\"signature\":\"%s\"}",
		    header, base64url_arena(arena, sig));
		memset(jwk.thumbprint, (int)i, sizeof(jwk.thumbprint));
		if (!jws_parse(bytes_str(body), false, arena, &jws, &err) ||
		    !jws_verify(lane, &jws, &jwk, &err))
			fail_msg("%s: %s", rows[i].alg, err.shown);
		assert_true(bytes_is(jws.signing_input, input));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures_of_the_rfcs),
		cmocka_unit_test(test_wrong_lengths_and_zeros),
		cmocka_unit_test(test_der_is_no_jws_signature),
		cmocka_unit_test(test_algorithm_of_another_key),
		cmocka_unit_test(test_fixed_length_to_der),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_mac_only_where_allowed),
		cmocka_unit_test(test_headers_that_are_refused),
		cmocka_unit_test(test_bodies_that_are_refused),
		cmocka_unit_test(test_bodies_signed_by_openssl),
	};
	int failed;

	arena = arena_new();
	lane = lane_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lane_free(lane);
	arena_free(arena);
	return failed;
}
