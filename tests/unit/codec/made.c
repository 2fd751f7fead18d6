#include "support/unit.h"
#include "unit/codec/made.h"
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "util/text.h"

const enum key_alg made_algs[] = { KEY_RSA, KEY_EC_P256, KEY_EC_P384,
	KEY_EC_P521, KEY_ED25519 };
const size_t made_algs_n = COUNT_OF(made_algs);

EVP_PKEY *
made_key(enum key_alg alg)
{
	static EVP_PKEY *keys[KEY_ED25519 + 1];

	if (keys[alg] != NULL)
		return keys[alg];
	switch (alg) {
	case KEY_RSA:
		keys[alg] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
		break;
	case KEY_EC_P256:
		keys[alg] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		break;
	case KEY_EC_P384:
		keys[alg] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
		break;
	case KEY_EC_P521:
		keys[alg] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
		break;
	case KEY_ED25519:
		keys[alg] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	assert_non_null(keys[alg]);
	return keys[alg];
}

const EVP_MD *
made_md(enum key_alg alg)
{
	switch (alg) {
	case KEY_ED25519:
		return NULL;
	case KEY_EC_P384:
		return EVP_sha384();
	case KEY_EC_P521:
		return EVP_sha512();
	default:
		return EVP_sha256();
	}
}

void
made_free(void *p)
{
	OPENSSL_free(p);
}

struct bytes
made_spki(struct arena *a, EVP_PKEY *key)
{
	return MADE_I2D(a, i2d_PUBKEY, key);
}

struct bytes
made_signature(
    struct arena *a, EVP_PKEY *key, const EVP_MD *md, struct bytes msg)
{
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t sig[1024];
	size_t n = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, msg.p, msg.n), 1);
	return arena_bytes(a, bytes_of(sig, n));
}

static X509_NAME *
name_new(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	if (cn != NULL)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			(const unsigned char *)cn, -1, -1, 0),
		    1);
	return name;
}

/* NULL for none. */
static STACK_OF(X509_EXTENSION) * extensions_new(const char *const *e)
{
	STACK_OF(X509_EXTENSION) *list = NULL;

	for (; e != NULL && e[0] != NULL; e += 2) {
		X509V3_CTX ctx;
		X509_EXTENSION *x;

		X509V3_set_ctx_nodb(&ctx);
		x = X509V3_EXT_conf(NULL, &ctx, (char *)(uintptr_t)e[0],
		    (char *)(uintptr_t)e[1]);
		if (x == NULL)
			fail_msg("OpenSSL refuses %s = %s", e[0], e[1]);
		X509v3_add_ext(&list, x, -1);
		X509_EXTENSION_free(x);
	}
	return list;
}

struct bytes
made_csr(struct arena *a, EVP_PKEY *key, const EVP_MD *md, const char *cn,
    const char *const *extensions)
{
	AUTO(X509_REQ) *req = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *list = extensions_new(extensions);
	X509_NAME *name = name_new(cn);

	assert_int_equal(X509_REQ_set_version(req, X509_REQ_VERSION_1), 1);
	assert_int_equal(X509_REQ_set_subject_name(req, name), 1);
	assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
	if (list != NULL)
		assert_int_equal(X509_REQ_add_extensions(req, list), 1);
	assert_true(X509_REQ_sign(req, key, md) > 0);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_NAME_free(name);
	return MADE_I2D(a, i2d_X509_REQ, req);
}

struct bytes
made_cert(struct arena *a, EVP_PKEY *key, EVP_PKEY *issuer, const EVP_MD *md,
    const char *cn, const char *const *extensions)
{
	AUTO(X509) *cert = X509_new();
	STACK_OF(X509_EXTENSION) *list = extensions_new(extensions);
	X509_NAME *subject = name_new(cn);
	X509_NAME *issuer_name = name_new("Made CA");

	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x1234567);
	assert_int_equal(X509_set_issuer_name(cert, issuer_name), 1);
	assert_int_equal(X509_set_subject_name(cert, subject), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	/* 2026-01-02 and 2051-01-02, so that both kinds of time occur. */
	ASN1_TIME_set(X509_getm_notBefore(cert), 1767312000);
	ASN1_TIME_set(X509_getm_notAfter(cert), 2556230400);
	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++)
		assert_int_equal(
		    X509_add_ext(cert, sk_X509_EXTENSION_value(list, i), -1),
		    1);
	assert_true(X509_sign(cert, issuer, md) > 0);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_NAME_free(subject);
	X509_NAME_free(issuer_name);
	return MADE_I2D(a, i2d_X509, cert);
}

long
made_ca_path_length(X509 *cert)
{
	assert_int_equal(X509_check_ca(cert), 1);
	return X509_get_pathlen(cert);
}

struct bytes
made_hex(struct arena *a, const char *hex)
{
	AUTO_BUF digits = { 0 };
	struct err err = { 0 };
	struct bytes out;

	for (; *hex != '\0'; hex++)
		if (*hex != ' ')
			buf_add_byte(&digits, (uint8_t)*hex);
	if (!hex_decode(buf_cstr(&digits), a, &out, &err))
		fail_msg("%s", err.shown);
	return out;
}

struct bytes
made_changed(struct arena *a, struct bytes in, size_t at, uint8_t to)
{
	uint8_t *copy = arena_dup(a, in.p, in.n);

	assert_true(at < in.n);
	copy[at] = to;
	return bytes_of(copy, in.n);
}

size_t
made_find(struct bytes in, const void *what, size_t n)
{
	const uint8_t *p = memmem(in.p, in.n, what, n);

	assert_non_null(p);
	return (size_t)(p - in.p);
}

struct bytes
made_replaced(struct arena *a, struct bytes in, const char *from,
    const char *to, size_t n)
{
	uint8_t *copy = arena_dup(a, in.p, in.n);

	memcpy(copy + made_find(in, from, n), to, n);
	return bytes_of(copy, in.n);
}
