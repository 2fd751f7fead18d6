#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/acme_client.h"

/* A test that cannot make its own input ends at once. */
#define NEED(x)                                                                \
	do {                                                                   \
		if (!(x)) {                                                    \
			fprintf(stderr, "acme_client: %s\n", #x);              \
			abort();                                               \
		}                                                              \
	} while (0)

static const struct algorithm {
	const char *name, *curve, *digest;
	size_t half; /* of an ECDSA signature */
} algorithms[] = {
	{ "RS256", NULL, "SHA256", 0 },
	{ "ES256", "P-256", "SHA256", 32 },
	{ "ES384", "P-384", "SHA384", 48 },
	{ "ES512", "P-521", "SHA512", 66 },
	{ "EdDSA", NULL, NULL, 0 },
};

static const struct algorithm *
algorithm_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	abort();
}

EVP_PKEY *
acme_key_new(const char *alg)
{
	const struct algorithm *a = algorithm_find(alg);
	EVP_PKEY *key;

	if (a->curve != NULL)
		key = EVP_EC_gen(a->curve);
	else if (a->digest != NULL)
		key = EVP_RSA_gen(2048);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	NEED(key != NULL);
	return key;
}

struct acme_client *
acme_client_new(const char *alg)
{
	struct acme_client *c = calloc(1, sizeof(*c));

	NEED(c != NULL);
	c->alg = algorithm_find(alg)->name;
	c->key = acme_key_new(alg);
	return c;
}

void
acme_client_free(struct acme_client *c)
{
	if (c == NULL)
		return;
	EVP_PKEY_free(c->key);
	free(c->kid);
	free(c);
}

char *
acme_base64url(const void *p, size_t n, bool padded)
{
	char *out = malloc(n * 4 / 3 + 8), *end;

	NEED(out != NULL);
	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
	end = out + strlen(out);
	while (!padded && end > out && end[-1] == '=')
		*--end = '\0';
	for (end = out; *end != '\0'; end++)
		*end = *end == '+' ? '-' : *end == '/' ? '_' : *end;
	return out;
}

static char *
number_text(EVP_PKEY *key, const char *name, int octets)
{
	BIGNUM *n = NULL;
	uint8_t buf[1024];
	int size;

	NEED(EVP_PKEY_get_bn_param(key, name, &n) == 1);
	size = octets > 0 ? octets : BN_num_bytes(n);
	NEED(BN_bn2binpad(n, buf, size) == size);
	BN_free(n);
	return acme_base64url(buf, (size_t)size, false);
}

char *
acme_jwk(EVP_PKEY *key)
{
	char *x = NULL, *y = NULL, *out = NULL;
	uint8_t raw[32];
	size_t n = sizeof(raw);
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA")) {
		x = number_text(key, OSSL_PKEY_PARAM_RSA_E, 0);
		y = number_text(key, OSSL_PKEY_PARAM_RSA_N, 0);
		NEED(asprintf(&out,
			 "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", x,
			 y) > 0);
	} else if (EVP_PKEY_is_a(key, "EC")) {
		x = number_text(key, OSSL_PKEY_PARAM_EC_PUB_X, (bits + 7) / 8);
		y = number_text(key, OSSL_PKEY_PARAM_EC_PUB_Y, (bits + 7) / 8);
		NEED(asprintf(&out,
			 "{\"crv\":\"P-%d\",\"kty\":\"EC\",\"x\":\"%s\","
			 "\"y\":\"%s\"}",
			 bits, x, y) > 0);
	} else {
		NEED(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
		x = acme_base64url(raw, n, false);
		NEED(asprintf(&out,
			 "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}",
			 x) > 0);
	}
	free(x);
	free(y);
	return out;
}

char *
acme_digest_text(const char *s)
{
	uint8_t sum[32];

	NEED(EVP_Digest(s, strlen(s), sum, NULL, EVP_sha256(), NULL) == 1);
	return acme_base64url(sum, sizeof(sum), false);
}

char *
acme_thumbprint(EVP_PKEY *key)
{
	char *jwk = acme_jwk(key), *out = acme_digest_text(jwk);

	free(jwk);
	return out;
}

char *
acme_key_authorization(const struct acme_client *c, const char *token)
{
	char *thumbprint = acme_thumbprint(c->key), *out;

	NEED(asprintf(&out, "%s.%s", token, thumbprint) > 0);
	free(thumbprint);
	return out;
}

/* DER ECDSA-Sig-Value to r || s. */
static size_t
ecdsa_fixed(const uint8_t *der, size_t n, size_t half, uint8_t *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);

	NEED(sig != NULL);
	NEED(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half) > 0);
	NEED(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half) > 0);
	ECDSA_SIG_free(sig);
	return 2 * half;
}

static char *
signature_text(
    const struct acme_client *c, const char *input, const struct acme_jws *j)
{
	const struct algorithm *a = algorithm_find(c->alg);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[1200], fixed[132];
	size_t n = sizeof(sig);

	NEED(EVP_DigestSignInit_ex(
		 ctx, NULL, a->digest, NULL, NULL, c->key, NULL) == 1);
	NEED(EVP_DigestSign(ctx, sig, &n, (const uint8_t *)input,
		 strlen(input) - (j->broken ? 1 : 0)) == 1);
	EVP_MD_CTX_free(ctx);
	if (a->half == 0 || j->der_signature)
		return acme_base64url(sig, n, j->padded);
	n = ecdsa_fixed(sig, n, a->half, fixed);
	return acme_base64url(fixed, n, j->padded);
}

static char *
header_text(const struct acme_client *c, const struct acme_jws *j)
{
	char *out, *jwk = acme_jwk(c->key), *who;

	if (j->protected != NULL) {
		free(jwk);
		NEED((out = strdup(j->protected)) != NULL);
		return out;
	}
	if (j->jwk)
		NEED(asprintf(&who, "\"jwk\":%s",
			 j->jwk_text != NULL ? j->jwk_text : jwk) > 0);
	else
		NEED(asprintf(&who, "\"kid\":\"%s\"",
			 j->kid_text != NULL  ? j->kid_text
			     : c->kid != NULL ? c->kid
					      : "") > 0);
	NEED(asprintf(&out, "{\"alg\":\"%s\",%s%s%s%s%s%s%s%s}",
		 j->alg != NULL ? j->alg : c->alg, who,
		 j->nonce != NULL ? ",\"nonce\":\"" : "",
		 j->nonce != NULL ? j->nonce : "", j->nonce != NULL ? "\"" : "",
		 j->url != NULL ? ",\"url\":\"" : "",
		 j->url != NULL ? j->url : "", j->url != NULL ? "\"" : "",
		 j->more != NULL ? j->more : "") > 0);
	free(who);
	free(jwk);
	return out;
}

char *
acme_jws(const struct acme_client *c, const struct acme_jws *j)
{
	char *header = header_text(c, j), *input, *out, *signature;
	char *p = acme_base64url(header, strlen(header), j->padded);
	const char *payload = j->payload != NULL ? j->payload : "";
	char *q = acme_base64url(payload,
	    j->payload_n != 0 ? j->payload_n : strlen(payload), j->padded);

	NEED(asprintf(&input, "%s.%s", p, q) > 0);
	signature = signature_text(c, input, j);
	NEED(asprintf(&out,
		 "{\"protected\":\"%s\",\"payload\":\"%s\","
		 "\"signature\":\"%s\"%s}",
		 p, q, signature, j->around != NULL ? j->around : "") > 0);
	free(header);
	free(input);
	free(signature);
	free(p);
	free(q);
	return out;
}

static X509_REQ *
csr_build(EVP_PKEY *key, const char *cn, const char *names)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *subject = X509_NAME_new();

	NEED(req != NULL && subject != NULL);
	if (cn != NULL)
		NEED(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			 (const uint8_t *)cn, -1, -1, 0) == 1);
	NEED(X509_REQ_set_subject_name(req, subject) == 1);
	X509_NAME_free(subject);
	NEED(X509_REQ_set_pubkey(req, key) == 1);
	if (names != NULL) {
		STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
		X509_EXTENSION *san = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_subject_alt_name, names);

		NEED(san != NULL);
		sk_X509_EXTENSION_push(list, san);
		NEED(X509_REQ_add_extensions(req, list) == 1);
		sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	}
	NEED(X509_REQ_sign(req, key,
		 EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
	return req;
}

static char *
csr_text(EVP_PKEY *key, const char *cn, const char *names, bool broken)
{
	X509_REQ *req = csr_build(key, cn, names);
	uint8_t *der = NULL;
	int n = i2d_X509_REQ(req, &der);
	char *out;

	NEED(n > 0);
	if (broken)
		der[n - 1] ^= 1;
	out = acme_base64url(der, (size_t)n, false);
	OPENSSL_free(der);
	X509_REQ_free(req);
	return out;
}

char *
acme_csr(EVP_PKEY *key, const char *cn, const char *names)
{
	return csr_text(key, cn, names, false);
}

char *
acme_csr_broken(EVP_PKEY *key, const char *cn, const char *names)
{
	return csr_text(key, cn, names, true);
}

static void
identifier_add(X509 *cert, const struct acme_tls_certificate *t)
{
	uint8_t value[34] = { 0x04, 0x20 };
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *x;

	NEED(EVP_Digest(t->key_authorization, strlen(t->key_authorization),
		 value + 2, NULL, EVP_sha256(), NULL) == 1);
	NEED(ASN1_OCTET_STRING_set(octets, value, sizeof(value)) == 1);
	x = X509_EXTENSION_create_by_OBJ(NULL, oid, !t->not_critical, octets);
	NEED(x != NULL && X509_add_ext(cert, x, -1) == 1);
	X509_EXTENSION_free(x);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
}

uint8_t *
acme_tls_certificate(const struct acme_tls_certificate *t, size_t *n)
{
	EVP_PKEY *key = acme_key_new("ES256"), *other = acme_key_new("ES256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	X509_EXTENSION *san;
	uint8_t *der = NULL;
	int size;

	NEED(X509_set_version(cert, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	NEED(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		 (const uint8_t *)"challenge", -1, -1, 0) == 1);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, name);
	X509_NAME_free(name);
	NEED(X509_set_pubkey(cert, key) == 1);
	san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, t->names);
	NEED(san != NULL && X509_add_ext(cert, san, -1) == 1);
	X509_EXTENSION_free(san);
	if (!t->no_identifier)
		identifier_add(cert, t);
	NEED(X509_sign(cert, t->signed_by_other ? other : key, EVP_sha256()) >
	    0);
	size = i2d_X509(cert, &der);
	NEED(size > 0);
	*n = (size_t)size;
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return der;
}
