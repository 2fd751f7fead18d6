/* Signed challenges: the compact form, whose key it is, and what it claims. */
#include "support/unit.h"
#include "codec/claims.h"
#include "codec/jwk_set.h"
#include "codec/pem.h"
#include "codec/spki.h"
#include "support/jws.h"
#include "unit/codec/made.h"
#include "unit/codec/vectors.h"

#include <openssl/rsa.h>
#include "crypto/own.h"

#define NOW 1800000000

static struct arena *arena;
static struct lane *lane;
static struct privkey *keys[4]; /* P-256, P-384, Ed25519, RSA */
static const char *const algs[] = { "ES256", "ES384", "EdDSA", "RS256" };

static struct jwk_set
set_of(const char *text)
{
	struct jwk_set set;
	struct err err = { 0 };

	if (!jwk_set_parse(bytes_str(text), arena, &set, &err))
		fail_msg("%s", err.shown);
	return set;
}

static struct jwk
jwk_of(struct privkey *key)
{
	struct pubkey pub;
	struct jwk jwk;

	assert_true(spki_parse(privkey_spki(key), &pub, NULL));
	jwk_of_key(&pub, arena, &jwk);
	return jwk;
}

/* A key of the set, with more members. */
static const char *
member(struct privkey *key, const char *more)
{
	const char *canonical = jwk_of(key).canonical;

	return arena_printf(
	    arena, "%.*s%s}", (int)strlen(canonical) - 1, canonical, more);
}

static const char *
pem_of(struct privkey *key)
{
	AUTO_BUF b = { 0 };

	pem_put(&b, "PUBLIC KEY", privkey_spki(key));
	return arena_str(arena, buf_bytes(&b));
}

static enum err_kind
verify(const struct jwk_set *set, const char *text)
{
	const struct jwk_set_key *by;
	struct err err = { 0 };
	struct jws jws;

	if (!jws_parse_compact(bytes_str(text), arena, &jws, &err) ||
	    !jwk_set_verify(lane, set, &jws, &by, &err))
		return err.kind;
	return ERR_NONE;
}

/* ---- the compact form ---- */

static void
test_vectors_of_the_rfc(void **state)
{
	static const struct {
		const char *jwk, *input, *signature;
	} rows[] = {
		{ RFC7515_A2_JWK, RFC7515_A2_INPUT, RFC7515_A2_SIGNATURE },
		{ RFC7515_A3_JWK, RFC7515_A3_INPUT, RFC7515_A3_SIGNATURE },
		{ RFC7515_A4_JWK, RFC7515_A4_INPUT, RFC7515_A4_SIGNATURE },
		{ RFC8037_JWK, RFC8037_INPUT, RFC8037_SIGNATURE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct jwk_set set = set_of(rows[i].jwk);
		struct jwk_set other = set_of(rows[(i + 1) % 4].jwk);
		const char *text = arena_printf(
		    arena, "%s.%s", rows[i].input, rows[i].signature);

		assert_int_equal(verify(&set, text), ERR_NONE);
		assert_int_equal(verify(&other, text), ERR_BAD_SIGNATURE_ALG);
	}
}

static void
test_forms_that_are_none(void **state)
{
	static const char *const refused[] = { "", ".", "..", "a.b", "a.b.c.d",
		"e30.e30.", ".e30.AA", "e30..AA", "e30.e30.AA",
		/* {"alg":1}, {"alg":"ES256"}x, padding, another alphabet */
		"eyJhbGciOjF9.e30.AA", "eyJhbGciOiJFUzI1NiJ9eA.e30.AA",
		"eyJhbGciOiJFUzI1NiJ9.e30=.AA", "eyJhbGciOiJFUzI1NiJ9.e30.A+",
		/* {"alg":"ES256","alg":"none"} */
		"eyJhbGciOiJFUzI1NiIsImFsZyI6Im5vbmUifQ.e30.AA" };
	char *huge = arena_alloc(arena, 300001);
	struct err err = { 0 };
	struct jws jws;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		if (jws_parse_compact(bytes_str(refused[i]), arena, &jws, &err))
			fail_msg("taken: %s", refused[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
		err_clear(&err);
	}
	memset(huge, 'A', 300000);
	assert_false(jws_parse_compact(bytes_str(huge), arena, &jws, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

static void
test_headers_that_bring_a_key_or_more(void **state)
{
	static const char *const more[] = { "\"jku\":\"https://evil.example/\"",
		"\"x5u\":\"https://evil.example/\"", "\"x5c\":[\"AA==\"]",
		"\"jwk\":{\"kty\":\"OKP\"}", "\"crit\":[\"exp\"]",
		"\"b64\":false", "\"zip\":\"DEF\"", "\"enc\":\"A128GCM\"" };
	struct jwk_set set = set_of(pem_of(keys[0]));

	(void)state;
	for (size_t i = 0; i < COUNT_OF(more); i++)
		assert_int_equal(verify(&set,
				     jws_made(keys[0],
					 arena_printf(arena,
					     "{\"alg\":\"ES256\",%s}", more[i]),
					 bytes_str("{}"), arena)),
		    ERR_MALFORMED);
	/* Hints are passed over. */
	assert_int_equal(
	    verify(&set,
		jws_made(keys[0],
		    "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5t\":\"AA\"}",
		    bytes_str("{}"), arena)),
	    ERR_NONE);
}

/* ---- keys ---- */

static void
test_alg_is_the_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct jwk_set set = set_of(pem_of(keys[i]));

		for (size_t j = 0; j < COUNT_OF(algs); j++)
			assert_int_equal(
			    verify(&set,
				jws_made(keys[i],
				    arena_printf(
					arena, "{\"alg\":\"%s\"}", algs[j]),
				    bytes_str("{}"), arena)),
			    i == j ? ERR_NONE : ERR_BAD_SIGNATURE_ALG);
		/* No signature, and a MAC with what everybody has. */
		assert_int_equal(verify(&set, "eyJhbGciOiJub25lIn0.e30.AA"),
		    ERR_BAD_SIGNATURE_ALG);
		assert_int_equal(verify(&set, "eyJhbGciOiJIUzI1NiJ9.e30.AA"),
		    ERR_BAD_SIGNATURE_ALG);
	}
}

/* By OpenSSL, with a salt of so many octets. */
static const char *
pss_made(const char *header, int salt)
{
	char *input = arena_printf(arena, "%s.%s",
	    base64url_arena(arena, bytes_str(header)),
	    base64url_arena(arena, bytes_str("{}")));
	EVP_PKEY *key = privkey_evp_for(keys[3], NULL, NULL);
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t signature[256];
	size_t n = sizeof(signature);
	EVP_PKEY_CTX *k;

	assert_int_equal(
	    EVP_DigestSignInit(ctx, &k, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(k, salt), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &n,
			     (const uint8_t *)input, strlen(input)),
	    1);
	EVP_PKEY_free(key);
	return arena_printf(arena, "%s.%s", input,
	    base64url_arena(arena, bytes_of(signature, n)));
}

/* RFC 7518 section 3.5.  ACME goes without it (tests/unit/codec/jws.c). */
static void
test_ps256(void **state)
{
	static const char ps[] = "{\"alg\":\"PS256\"}";
	struct jwk_set any = set_of(pem_of(keys[3]));
	struct jwk_set bound = set_of(member(keys[3], ",\"alg\":\"PS256\""));
	struct jwk_set rs = set_of(member(keys[3], ",\"alg\":\"RS256\""));
	struct jwk_set curve = set_of(pem_of(keys[0]));
	const char *rs256 =
	    jws_made(keys[3], "{\"alg\":\"RS256\"}", bytes_str("{}"), arena);

	(void)state;
	assert_int_equal(verify(&any, pss_made(ps, 32)), ERR_NONE);
	assert_int_equal(verify(&bound, pss_made(ps, 32)), ERR_NONE);
	assert_int_equal(verify(&any, rs256), ERR_NONE);
	/* The key says which of the two. */
	assert_int_equal(verify(&rs, pss_made(ps, 32)), ERR_BAD_SIGNATURE_ALG);
	assert_int_equal(verify(&bound, rs256), ERR_BAD_SIGNATURE_ALG);
	/* Neither another salt, nor one signature under the other's name. */
	assert_int_equal(verify(&any, pss_made(ps, 20)), ERR_BAD_SIGNATURE);
	assert_int_equal(verify(&any, pss_made(ps, 64)), ERR_BAD_SIGNATURE);
	assert_int_equal(verify(&any, pss_made("{\"alg\":\"RS256\"}", 32)),
	    ERR_BAD_SIGNATURE);
	assert_int_equal(
	    verify(&any, jws_made(keys[3], ps, bytes_str("{}"), arena)),
	    ERR_BAD_SIGNATURE);
	assert_int_equal(
	    verify(&curve, pss_made(ps, 32)), ERR_BAD_SIGNATURE_ALG);
}

static void
test_kid_selects(void **state)
{
	struct jwk_set set = set_of(arena_printf(arena, "{\"keys\":[%s,%s,%s]}",
	    member(keys[0], ",\"kid\":\"a\",\"alg\":\"ES256\""),
	    member(keys[1], ",\"kid\":\"b\",\"key_ops\":[\"verify\"]"),
	    member(keys[2], "")));
	static const struct {
		size_t key;
		const char *kid;
		enum err_kind kind;
	} rows[] = {
		{ 0, ",\"kid\":\"a\"", ERR_NONE },
		{ 0, "", ERR_NONE },
		{ 1, ",\"kid\":\"b\"", ERR_NONE },
		{ 1, "", ERR_NONE },
		{ 2, ",\"kid\":\"unknown\"", ERR_NONE },
		{ 0, ",\"kid\":\"b\"", ERR_BAD_SIGNATURE_ALG },
		{ 0, ",\"kid\":\"unknown\"", ERR_BAD_SIGNATURE_ALG },
		{ 2, ",\"kid\":\"a\"", ERR_BAD_SIGNATURE_ALG },
		{ 0, ",\"kid\":7", ERR_MALFORMED },
		{ 3, "", ERR_BAD_SIGNATURE_ALG },
	};

	(void)state;
	assert_int_equal(set.n, 3);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(
		    verify(&set,
			jws_made(keys[rows[i].key],
			    arena_printf(arena, "{\"alg\":\"%s\"%s}",
				algs[rows[i].key], rows[i].kid),
			    bytes_str("{}"), arena)),
		    rows[i].kind);
}

static void
test_sets_that_are_refused(void **state)
{
	const char *refused[] = { "", "{}", "{\"keys\":[]}", "{\"keys\":{}}",
		"{\"keys\":[7]}",
		arena_printf(arena, "{\"keys\":[%s,%s]}",
		    member(keys[0], ",\"kid\":\"a\""),
		    member(keys[1], ",\"kid\":\"a\"")),
		arena_printf(arena, "{\"keys\":[%s]}x", member(keys[0], "")),
		member(keys[0], ",\"d\":\"AAAA\""),
		member(keys[0], ",\"use\":\"enc\""),
		member(keys[0], ",\"key_ops\":[\"sign\"]"),
		member(keys[0], ",\"kid\":7"),
		/* An algorithm by which the key signs nothing that is read. */
		member(keys[0], ",\"alg\":\"RS256\""),
		member(keys[0], ",\"alg\":\"ES384\""),
		member(keys[3], ",\"alg\":\"RS512\""),
		member(keys[3], ",\"alg\":\"HS256\""),
		member(keys[3], ",\"alg\":\"none\""),
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		/* A modulus of 1024 bits. */
		arena_printf(arena,
		    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}",
		    base64url_arena(arena,
			bytes_of(memset(arena_alloc(arena, 128), 0xff, 128),
			    128))) };
	struct jwk_set set;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (jwk_set_parse(bytes_str(refused[i]), arena, &set, NULL))
			fail_msg("taken: %s", refused[i]);
	/* Several blocks, and text between. */
	assert_int_equal(set_of(arena_printf(arena, "first\n%ssecond\n%s",
				    pem_of(keys[0]), pem_of(keys[3])))
			     .n,
	    2);
}

/* ---- claims ---- */

#define GOOD                                                                   \
	"\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\","        \
	"\"names\":[\"dns:a.example\"]"

static void
test_claims_that_are_refused(void **state)
{
	static const char *const refused[] = { "", "[]", "{}", "{" GOOD "}x",
		"{" GOOD ",\"exp\":1800000600}", /* twice */
		"{\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\",\"names\":["
		"\"dns:a.example\"]}",
		"{\"aud\":[7],\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\","
		"\"names\":[\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"jti\":\"1\",\"sub\":\"d\",\"names\":["
		"\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":\"1800000600\",\"jti\":\"1\",\"sub\":"
		"\"d\",\"names\":[\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":1e300,\"jti\":\"1\",\"sub\":\"d\","
		"\"names\":[\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":-5,\"jti\":\"1\",\"sub\":\"d\","
		"\"names\":[\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"sub\":\"d\",\"names\":["
		"\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"\",\"sub\":\"d\","
		"\"names\":[\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"names\":["
		"\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"a\\nb\",\"sub\":"
		"\"d\",\"names\":[\"dns:a.example\"]}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"sub\":"
		"\"d\"}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\","
		"\"names\":[]}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\","
		"\"names\":\"dns:a.example\"}",
		"{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\","
		"\"names\":[\"a.example\"]}",
		"{" GOOD ",\"iat\":\"now\"}", "{" GOOD ",\"nbf\":{}}",
		"{" GOOD ",\"subject\":7}" };
	struct claims c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (claims_parse(bytes_str(refused[i]), arena, &c, NULL))
			fail_msg("taken: %s", refused[i]);
	for (unsigned n = 128; n <= 129; n++) {
		char id[130] = { 0 };

		memset(id, 'x', n);
		assert_int_equal(
		    claims_parse(bytes_str(arena_printf(arena,
				     "{\"aud\":\"u\",\"exp\":1800000600.5,"
				     "\"jti\":\"%s\",\"sub\":\"d\",\"names\":["
				     "\"dns:a.example\"]}",
				     id)),
			arena, &c, NULL),
		    n == 128);
	}
	assert_int_equal(c.expires_at, 1800000600);
}

static void
test_when_and_for_whom(void **state)
{
	static const char *const ours[] = { "https://ca/scep", "other" };
	static const struct {
		const char *claims;
		bool good;
	} rows[] = {
		{ "\"aud\":\"https://ca/scep\",\"exp\":1800000600", true },
		{ "\"aud\":[\"x\",\"other\"],\"exp\":1800000600", true },
		{ "\"aud\":[],\"exp\":1800000600", false },
		{ "\"aud\":\"https://ca/scep/\",\"exp\":1800000600", false },
		{ "\"aud\":\"https://ca/sce\",\"exp\":1800000600", false },
		/* exp: over, now, as late as may be, later. */
		{ "\"aud\":\"other\",\"exp\":1799999999", false },
		{ "\"aud\":\"other\",\"exp\":1800000000", false },
		{ "\"aud\":\"other\",\"exp\":1800000001", true },
		{ "\"aud\":\"other\",\"exp\":1800003600", true },
		{ "\"aud\":\"other\",\"exp\":1800003661", false },
		/* iat and nbf: a minute of skew; a life from iat. */
		{ "\"aud\":\"other\",\"exp\":1800003660,\"iat\":1800000060",
		    true },
		{ "\"aud\":\"other\",\"exp\":1800000100,\"iat\":1800000061",
		    false },
		{ "\"aud\":\"other\",\"exp\":1800000100,\"nbf\":1800000061",
		    false },
		{ "\"aud\":\"other\",\"exp\":1800000100,\"nbf\":1800000060",
		    true },
		{ "\"aud\":\"other\",\"exp\":1800000100,\"iat\":1799996500",
		    true },
		{ "\"aud\":\"other\",\"exp\":1800000100,\"iat\":1799996499",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct claims c;

		assert_true(claims_parse(
		    bytes_str(arena_printf(arena,
			"{%s,\"jti\":\"1\",\"sub\":\"d\",\"names\":[\"dns:a."
			"example\"],\"unknown\":[{}]}",
			rows[i].claims)),
		    arena, &c, &err));
		if (claims_check(&c, ours, 2, 3600, NOW, &err) != rows[i].good)
			fail_msg("%s: %s", rows[i].claims, err.shown);
		if (!rows[i].good)
			assert_int_equal(err.kind, ERR_UNAUTHORIZED);
	}
}

static struct names
names_of(const char *const *v, size_t n)
{
	struct names out = { arena_array(arena, n, sizeof(*out.v)), n };

	for (size_t i = 0; i < n; i++)
		assert_true(name_parse_tagged(v[i], arena, &out.v[i], NULL));
	return out;
}

static void
test_names_are_equal_as_sets(void **state)
{
	static const char *const same[] = { "ip:2001:db8::1", "dns:a.example",
		"email:x@example.org" };
	static const char *const more[] = { "ip:2001:db8::1", "dns:a.example",
		"email:x@example.org", "dns:b.example" };
	static const char *const other[] = { "ip:2001:db8::1", "dns:a.example",
		"email:y@example.org" };
	static const char json[] =
	    "{\"aud\":\"u\",\"exp\":1800000600,\"jti\":\"1\",\"sub\":\"d\","
	    "\"names\":[\"dns:A.Example\",\"email:x@EXAMPLE.org\",\"ip:2001:"
	    "0db8:0::1\"],\"subject\":\"A\"}";
	struct claims c;

	(void)state;
	assert_true(claims_parse(bytes_str(json), arena, &c, NULL));
	assert_true(
	    claims_check_request(&c, names_of(same, 3), "A", arena, NULL));
	assert_false(
	    claims_check_request(&c, names_of(more, 4), "A", arena, NULL));
	assert_false(
	    claims_check_request(&c, names_of(same, 2), "A", arena, NULL));
	assert_false(
	    claims_check_request(&c, names_of(other, 3), "A", arena, NULL));
	assert_false(
	    claims_check_request(&c, names_of(same, 3), "a", arena, NULL));
	assert_false(
	    claims_check_request(&c, names_of(same, 3), NULL, arena, NULL));
	c.subject = NULL;
	assert_true(
	    claims_check_request(&c, names_of(same, 3), NULL, arena, NULL));
}

static int
setup(void **state)
{
	static const enum key_alg kinds[] = { KEY_EC_P256, KEY_EC_P384,
		KEY_ED25519, KEY_RSA };

	(void)state;
	arena = arena_new();
	lane = lane_new();
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (!privkey_generate(kinds[i], 2048, &keys[i], NULL))
			return -1;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		privkey_free(keys[i]);
	lane_free(lane);
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_of_the_rfc),
		cmocka_unit_test(test_forms_that_are_none),
		cmocka_unit_test(test_headers_that_bring_a_key_or_more),
		cmocka_unit_test(test_alg_is_the_keys),
		cmocka_unit_test(test_ps256),
		cmocka_unit_test(test_kid_selects),
		cmocka_unit_test(test_sets_that_are_refused),
		cmocka_unit_test(test_claims_that_are_refused),
		cmocka_unit_test(test_when_and_for_whom),
		cmocka_unit_test(test_names_are_equal_as_sets),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
