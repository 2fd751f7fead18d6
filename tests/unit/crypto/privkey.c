#include <openssl/x509.h>
#include "crypto/key.h"
#include "support/unit.h"

OWN_DEFINE(EVP_ENCODE_CTX, EVP_ENCODE_CTX_free)

static const struct {
	enum key_alg alg;
	unsigned rsa_bits;
	enum sig_alg sig;
	int evp;
} kinds[] = {
	{ KEY_RSA, 2048, SIG_RSA_SHA256, EVP_PKEY_RSA },
	{ KEY_EC_P256, 0, SIG_ECDSA_SHA256, EVP_PKEY_EC },
	{ KEY_EC_P384, 0, SIG_ECDSA_SHA384, EVP_PKEY_EC },
	{ KEY_EC_P521, 0, SIG_ECDSA_SHA512, EVP_PKEY_EC },
	{ KEY_ED25519, 0, SIG_ED25519, EVP_PKEY_ED25519 },
};

/* Verified by OpenSSL from the SPKI alone: a second way to the key. */
static void
assert_signs(struct privkey *key, const char *md)
{
	struct bytes spki = privkey_spki(key);
	const unsigned char *p = spki.p;
	AUTO(EVP_PKEY) *pub = d2i_PUBKEY(NULL, &p, (long)spki.n);
	struct err err = { 0 };

	assert_non_null(pub);
	assert_ptr_equal(p, spki.p + spki.n);
	for (int i = 0; i < 3; i++) {
		AUTO(EVP_MD_CTX) *c = EVP_MD_CTX_new();
		AUTO_BUF sig = { 0 };
		char msg[32];

		snprintf(msg, sizeof(msg), "message %d", i);
		assert_true(privkey_sign(key, bytes_str(msg), &sig, &err));
		assert_int_equal(
		    EVP_DigestVerifyInit_ex(c, NULL, md, NULL, NULL, pub, NULL),
		    1);
		assert_int_equal(EVP_DigestVerify(c, sig.p, sig.n,
				     (const uint8_t *)msg, strlen(msg)),
		    1);
	}
}

static const char *
md_of(enum sig_alg alg)
{
	switch (alg) {
	case SIG_ED25519:
		return NULL;
	case SIG_ECDSA_SHA384:
		return "SHA384";
	case SIG_ECDSA_SHA512:
		return "SHA512";
	default:
		return "SHA256";
	}
}

static void
test_every_kind_generates_signs_and_survives_its_file(void **state)
{
	AUTO_SECRET *pass = secret_new("correct horse", 13);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		AUTO_PRIVKEY *key = NULL;
		AUTO_PRIVKEY *again = NULL;
		AUTO_BUF pem = { 0 };
		struct err err = { 0 };

		assert_true(privkey_generate(
		    kinds[i].alg, kinds[i].rsa_bits, &key, &err));
		assert_int_equal(privkey_alg(key), kinds[i].alg);
		assert_int_equal(privkey_sig_alg(key), kinds[i].sig);
		assert_signs(key, md_of(kinds[i].sig));
		assert_true(privkey_encode(key, pass, &pem, &err));
		assert_true(privkey_load(buf_bytes(&pem), pass, &again, &err));
		assert_true(
		    bytes_equal(privkey_spki(key), privkey_spki(again)));
		assert_signs(again, md_of(kinds[i].sig));
	}
}

static void
test_clear_key(void **state)
{
	AUTO_PRIVKEY *key = NULL;
	AUTO_PRIVKEY *again = NULL;
	AUTO_BUF pem = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(privkey_generate(KEY_EC_P256, 0, &key, &err));
	assert_true(privkey_encode(key, NULL, &pem, &err));
	assert_true(
	    strncmp(buf_cstr(&pem), "-----BEGIN PRIVATE KEY-----\n", 28) == 0);
	assert_true(privkey_load(buf_bytes(&pem), NULL, &again, &err));
	assert_true(bytes_equal(privkey_spki(key), privkey_spki(again)));
}

/* The encrypted form is what other tools read: scrypt and AES-256-CBC. */
static void
test_encrypted_form(void **state)
{
	AUTO_SECRET *pass = secret_new("correct horse", 13);
	AUTO_PRIVKEY *key = NULL;
	AUTO_BUF pem = { 0 };
	AUTO_BUF der = { 0 };
	struct err err = { 0 };
	static const uint8_t scrypt[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04,
		0x01, 0xda, 0x47, 0x04, 0x0b };
	static const uint8_t aes[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
		0x03, 0x04, 0x01, 0x2a };
	uint8_t raw[4096];
	const char *text;
	AUTO(EVP_ENCODE_CTX) *c = EVP_ENCODE_CTX_new();
	int n, last;

	(void)state;
	assert_true(privkey_generate(KEY_EC_P256, 0, &key, &err));
	assert_true(privkey_encode(key, pass, &pem, &err));
	text = buf_cstr(&pem);
	assert_true(
	    strncmp(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38) == 0);
	EVP_DecodeInit(c);
	assert_true(EVP_DecodeUpdate(c, raw, &n, (const uint8_t *)text + 38,
			(int)(strstr(text, "-----END") - text) - 38) >= 0);
	assert_int_equal(EVP_DecodeFinal(c, raw + n, &last), 1);
	n += last;
	assert_non_null(memmem(raw, (size_t)n, scrypt, sizeof(scrypt)));
	assert_non_null(memmem(raw, (size_t)n, aes, sizeof(aes)));
}

static void
assert_refused(struct bytes pem, const struct secret *pass, enum err_kind kind,
    const char *says)
{
	struct privkey *key = NULL;
	struct err err = { 0 };

	assert_false(privkey_load(pem, pass, &key, &err));
	assert_null(key);
	assert_int_equal(err.kind, kind);
	if (strstr(err.shown, says) == NULL)
		print_error("\"%s\", expected \"%s\"\n", err.shown, says);
	assert_non_null(strstr(err.shown, says));
}

static void
test_refusals(void **state)
{
	AUTO_SECRET *pass = secret_new("correct horse", 13);
	AUTO_SECRET *wrong = secret_new("battery staple", 14);
	AUTO_PRIVKEY *key = NULL;
	AUTO_BUF pem = { 0 };
	AUTO_BUF clear = { 0 };
	AUTO_BUF twice = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(privkey_generate(KEY_EC_P256, 0, &key, &err));
	assert_true(privkey_encode(key, pass, &pem, &err));
	assert_true(privkey_encode(key, NULL, &clear, &err));
	assert_refused(buf_bytes(&pem), wrong, ERR_UNAUTHORIZED, "passphrase");
	/* No prompt: a daemon has no terminal. */
	assert_refused(buf_bytes(&pem), NULL, ERR_UNAUTHORIZED, "passphrase");
	assert_refused(BYTES_NONE, NULL, ERR_MALFORMED, "no PKCS#8");
	assert_refused(bytes_str("-----BEGIN PRIVATE KEY-----\nAAAA\n"), NULL,
	    ERR_MALFORMED, "END");
	assert_refused(bytes_str("-----BEGIN PRIVATE KEY-----\nAAAA\n"
				 "-----END PRIVATE KEY-----\n"),
	    NULL, ERR_MALFORMED, "PKCS#8");
	assert_refused(bytes_str("-----BEGIN PRIVATE KEY-----\n!!!!\n"
				 "-----END PRIVATE KEY-----\n"),
	    NULL, ERR_MALFORMED, "base64");
	buf_add_bytes(&twice, buf_bytes(&clear));
	buf_add_bytes(&twice, buf_bytes(&clear));
	assert_refused(buf_bytes(&twice), NULL, ERR_MALFORMED, "goes on");
}

/* Octets after the PKCS#8 structure are refused, not ignored. */
static void
test_trailing_octets(void **state)
{
	AUTO_PRIVKEY *key = NULL;
	AUTO(EVP_PKEY) *pkey = NULL;
	AUTO_BUF pem = { 0 };
	struct err err = { 0 };
	unsigned char *der = NULL;
	char text[4096];
	int n;
	PKCS8_PRIV_KEY_INFO *info;

	(void)state;
	assert_true(privkey_generate(KEY_ED25519, 0, &key, &err));
	pkey = privkey_evp(key);
	info = EVP_PKEY2PKCS8(pkey);
	n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	PKCS8_PRIV_KEY_INFO_free(info);
	assert_true(n > 0);
	der = OPENSSL_realloc(der, (size_t)n + 1);
	der[n] = 0;
	EVP_EncodeBlock((unsigned char *)text, der, n + 1);
	OPENSSL_free(der);
	buf_printf(&pem,
	    "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
	    text);
	assert_refused(buf_bytes(&pem), NULL, ERR_MALFORMED, "PKCS#8");
}

/* Keys of other tools that we do not sign with. */
static void
test_other_kinds(void **state)
{
	static const struct {
		const char *type, *arg;
	} rows[] = { { "EC", "secp256k1" }, { "ED448", NULL },
		{ "X25519", NULL } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(EVP_PKEY) *pkey = rows[i].arg == NULL
		    ? EVP_PKEY_Q_keygen(NULL, NULL, rows[i].type)
		    : EVP_PKEY_Q_keygen(NULL, NULL, rows[i].type, rows[i].arg);
		PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
		unsigned char *der = NULL;
		char text[4096];
		AUTO_BUF pem = { 0 };
		int n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

		PKCS8_PRIV_KEY_INFO_free(info);
		EVP_EncodeBlock((unsigned char *)text, der, n);
		OPENSSL_free(der);
		buf_printf(&pem,
		    "-----BEGIN PRIVATE KEY-----\n%s\n"
		    "-----END PRIVATE KEY-----\n",
		    text);
		assert_refused(
		    buf_bytes(&pem), NULL, ERR_UNSUPPORTED, "private");
	}
}

static void
test_copy_for_another_context(void **state)
{
	AUTO(OSSL_LIB_CTX) *other = OSSL_LIB_CTX_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		AUTO_PRIVKEY *key = NULL;
		AUTO(EVP_PKEY) *copy = NULL;
		AUTO(EVP_PKEY) *original = NULL;
		struct err err = { 0 };

		assert_true(privkey_generate(
		    kinds[i].alg, kinds[i].rsa_bits, &key, &err));
		copy = privkey_evp_for(key, other, &err);
		assert_non_null(copy);
		original = privkey_evp(key);
		assert_int_equal(EVP_PKEY_eq(copy, original), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_every_kind_generates_signs_and_survives_its_file),
		cmocka_unit_test(test_clear_key),
		cmocka_unit_test(test_encrypted_form),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_trailing_octets),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_copy_for_another_context),
	};

	return cmocka_run_group_tests_name("privkey", tests, NULL, NULL);
}
