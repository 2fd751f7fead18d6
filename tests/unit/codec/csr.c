#include "support/unit.h"
#include "codec/csr.h"
#include "unit/codec/made.h"
#include <openssl/x509.h>
#include "util/text.h"

static struct arena *arena;
static struct lane *lane;

static void
parse_or_fail(struct bytes der, struct csr *out)
{
	struct err err = { 0 };

	if (!csr_parse(der, arena, out, &err))
		fail_msg("%s", err.shown);
}

static void
test_every_key_type_of_openssl(void **state)
{
	static const char *const extensions[] = { "subjectAltName",
		"DNS:A.example,IP:192.0.2.1,IP:2001:db8::1,email:a@B.example,"
		"URI:https://a.example/",
		"tlsfeature", "status_request", "basicConstraints", "CA:TRUE",
		NULL };

	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		EVP_PKEY *key = made_key(made_algs[i]);
		struct bytes der = made_csr(
		    arena, key, made_md(made_algs[i]), "a.example", extensions);
		struct err err = { 0 };
		struct csr csr;

		parse_or_fail(der, &csr);
		assert_int_equal(csr.key.alg, made_algs[i]);
		assert_true(bytes_equal(csr.spki, made_spki(arena, key)));
		assert_string_equal(csr.common_name, "a.example");
		assert_true(csr.must_staple);
		assert_int_equal(csr.names.n, 5);
		assert_string_equal(csr.names.v[0].text, "a.example");
		assert_string_equal(csr.names.v[1].text, "192.0.2.1");
		assert_string_equal(csr.names.v[2].text, "2001:db8::1");
		assert_string_equal(csr.names.v[3].text, "a@b.example");
		assert_string_equal(csr.names.v[4].text, "https://a.example/");
		if (!csr_verify(lane, &csr, &err))
			fail_msg("%s", err.shown);
		/* Another signature is none. */
		der = made_changed(
		    arena, der, der.n - 3, (uint8_t)(der.p[der.n - 3] ^ 1));
		parse_or_fail(der, &csr);
		assert_false(csr_verify(lane, &csr, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	}
}

/* A P-256 key may sign with any SHA-2, and SCEP clients with SHA-1 and RSA. */
static void
test_other_digests(void **state)
{
	static const struct {
		enum key_alg key;
		const char *md;
		enum sig_alg alg;
	} rows[] = {
		{ KEY_EC_P256, "SHA384", SIG_ECDSA_SHA384 },
		{ KEY_EC_P384, "SHA256", SIG_ECDSA_SHA256 },
		{ KEY_RSA, "SHA512", SIG_RSA_SHA512 },
		{ KEY_RSA, "SHA1", SIG_RSA_SHA1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct csr csr;

		parse_or_fail(made_csr(arena, made_key(rows[i].key),
				  EVP_get_digestbyname(rows[i].md), "x", NULL),
		    &csr);
		assert_int_equal(csr.sig_alg, rows[i].alg);
		if (!csr_verify(lane, &csr, &err))
			fail_msg("%s", err.shown);
	}
}

static void
test_empty_subject_and_no_extensions(void **state)
{
	struct csr csr;

	(void)state;
	parse_or_fail(
	    made_csr(arena, made_key(KEY_EC_P256), EVP_sha256(), NULL, NULL),
	    &csr);
	assert_null(csr.common_name);
	assert_int_equal(csr.subject.n, 2);
	assert_int_equal(csr.names.n, 0);
	assert_int_equal(csr.extensions.n, 0);
	assert_null(csr.challenge_password);
	assert_false(csr.must_staple);
}

#define P256                                                                   \
	"30 59 30 13 06 07 2a8648ce3d0201 06 08 2a8648ce3d030107 03 42 00 04"  \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"     \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define ES256 "30 0a 06 08 2a8648ce3d040302"

struct parts {
	const char *version, *subject, *spki, *attributes, *alg, *signature;
};
static const struct parts plain = { "02 01 00", "30 00", P256, "a0 00", ES256,
	"03 03 00 30 00" };

static void
put(struct buf *b, const char *hex)
{
	buf_add_bytes(b, made_hex(arena, hex));
}

static struct bytes
built(const struct parts *p)
{
	struct buf b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE);
	size_t info = der_open(&b, DER_SEQUENCE);

	put(&b, p->version);
	put(&b, p->subject);
	put(&b, p->spki);
	put(&b, p->attributes);
	der_close(&b, info);
	put(&b, p->alg);
	put(&b, p->signature);
	der_close(&b, outer);
	return arena_take_buf(arena, &b);
}

/* Expects `kind` (ERR_NONE: parsed), with OpenSSL's opinion of the rest: what
 * we parse it parses, too. */
static void
expect(const struct parts *p, enum err_kind kind, struct csr *out)
{
	struct bytes der = built(p);
	const unsigned char *at = der.p;
	struct err err = { 0 };
	struct csr csr;
	X509_REQ *req;

	(void)!csr_parse(der, arena, &csr, &err);
	if (err.kind != kind)
		fail_msg("%s: \"%s\"", hex_arena(arena, der), err.shown);
	if (kind != ERR_NONE)
		return;
	req = d2i_X509_REQ(NULL, &at, (long)der.n);
	if (req == NULL || at != der.p + der.n)
		fail_msg("OpenSSL refuses %s", hex_arena(arena, der));
	X509_REQ_free(req);
	if (out != NULL)
		*out = csr;
}

static void
test_the_frame(void **state)
{
	struct parts p;

	(void)state;
	expect(&plain, ERR_NONE, NULL);
#define WITH(member, value, kind)                                              \
	p = plain;                                                             \
	p.member = value;                                                      \
	expect(&p, kind, NULL)
	WITH(version, "02 01 01", ERR_BAD_CSR);
	WITH(version, "", ERR_BAD_CSR);
	WITH(version, "02 02 00 00", ERR_BAD_CSR);
	WITH(subject, "", ERR_BAD_CSR);
	WITH(subject, "31 00", ERR_BAD_CSR);
	/* A CN with a NUL, or that is no text. */
	WITH(subject, "30 0d 31 0b 30 09 06 03 550403 0c 02 4100", ERR_BAD_CSR);
	WITH(spki, "30 00", ERR_BAD_PUBLIC_KEY);
	/* X25519 and a compressed point. */
	WITH(spki, "30 0d 30 05 06 03 2b656e 03 04 00 010203",
	    ERR_BAD_PUBLIC_KEY);
	/* openssl req -asn1-kludge */
	WITH(attributes, "", ERR_NONE);
	WITH(attributes, "a0 00 05 00", ERR_BAD_CSR);
	WITH(attributes, "a0 00 a0 00", ERR_BAD_CSR);
	WITH(attributes, "a1 00", ERR_BAD_CSR);
	WITH(attributes, "31 00", ERR_BAD_CSR);
	/* An algorithm of another kind of key. */
	WITH(alg, "30 05 06 03 2b6570", ERR_BAD_CSR);
	WITH(alg, "30 0d 06 09 2a864886f70d01010b 05 00", ERR_BAD_CSR);
	WITH(alg, "30 0d 06 09 2a864886f70d010104 05 00", ERR_BAD_CSR);
	WITH(signature, "03 03 01 30 00", ERR_BAD_CSR);
	WITH(signature, "04 02 30 00", ERR_BAD_CSR);
	WITH(signature, "03 03 00 30 00 00", ERR_BAD_CSR);
}

/* mbed TLS before 3.5 writes NULL where RFC 5758 wants nothing. */
static void
test_null_parameters(void **state)
{
	struct parts p = plain;

	(void)state;
	p.alg = "30 0c 06 08 2a8648ce3d040302 05 00";
	expect(&p, ERR_NONE, NULL);
}

/* One attribute: extensionRequest or Microsoft's, with extensions. */
#define EXTREQ "06 09 2a864886f70d01090e"
#define MSEXT "06 0a 2b06010401823702010e"

static const char *
request_of(const char *oid, const char *extensions)
{
	struct buf b = { 0 };
	size_t all = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
	size_t attribute = der_open(&b, DER_SEQUENCE), set, list;

	put(&b, oid);
	set = der_open(&b, DER_SET);
	list = der_open(&b, DER_SEQUENCE);
	put(&b, extensions);
	der_close(&b, list);
	der_close(&b, set);
	der_close(&b, attribute);
	der_close(&b, all);
	return hex_arena(arena, arena_take_buf(arena, &b));
}

/* SAN with the DNS name "a". */
#define SAN_A "30 0c 06 03 551d11 04 05 30 03 82 01 61"

static void
test_extension_requests(void **state)
{
	static const struct {
		const char *extensions;
		enum err_kind kind;
		size_t names;
	} rows[] = {
		{ SAN_A, ERR_NONE, 1 },
		{ "", ERR_NONE, 0 },
		/* critical TRUE, and FALSE as old tools write it. */
		{ "30 0f 06 03 551d11 01 01 ff 04 05 30 03 82 01 61", ERR_NONE,
		    1 },
		{ "30 0f 06 03 551d11 01 01 00 04 05 30 03 82 01 61", ERR_NONE,
		    1 },
		{ "30 0f 06 03 551d11 01 01 01 04 05 30 03 82 01 61",
		    ERR_BAD_CSR, 0 },
		/* An unknown one is kept and means nothing. */
		{ SAN_A "30 0a 06 04 2a030405 04 02 ffff", ERR_NONE, 1 },
		{ SAN_A SAN_A, ERR_BAD_CSR, 0 },
		{ "30 0a 06 03 551d11 04 03 30 03 82", ERR_BAD_CSR, 0 },
		{ "30 09 06 03 551d11 04 02 30 00", ERR_BAD_CSR, 0 },
		{ "30 0e 06 03 551d11 04 07 30 03 82 01 61 05 00", ERR_BAD_CSR,
		    0 },
		{ "30 07 06 03 551d11 04 00", ERR_BAD_CSR, 0 },
		/* A directoryName, a name that is none. */
		{ "30 0d 06 03 551d11 04 06 30 04 a4 02 30 00", ERR_BAD_CSR,
		    0 },
		{ "30 0c 06 03 551d11 04 05 30 03 82 01 5f", ERR_BAD_CSR, 0 },
		/* TLS features: 17, not a number. */
		{ "30 11 06 08 2b06010505070118 04 05 30 03 02 01 11", ERR_NONE,
		    0 },
		{ "30 11 06 08 2b06010505070118 04 05 30 03 04 01 05",
		    ERR_BAD_CSR, 0 },
		{ "05 00", ERR_BAD_CSR, 0 },
	};
	static const char *const oids[] = { EXTREQ, MSEXT };
	struct parts p = plain;
	struct csr csr;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t j = 0; j < COUNT_OF(oids); j++) {
			p.attributes = request_of(oids[j], rows[i].extensions);
			expect(&p, rows[i].kind, &csr);
			if (rows[i].kind != ERR_NONE)
				continue;
			assert_int_equal(csr.names.n, rows[i].names);
			assert_false(csr.must_staple);
			assert_true(bytes_equal(csr.extensions,
			    made_hex(arena, rows[i].extensions)));
		}
}

static void
test_attributes(void **state)
{
	static const struct {
		const char *attributes;
		enum err_kind kind;
		const char *challenge;
	} rows[] = {
		/* challengePassword, and an unknown attribute. */
		{ "a0 12 30 10 06 09 2a864886f70d010907 31 03 0c 01 78",
		    ERR_NONE, "x" },
		{ "a0 13 30 11 06 09 2a864886f70d010907 31 04 13 02 7879",
		    ERR_NONE, "xy" },
		{ "a0 0c 30 0a 06 04 2a030405 31 02 05 00", ERR_NONE, NULL },
		{ "a0 0e 30 0c 06 04 2a030405 31 04 05 00 05 00", ERR_NONE,
		    NULL },
		/* Twice, with two values, empty, not a text. */
		{ "a0 24 30 10 06 09 2a864886f70d010907 31 03 0c 01 78"
		  "30 10 06 09 2a864886f70d010907 31 03 0c 01 78",
		    ERR_BAD_CSR, NULL },
		{ "a0 15 30 13 06 09 2a864886f70d010907 31 06 0c 01 78 0c 01 "
		  "78",
		    ERR_BAD_CSR, NULL },
		{ "a0 0f 30 0d 06 09 2a864886f70d010907 31 00", ERR_BAD_CSR,
		    NULL },
		{ "a0 12 30 10 06 09 2a864886f70d010907 31 03 0c 01 00",
		    ERR_BAD_CSR, NULL },
		{ "a0 12 30 10 06 09 2a864886f70d010907 31 03 04 01 78",
		    ERR_BAD_CSR, NULL },
		/* Unknown ones must be DER all the way down. */
		{ "a0 0e 30 0c 06 04 2a030405 31 04 30 02 04 01", ERR_BAD_CSR,
		    NULL },
		{ "a0 0a 30 08 06 04 2a030405 31 00", ERR_BAD_CSR, NULL },
		{ "a0 18 30 0a 06 04 2a030405 31 02 05 00"
		  "30 0a 06 04 2a030405 31 02 05 00",
		    ERR_BAD_CSR, NULL },
		/* An extension request that is no SEQUENCE; two of them. */
		{ "a0 11 30 0f 06 09 2a864886f70d01090e 31 02 05 00",
		    ERR_BAD_CSR, NULL },
		{ "a0 22 30 0f 06 09 2a864886f70d01090e 31 02 30 00"
		  "30 0f 06 09 2a864886f70d01090e 31 02 30 00",
		    ERR_BAD_CSR, NULL },
		/* Under PKCS#9's name and Microsoft's: the same, and not. */
		{ "a0 23 30 0f 06 09 2a864886f70d01090e 31 02 30 00"
		  "30 10 06 0a 2b06010401823702010e 31 02 30 00",
		    ERR_NONE, NULL },
		{ "a0 31 30 0f 06 09 2a864886f70d01090e 31 02 30 00"
		  "30 1e 06 0a 2b06010401823702010e 31 10 30 0e " SAN_A,
		    ERR_BAD_CSR, NULL },
		/* Two of Microsoft's pairs, each in its own attribute. */
		{ "a0 24 30 10 06 0a 2b0601040182370d0201 31 02 30 00"
		  "30 10 06 0a 2b0601040182370d0201 31 02 30 00",
		    ERR_NONE, NULL },
	};
	struct parts p = plain;
	struct csr csr;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		p.attributes = rows[i].attributes;
		expect(&p, rows[i].kind, &csr);
		if (rows[i].kind != ERR_NONE)
			continue;
		if (rows[i].challenge == NULL)
			assert_null(csr.challenge_password);
		else
			assert_string_equal(
			    csr.challenge_password, rows[i].challenge);
	}
}

static void
test_caps(void **state)
{
	struct parts p = plain;
	struct err err = { 0 };
	struct csr csr;
	AUTO_BUF b = { 0 };

	(void)state;
	/* 33 extensions. */
	for (unsigned i = 0; i < 33; i++)
		buf_printf(&b, "30 08 06 02 2a%02x 04 02 0500", i);
	p.attributes = request_of(EXTREQ, buf_cstr(&b));
	expect(&p, ERR_BAD_CSR, NULL);
	b.n -= strlen("30 08 06 02 2a20 04 02 0500");
	p.attributes = request_of(EXTREQ, buf_cstr(&b));
	expect(&p, ERR_NONE, NULL);
	b.n = 0;
	buf_reserve(&b, CSR_MAX + 1);
	memset(b.p, 0, CSR_MAX + 1);
	assert_false(csr_parse(bytes_of(b.p, CSR_MAX + 1), arena, &csr, &err));
	assert_int_equal(err.kind, ERR_BAD_CSR);
	assert_non_null(strstr(err.shown, "32769"));
}

/* challengePassword, a UTF8String, of n octets. */
static const char *
challenge_of(size_t n)
{
	static const char head[] = "06 09 2a864886f70d010907";
	AUTO_BUF b = { 0 };

	/* Lengths from 0x200 on, so all have two octets. */
	buf_printf(&b, "a0 82%04zx 30 82%04zx %s 31 82%04zx 0c 82%04zx", n + 23,
	    n + 19, head, n + 4, n);
	for (size_t i = 0; i < n; i++)
		buf_add_str(&b, "41");
	return arena_strdup(arena, buf_cstr(&b));
}

/* Intune's are of several kilobytes. */
static void
test_long_challenges(void **state)
{
	struct parts p = plain;
	struct csr csr;

	(void)state;
	p.attributes = challenge_of(5000);
	expect(&p, ERR_NONE, &csr);
	assert_int_equal(strlen(csr.challenge_password), 5000);
	p.attributes = challenge_of(16384);
	expect(&p, ERR_NONE, &csr);
	assert_int_equal(strlen(csr.challenge_password), 16384);
	p.attributes = challenge_of(16385);
	expect(&p, ERR_BAD_CSR, NULL);
}

static void
test_every_cut(void **state)
{
	static const char *const extensions[] = { "subjectAltName",
		"DNS:a.example", NULL };
	struct bytes der = made_csr(arena, made_key(KEY_EC_P256), EVP_sha256(),
	    "a.example", extensions);
	struct csr csr = { .must_staple = true };
	AUTO_BUF more = { 0 };

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		assert_false(csr_parse(bytes_of(der.p, n), arena, &csr, NULL));
	buf_add_bytes(&more, der);
	buf_add_byte(&more, 0);
	assert_false(csr_parse(buf_bytes(&more), arena, &csr, NULL));
	/* Nothing was written to the output. */
	assert_true(csr.must_staple && csr.der.n == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_type_of_openssl),
		cmocka_unit_test(test_other_digests),
		cmocka_unit_test(test_empty_subject_and_no_extensions),
		cmocka_unit_test(test_the_frame),
		cmocka_unit_test(test_null_parameters),
		cmocka_unit_test(test_extension_requests),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_long_challenges),
		cmocka_unit_test(test_every_cut),
	};
	int failed;

	arena = arena_new();
	lane = lane_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lane_free(lane);
	arena_free(arena);
	return failed;
}
