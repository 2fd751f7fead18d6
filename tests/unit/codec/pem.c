#include "support/unit.h"
#include "codec/pem.h"
#include "unit/codec/made.h"
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

static struct arena *arena;

static void
test_what_is_put_is_what_is_read(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 47, 48, 49, 95, 96, 97, 1000 };
	uint8_t octets[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct bytes in = bytes_of(octets, sizes[i]), rest, out;
		struct err err = { 0 };
		AUTO_BUF b = { 0 };
		bool found;

		pem_put(&b, "THING", in);
		assert_int_equal(b.p[b.n - 1], '\n');
		/* Reference rule 31: 64 columns. */
		for (const char *s = buf_cstr(&b); *s != '\0';
		     s = strchr(s, '\n') + 1)
			assert_true(strchr(s, '\n') - s <= 64);
		rest = buf_bytes(&b);
		if (!pem_next(&rest, "THING", arena, &found, &out, &err))
			fail_msg("%s", err.shown);
		assert_true(found && bytes_equal(in, out) && rest.n == 0);
		assert_true(
		    pem_next(&rest, "THING", arena, &found, &out, &err));
		assert_false(found);
	}
}

static void
test_same_text_as_openssl(void **state)
{
	struct bytes der = made_cert(arena, made_key(KEY_EC_P256),
	    made_key(KEY_EC_P256), EVP_sha256(), "a", NULL);
	const unsigned char *p = der.p;
	AUTO(X509) *cert = d2i_X509(NULL, &p, (long)der.n);
	AUTO(BIO) *bio = BIO_new(BIO_s_mem());
	AUTO_BUF b = { 0 };
	char *text;
	long n;

	(void)state;
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	n = BIO_get_mem_data(bio, &text);
	pem_put(&b, "CERTIFICATE", der);
	assert_true(bytes_equal(buf_bytes(&b), bytes_of(text, (size_t)n)));
}

static void
test_several_blocks(void **state)
{
	static const char text[] = "subject=CN = x\n"
				   "-----BEGIN A-----\r\nAQID\r\n"
				   "-----END A-----\r\n"
				   "-----BEGIN B-----\nProc-Type: 4,X\n\nBA==\n"
				   "-----END B-----\n"
				   "-----BEGIN A-----\nB\nQ=\n=\n"
				   "-----END A-----  \ntrailing";
	struct bytes rest = bytes_str(text), out;
	struct err err = { 0 };
	bool found;

	(void)state;
	assert_true(pem_next(&rest, "A", arena, &found, &out, &err));
	assert_true(found && out.n == 3 && out.p[0] == 1);
	assert_true(pem_next(&rest, "A", arena, &found, &out, &err));
	assert_true(found && out.n == 1 && out.p[0] == 5);
	assert_true(pem_next(&rest, "A", arena, &found, &out, &err));
	assert_false(found);
	/* Headers are no base64. */
	rest = bytes_str(text);
	assert_false(pem_next(&rest, "B", arena, &found, &out, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
}

static void
test_what_is_refused(void **state)
{
	static const char *const rows[] = {
		"-----BEGIN A-----\nAQID\n",
		"-----BEGIN A-----\nAQID\n-----END B-----\n",
		("-----BEGIN A-----\nAQID\n-----BEGIN A-----\nAQID\n"
		 "-----END A-----\n"),
		"-----BEGIN A-----\nAQI\n-----END A-----\n",
		"-----BEGIN A-----\nAQ=D\n-----END A-----\n",
		"-----BEGIN A-----\nA*ID\n-----END A-----\n",
		"-----BEGIN A-----\n-----END A-----\n",
	};
	/* No boundary at all: nothing found. */
	static const char *const none[] = { "", "AQID", "----BEGIN A-----\n",
		"x-----BEGIN A-----\n", "-----BEGIN A----\n",
		"-----BEGIN AB-----\nAQID\n-----END AB-----\n" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows) + COUNT_OF(none); i++) {
		const char *row =
		    i < COUNT_OF(rows) ? rows[i] : none[i - COUNT_OF(rows)];
		struct bytes rest = bytes_str(row), out;
		bool found = true;
		bool ok = pem_next(&rest, "A", arena, &found, &out, NULL);

		if (ok != (i >= COUNT_OF(rows)) || (ok && found))
			fail_msg("%s", row);
	}
}

static void
test_pkcs7_keeps_the_order(void **state)
{
	static const enum key_alg algs[] = { KEY_RSA, KEY_EC_P256,
		KEY_ED25519 };
	struct bytes certs[COUNT_OF(algs)];
	const unsigned char *p;
	AUTO_BUF b = { 0 };
	AUTO(PKCS7) *p7 = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		certs[i] = made_cert(arena, made_key(algs[i]),
		    made_key(KEY_EC_P256), EVP_sha256(), "x", NULL);
	pkcs7_certs_put(&b, certs, COUNT_OF(certs));
	assert_true(der_check(buf_bytes(&b)));
	p = b.p;
	p7 = d2i_PKCS7(NULL, &p, (long)b.n);
	assert_non_null(p7);
	assert_true(p == b.p + b.n);
	assert_true(PKCS7_type_is_signed(p7));
	assert_int_equal(sk_X509_num(p7->d.sign->cert), COUNT_OF(certs));
	for (size_t i = 0; i < COUNT_OF(certs); i++)
		assert_true(bytes_equal(certs[i],
		    MADE_I2D(arena, i2d_X509,
			sk_X509_value(p7->d.sign->cert, (int)i))));
	assert_int_equal(sk_PKCS7_SIGNER_INFO_num(p7->d.sign->signer_info), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_what_is_read),
		cmocka_unit_test(test_same_text_as_openssl),
		cmocka_unit_test(test_several_blocks),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_pkcs7_keeps_the_order),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
