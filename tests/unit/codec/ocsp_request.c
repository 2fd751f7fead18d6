#include "support/unit.h"
#include "codec/ocsp.h"
#include "unit/codec/made.h"
#include "unit/codec/ocsp_vectors.h"
#include <openssl/ocsp.h>
#include "util/text.h"

OWN_DEFINE(OCSP_REQUEST, OCSP_REQUEST_free)

static struct arena *arena;

static X509 *
made_x509(const char *cn)
{
	EVP_PKEY *key = made_key(KEY_EC_P256);
	struct bytes der = made_cert(
	    arena, key, key, EVP_sha256(), cn, (const char *[]){ NULL });
	const unsigned char *p = der.p;

	return d2i_X509(NULL, &p, (long)der.n);
}

/* One request for each digest; no nonce when nonce_n is 0. */
static struct bytes
asked(const EVP_MD *const *mds, size_t n, int nonce_n, bool is_signed)
{
	AUTO(OCSP_REQUEST) *req = OCSP_REQUEST_new();
	AUTO(X509) *ca = made_x509("Made CA");
	uint8_t nonce[OCSP_NONCE_MAX + 1];

	memset(nonce, 0x5a, sizeof(nonce));
	for (size_t i = 0; i < n; i++)
		assert_non_null(
		    OCSP_request_add0_id(req, OCSP_cert_to_id(mds[i], ca, ca)));
	if (nonce_n != 0)
		assert_int_equal(
		    OCSP_request_add1_nonce(req, nonce, nonce_n), 1);
	if (is_signed)
		assert_int_equal(
		    OCSP_request_sign(
			req, ca, made_key(KEY_EC_P256), EVP_sha256(), NULL, 0),
		    1);
	return MADE_I2D(arena, i2d_OCSP_REQUEST, req);
}

static void
require_same_id(const struct ocsp_cert_id *id, const EVP_MD *md)
{
	AUTO(X509) *ca = made_x509("Made CA");
	OCSP_CERTID *want = OCSP_cert_to_id(md, ca, ca);
	ASN1_OCTET_STRING *name, *key;
	ASN1_INTEGER *serial;
	struct bytes whole = MADE_I2D(arena, i2d_OCSP_CERTID, want);

	assert_int_equal(
	    OCSP_id_get0_info(&name, NULL, &key, &serial, want), 1);
	assert_int_equal(
	    id->hash, EVP_MD_is_a(md, "SHA1") ? OCSP_SHA1 : OCSP_SHA256);
	assert_true(bytes_equal(id->whole, whole));
	assert_true(bytes_equal(
	    id->name_hash, bytes_of(name->data, (size_t)name->length)));
	assert_true(bytes_equal(
	    id->key_hash, bytes_of(key->data, (size_t)key->length)));
	assert_true(bytes_equal(
	    id->serial, bytes_of(serial->data, (size_t)serial->length)));
	OCSP_CERTID_free(want);
}

static void
test_what_openssl_asks_is_read(void **state)
{
	const EVP_MD *const mds[] = { EVP_sha1(), EVP_sha256(), EVP_sha1() };
	static const int nonces[] = { 0, 1, 16, 32, 33, OCSP_NONCE_MAX };
	struct ocsp_request r;
	struct err err = { 0 };

	(void)state;
	for (size_t n = 1; n <= COUNT_OF(mds); n++)
		for (size_t i = 0; i < COUNT_OF(nonces); i++) {
			struct bytes der = asked(mds, n, nonces[i], i % 2 == 0);

			assert_true(ocsp_request_parse(der, &r, &err));
			assert_int_equal(r.n, n);
			assert_int_equal(r.nonce.n, nonces[i]);
			assert_int_equal(r.is_signed, i % 2 == 0);
			for (size_t k = 0; k < n; k++)
				require_same_id(&r.ids[k], mds[k]);
		}
}

/* RFC 9919 appendix B.4, for the certificate of B.2. */
static void
test_rfc9919_request(void **state)
{
	struct bytes der;
	struct ocsp_request r;
	struct err err = { 0 };

	(void)state;
	assert_true(
	    base64_decode(bytes_str(RFC9919_REQUEST), arena, &der, &err));
	assert_true(ocsp_request_parse(der, &r, &err));
	assert_int_equal(r.n, 1);
	assert_int_equal(r.ids[0].hash, OCSP_SHA256);
	assert_true(bytes_equal(r.ids[0].serial, made_hex(arena, "01aaf00d")));
	assert_true(bytes_equal(r.ids[0].name_hash,
	    made_hex(arena,
		"3a994677568073a707bfde50186345e4cd6134db085ebaa1d10425f03b6f"
		"08ea")));
	assert_int_equal(r.nonce.n, 0);
	assert_false(r.is_signed);
}

#define ALG_SHA1 "3009 06052b0e03021a 0500"
#define HASH20 "0414 000102030405060708090a0b0c0d0e0f10111213"

/* The parts of a request, as hex; NULL: absent. */
struct parts {
	const char *version, *name, *list, *extensions, *signature, *behind;
};

static void
hex_put(struct buf *b, const char *hex)
{
	if (hex != NULL)
		buf_add_bytes(b, made_hex(arena, hex));
}

static struct bytes
composed(const struct parts *p)
{
	struct buf b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE);
	size_t tbs = der_open(&b, DER_SEQUENCE), list;

	hex_put(&b, p->version);
	hex_put(&b, p->name);
	list = der_open(&b, DER_SEQUENCE);
	hex_put(&b, p->list);
	der_close(&b, list);
	if (p->extensions != NULL) {
		size_t x = der_open(&b, DER_CONTEXT_CONSTRUCTED(2));

		list = der_open(&b, DER_SEQUENCE);
		hex_put(&b, p->extensions);
		der_close(&b, list);
		der_close(&b, x);
	}
	der_close(&b, tbs);
	hex_put(&b, p->signature);
	der_close(&b, outer);
	hex_put(&b, p->behind);
	return arena_take_buf(arena, &b);
}

/* SEQUENCE { CertID }: a Request. */
#define REQ "303c 303a" ALG_SHA1 HASH20 HASH20 "0201 07"
#define NONCE2 "3011 06092b0601050507300102 0404 0402 0102"

static const struct {
	const char *why;
	struct parts parts;
	enum err_kind kind;
} forms[] = {
	{ "plain", { .list = REQ }, ERR_NONE },
	{ "two of them", { .list = REQ REQ }, ERR_NONE },
	{ "a nonce", { .list = REQ, .extensions = NONCE2 }, ERR_NONE },
	{ "a critical nonce",
	    { .list = REQ,
		.extensions = "3014 06092b0601050507300102 0101ff 0404 0402 "
			      "0102" },
	    ERR_NONE },
	{ "who asks is ignored, RFC 9919 section 3.1.2",
	    { .name = "a103 8201 61", .list = REQ }, ERR_NONE },
	{ "an unknown extension is ignored",
	    { .list = REQ, .extensions = "3007 06022a03 0401 00" }, ERR_NONE },
	{ "of one certificate, too",
	    { .list = "3049 303a" ALG_SHA1 HASH20 HASH20 "0201 07"
		      "a00b 3009 3007 06022a03 0401 00" },
	    ERR_NONE },
	{ "takes no basic responses",
	    { .list = REQ,
		.extensions = "301e 06092b0601050507300104 0101ff 040e 300c "
			      "060a 2b060105050730010163" },
	    ERR_UNSUPPORTED },
	{ "takes basic responses",
	    { .list = REQ,
		.extensions = "301a 06092b0601050507300104 040d 300b 0609 "
			      "2b0601050507300101" },
	    ERR_NONE },
	{ "a hash that is not known",
	    { .list = "301a 3018 3007 06052b0e030263 0401aa 0401bb 0207 "
		      "01020304050607" },
	    ERR_NONE },
	{ "serial of zero",
	    { .list = "303c 303a" ALG_SHA1 HASH20 HASH20 "0201 00" },
	    ERR_NONE },
	{ "absent hash parameters",
	    { .list = "303a 3038 3007 06052b0e03021a" HASH20 HASH20 "0201 07" },
	    ERR_NONE },
	{ "the default version", { .version = "a003 020100", .list = REQ },
	    ERR_NONE },
	{ "a version with something behind",
	    { .version = "a006 020100 020100", .list = REQ }, ERR_MALFORMED },
	{ "another version", { .version = "a003 020101", .list = REQ },
	    ERR_MALFORMED },
	{ "no certificate", { .list = NULL }, ERR_MALFORMED },
	{ "octets behind", { .list = REQ, .behind = "00" }, ERR_MALFORMED },
	{ "a negative serial",
	    { .list = "303c 303a" ALG_SHA1 HASH20 HASH20 "0201 ff" },
	    ERR_NONE },
	{ "a negative serial with a needless octet",
	    { .list = "303d 303b" ALG_SHA1 HASH20 HASH20 "0202 ffff" },
	    ERR_MALFORMED },
	{ "a serial without octets",
	    { .list = "303b 3039" ALG_SHA1 HASH20 HASH20 "0200" },
	    ERR_MALFORMED },
	{ "a serial of 21 octets",
	    { .list = "3050 304e" ALG_SHA1 HASH20 HASH20
		      "0215 010203040506070809101112131415161718192021" },
	    ERR_NONE },
	{ "a serial with a needless zero",
	    { .list = "303d 303b" ALG_SHA1 HASH20 HASH20 "0202 0007" },
	    ERR_MALFORMED },
	{ "NULL parameters that hold something",
	    { .list = "303d 303b 300a 06052b0e03021a 050100" HASH20 HASH20
		      "0201 07" },
	    ERR_MALFORMED },
	{ "an unknown critical extension",
	    { .list = REQ, .extensions = "300a 06022a03 0101ff 0401 00" },
	    ERR_UNSUPPORTED },
	{ "of one certificate",
	    { .list = "304c 303a" ALG_SHA1 HASH20 HASH20 "0201 07"
		      "a00e 300c 300a 06022a03 0101ff 0401 00" },
	    ERR_UNSUPPORTED },
	{ "an encoded FALSE",
	    { .list = REQ, .extensions = "300a 06022a03 010100 0401 00" },
	    ERR_NONE },
	{ "an empty list of extensions", { .list = REQ, .extensions = "" },
	    ERR_NONE },
	{ "two nonces", { .list = REQ, .extensions = NONCE2 NONCE2 },
	    ERR_MALFORMED },
	{ "an empty nonce, RFC 9654 section 2.1",
	    { .list = REQ,
		.extensions = "300f 06092b0601050507300102 0402 0400" },
	    ERR_MALFORMED },
	{ "a nonce that is no OCTET STRING",
	    { .list = REQ,
		.extensions = "3011 06092b0601050507300102 0404 0202 0102" },
	    ERR_MALFORMED },
	{ "a nonce with something behind",
	    { .list = REQ,
		.extensions = "3011 06092b0601050507300102 0404 0401 0102" },
	    ERR_MALFORMED },
	{ "a name that is none", { .name = "a100", .list = REQ },
	    ERR_MALFORMED },
	{ "a signature that is none", { .list = REQ, .signature = "a000" },
	    ERR_MALFORMED },
	{ "a signature and its certificates",
	    { .list = REQ,
		.signature = "a011 300f 3005 06032a0304 0302 0001 a002 3000" },
	    ERR_NONE },
	{ "certificates that are none",
	    { .list = REQ,
		.signature =
		    "a013 3011 3005 06032a0304 0302 0001 a004 3002 0500" },
	    ERR_MALFORMED },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct err err = { 0 };
		struct ocsp_request r = { .n = 99 };
		bool ok =
		    ocsp_request_parse(composed(&forms[i].parts), &r, &err);

		if (err.kind != forms[i].kind)
			fail_msg("%s: kind %d, expected %d: %s", forms[i].why,
			    (int)err.kind, (int)forms[i].kind, err.shown);
		assert_int_equal(ok, err.kind == ERR_NONE);
		/* Outputs untouched on failure. */
		if (!ok)
			assert_int_equal(r.n, 99);
	}
}

/* What can be no serial of ours is zero to us, and is answered as it came. */
static void
test_impossible_serials(void **state)
{
	static const char *const lists[] = {
		"303c 303a" ALG_SHA1 HASH20 HASH20 "0201 ff",
		"303d 303b" ALG_SHA1 HASH20 HASH20 "0202 8007",
		"3050 304e" ALG_SHA1 HASH20 HASH20
		"0215 010203040506070809101112131415161718192021",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		struct parts parts = { .list = lists[i] };
		struct ocsp_request r;
		struct err err = { 0 };

		assert_true(ocsp_request_parse(composed(&parts), &r, &err));
		assert_int_equal(r.ids[0].serial.n, 0);
		/* Behind the SEQUENCE of the Request. */
		assert_true(bytes_equal(r.ids[0].whole,
		    bytes_of(made_hex(arena, lists[i]).p + 2,
			made_hex(arena, lists[i]).n - 2)));
	}
}

static void
test_nonce_of_129_octets_is_malformed(void **state)
{
	const EVP_MD *md = EVP_sha256();
	struct ocsp_request r;
	struct err err = { 0 };

	(void)state;
	assert_false(ocsp_request_parse(
	    asked(&md, 1, OCSP_NONCE_MAX + 1, false), &r, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
}

static void
test_caps(void **state)
{
	const EVP_MD *mds[OCSP_SINGLES_MAX + 1];
	static uint8_t large[OCSP_REQUEST_MAX + 1];
	struct ocsp_request r;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(mds); i++)
		mds[i] = EVP_sha1();
	assert_true(ocsp_request_parse(
	    asked(mds, OCSP_SINGLES_MAX, 0, false), &r, &err));
	assert_false(ocsp_request_parse(
	    asked(mds, OCSP_SINGLES_MAX + 1, 0, false), &r, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	err_clear(&err);
	assert_false(
	    ocsp_request_parse(bytes_of(large, sizeof(large)), &r, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

/* Cut off anywhere, it is malformed. */
static void
test_cut_off(void **state)
{
	const EVP_MD *const mds[] = { EVP_sha1(), EVP_sha256() };
	struct bytes der = asked(mds, 2, 32, true);
	struct ocsp_request r;

	(void)state;
	for (size_t n = 0; n < der.n; n++) {
		struct err err = { 0 };

		assert_false(ocsp_request_parse(bytes_of(der.p, n), &r, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

/* Each kind of key: hashes as OpenSSL makes them, and both must fit. */
static void
test_issuer_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		EVP_PKEY *key = made_key(made_algs[i]);
		struct bytes der = made_cert(arena, key, key,
		    made_md(made_algs[i]), "Made CA", (const char *[]){ NULL });
		const EVP_MD *const mds[] = { EVP_sha1(), EVP_sha256() };
		const unsigned char *p = der.p;
		AUTO(X509) *x = d2i_X509(NULL, &p, (long)der.n);
		struct ocsp_issuer_hashes hashes;
		struct err err = { 0 };
		struct ocsp_cert_id id;
		struct cert cert;

		assert_true(cert_parse(der, arena, &cert, &err));
		ocsp_issuer_hash(cert.subject, &cert.key, &hashes);
		for (size_t k = 0; k < COUNT_OF(mds); k++) {
			OCSP_CERTID *made = OCSP_cert_to_id(mds[k], x, x);
			struct bytes whole =
			    MADE_I2D(arena, i2d_OCSP_CERTID, made);
			AUTO_BUF own = { 0 };
			uint8_t *octet;

			OCSP_CERTID_free(made);
			assert_true(ocsp_cert_id_parse(whole, &id, &err));
			assert_true(ocsp_cert_id_is_of(&id, &hashes));
			ocsp_cert_id_put(&own, k == 0 ? OCSP_SHA1 : OCSP_SHA256,
			    &hashes, id.serial);
			assert_true(bytes_equal(buf_bytes(&own), whole));
			/* Another name, or another key, is another issuer. */
			octet = own.p + (id.name_hash.p - whole.p);
			*octet ^= 1;
			assert_true(
			    ocsp_cert_id_parse(buf_bytes(&own), &id, &err));
			assert_false(ocsp_cert_id_is_of(&id, &hashes));
			*octet ^= 1;
			own.p[id.key_hash.p - own.p] ^= 1;
			assert_false(ocsp_cert_id_is_of(&id, &hashes));
		}
	}
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_what_openssl_asks_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_rfc9919_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_impossible_serials, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_nonce_of_129_octets_is_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_caps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_issuer_hashes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
