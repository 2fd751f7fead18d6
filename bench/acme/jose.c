#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench/acme/jose.h"
#include "crypto/own.h"
#include "util/text.h"

OWN_DEFINE(ECDSA_SIG, ECDSA_SIG_free)

struct jose_key {
	EVP_PKEY *pkey;
	bool rsa;
	char *jwk; /* canonical: RFC 7638 section 3 */
};

static void
add_number(EVP_PKEY *pkey, const char *param, int width, struct buf *out)
{
	AUTO(BIGNUM) *n = NULL;
	uint8_t octets[512];

	if (EVP_PKEY_get_bn_param(pkey, param, &n) != 1)
		abort();
	if (width == 0)
		width = BN_num_bytes(n);
	BN_bn2binpad(n, octets, width);
	base64url_encode(bytes_of(octets, (size_t)width), out);
}

static char *
jwk_of(EVP_PKEY *pkey, bool rsa)
{
	AUTO_BUF out = { 0 };

	if (rsa) {
		buf_add_str(&out, "{\"e\":\"");
		add_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0, &out);
		buf_add_str(&out, "\",\"kty\":\"RSA\",\"n\":\"");
		add_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0, &out);
	} else {
		buf_add_str(&out, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
		add_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, 32, &out);
		buf_add_str(&out, "\",\"y\":\"");
		add_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, 32, &out);
	}
	buf_add_str(&out, "\"}");
	return mem_strdup(buf_cstr(&out));
}

struct jose_key *
jose_key_new(bool rsa)
{
	struct jose_key *k = mem_alloc(sizeof(*k));

	k->rsa = rsa;
	k->pkey = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	if (k->pkey == NULL)
		abort();
	k->jwk = jwk_of(k->pkey, rsa);
	return k;
}

void
jose_key_free(struct jose_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k->jwk);
	free(k);
}

void
jose_key_thumbprint(const struct jose_key *k, char out[44])
{
	AUTO_BUF text = { 0 };
	uint8_t digest[32];

	EVP_Digest(k->jwk, strlen(k->jwk), digest, NULL, EVP_sha256(), NULL);
	base64url_encode(bytes_of(digest, sizeof(digest)), &text);
	memcpy(out, buf_cstr(&text), 44);
}

/* RFC 7518 section 3.4: r and s of fixed length. */
static size_t
ecdsa_fixed(const uint8_t *der, size_t n, uint8_t out[64])
{
	const uint8_t *p = der;
	AUTO(ECDSA_SIG) *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);

	if (sig == NULL)
		abort();
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
	return 64;
}

static void
add_signature(struct jose_key *k, const void *in, size_t in_n, struct buf *out)
{
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t sig[512], fixed[64];
	size_t n = sizeof(sig);

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1 ||
	    EVP_DigestSign(ctx, sig, &n, in, in_n) != 1)
		abort();
	if (k->rsa)
		base64url_encode(bytes_of(sig, n), out);
	else
		base64url_encode(
		    bytes_of(fixed, ecdsa_fixed(sig, n, fixed)), out);
}

void
jose_sign(struct jose_key *k, const char *kid, const char *nonce,
    const char *url, const char *payload, struct buf *out)
{
	AUTO_BUF header = { 0 }, input = { 0 };
	size_t dot;

	buf_printf(&header, "{\"alg\":\"%s\",\"nonce\":\"%s\",\"url\":\"%s\",",
	    k->rsa ? "RS256" : "ES256", nonce, url);
	if (kid != NULL)
		buf_printf(&header, "\"kid\":\"%s\"}", kid);
	else
		buf_printf(&header, "\"jwk\":%s}", k->jwk);
	base64url_encode(buf_bytes(&header), &input);
	dot = input.n;
	buf_add_byte(&input, '.');
	if (payload != NULL)
		base64url_encode(bytes_str(payload), &input);
	buf_printf(out,
	    "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"",
	    (int)dot, (const char *)input.p, (int)(input.n - dot - 1),
	    (const char *)input.p + dot + 1);
	add_signature(k, input.p, input.n, out);
	buf_add_str(out, "\"}");
}

static void
add_san(X509_REQ *req, const char *name)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *san = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();

	ASN1_STRING_set(text, name, -1);
	GENERAL_NAME_set0_value(san, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, san);
	X509V3_add1_i2d(&exts, NID_subject_alt_name, names, 0, 0);
	X509_REQ_add_extensions(req, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	GENERAL_NAMES_free(names);
}

void
jose_csr(const char *name, struct buf *out)
{
	AUTO(EVP_PKEY) *key = EVP_EC_gen("P-256");
	AUTO(X509_REQ) *req = X509_REQ_new();
	unsigned char *der = NULL;
	int n;

	X509_REQ_set_version(req, X509_REQ_VERSION_1);
	X509_REQ_set_pubkey(req, key);
	add_san(req, name);
	if (X509_REQ_sign(req, key, EVP_sha256()) <= 0)
		abort();
	n = i2d_X509_REQ(req, &der);
	if (n <= 0)
		abort();
	base64url_encode(bytes_of(der, (size_t)n), out);
	OPENSSL_free(der);
}
