#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <time.h>

#include "bench/scep/load.h"
#include "codec/oid.h"

#define PRIMES 16u /* 120 pairs */
#define PRIME_BITS 1024
#define EXPONENT 65537u
#define DAY 86400

static void
need(bool ok, const char *what)
{
	if (!ok)
		die(what, NULL);
}

static void
primes_make(BIGNUM *primes[PRIMES])
{
	AUTO(BIGNUM) *one = BN_new();

	for (unsigned i = 0; i < PRIMES; i++) {
		primes[i] = BN_new();
		do {
			need(BN_generate_prime_ex(primes[i], PRIME_BITS, 0,
				 NULL, NULL, NULL) == 1,
			    "no prime");
			/* RSA needs gcd(e, p - 1) == 1. */
			BN_copy(one, primes[i]);
			BN_sub_word(one, 1);
		} while (BN_mod_word(one, EXPONENT) == 0);
	}
}

static EVP_PKEY *
key_of(const BIGNUM *p, const BIGNUM *q)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_RSA_N,
		OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *v[COUNT_OF(names)], *p1 = BN_dup(p), *q1 = BN_dup(q);
	BIGNUM *phi = BN_new();
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params;

	for (size_t i = 0; i < COUNT_OF(v); i++)
		v[i] = BN_new();
	BN_sub_word(p1, 1);
	BN_sub_word(q1, 1);
	BN_mul(phi, p1, q1, ctx);
	BN_mul(v[0], p, q, ctx);
	BN_set_word(v[1], EXPONENT);
	BN_mod_inverse(v[2], v[1], phi, ctx);
	BN_copy(v[3], p);
	BN_copy(v[4], q);
	BN_mod(v[5], v[2], p1, ctx);
	BN_mod(v[6], v[2], q1, ctx);
	BN_mod_inverse(v[7], q, p, ctx);
	for (size_t i = 0; i < COUNT_OF(v); i++)
		OSSL_PARAM_BLD_push_BN(build, names[i], v[i]);
	params = OSSL_PARAM_BLD_to_param(build);
	AUTO(EVP_PKEY_CTX) *from =
	    EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);

	need(EVP_PKEY_fromdata_init(from) == 1 &&
		EVP_PKEY_fromdata(from, &pkey, EVP_PKEY_KEYPAIR, params) == 1,
	    "no key of two primes");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	for (size_t i = 0; i < COUNT_OF(v); i++)
		BN_free(v[i]);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
	BN_CTX_free(ctx);
	return pkey;
}

/* The project's own form of the same key. */
static struct privkey *
privkey_of(EVP_PKEY *pkey)
{
	AUTO(BIO) *mem = BIO_new(BIO_s_mem());
	struct privkey *key = NULL;
	struct err err = { 0 };
	char *text;
	long n;

	need(PEM_write_bio_PKCS8PrivateKey(
		 mem, pkey, NULL, NULL, 0, NULL, NULL) == 1,
	    "a key is not written");
	n = BIO_get_mem_data(mem, &text);
	if (!privkey_load(bytes_of(text, (size_t)n), NULL, &key, &err))
		die("a key is not read", &err);
	return key;
}

static X509 *
certify(const struct device *d)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	need(X509_set_version(x, X509_VERSION_3) == 1 &&
		ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		    (const unsigned char *)d->name, -1, -1, 0) == 1 &&
		X509_set_issuer_name(x, name) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(x), -DAY) != NULL &&
		X509_gmtime_adj(X509_getm_notAfter(x), DAY) != NULL &&
		X509_set_pubkey(x, d->pkey) == 1 &&
		X509_sign(x, d->pkey, EVP_sha256()) > 0,
	    "a device's certificate is not signed");
	return x;
}

void
device_take(struct device *d, X509 *cert, struct arena *a)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);
	struct err err = { 0 };

	need(n > 0, "a certificate is not encoded");
	X509_free(d->x509);
	d->x509 = cert;
	d->der.n = 0;
	buf_add(&d->der, der, (size_t)n);
	OPENSSL_free(der);
	if (!cert_parse(buf_bytes(&d->der), a, &d->cert, &err))
		die("a certificate is not read", &err);
}

void
devices_make(struct device devices[DEVICES], struct arena *a)
{
	BIGNUM *primes[PRIMES];
	unsigned k = 0;

	primes_make(primes);
	for (unsigned i = 0; i < PRIMES; i++) {
		for (unsigned j = 0; j < i; j++, k++) {
			struct device *d = &devices[k];

			snprintf(d->name, sizeof(d->name), "device-%u", k);
			d->pkey = key_of(primes[i], primes[j]);
			d->key = privkey_of(d->pkey);
			device_take(d, certify(d), a);
		}
	}
	for (unsigned i = 0; i < PRIMES; i++)
		BN_free(primes[i]);
}
