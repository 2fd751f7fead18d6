#include "support/unit.h"
#include "support/pss.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "crypto/own.h"

struct bytes
pss_signed(struct arena *a, struct bytes csr, EVP_PKEY *key, const EVP_MD *md,
    bool max_salt)
{
	const uint8_t *p = csr.p;
	AUTO(X509_REQ) *req = d2i_X509_REQ(NULL, &p, (long)csr.n);
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	EVP_PKEY_CTX *k;
	int n;

	assert_non_null(req);
	assert_int_equal(EVP_DigestSignInit(ctx, &k, md, NULL, key), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(
		k, max_salt ? RSA_PSS_SALTLEN_MAX : RSA_PSS_SALTLEN_DIGEST),
	    1);
	assert_true(X509_REQ_sign_ctx(req, ctx) > 0);
	n = i2d_X509_REQ(req, &der);
	assert_true(n > 0);
	struct bytes out = arena_bytes(a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}
