/*
 * An ACME client's side of the wire, in memory: account keys, JWS, CSRs and
 * tls-alpn-01 certificates, built with OpenSSL alone so that nothing of the
 * server is proved by itself.  For tests and fuzz corpora.
 */
#ifndef SUPPORT_ACME_CLIENT_H
#define SUPPORT_ACME_CLIENT_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acme_client {
	EVP_PKEY *key;
	const char *alg; /* "ES256" … */
	char *kid; /* account URL, or NULL */
};

/* "RS256", "ES256", "ES384", "ES512" or "EdDSA". */
struct acme_client *acme_client_new(const char *alg);
void acme_client_free(struct acme_client *c);
EVP_PKEY *acme_key_new(const char *alg);

/* What goes into a JWS; what is NULL is left out or has its usual value. */
struct acme_jws {
	const char *url, *nonce;
	const char *payload; /* NULL: POST-as-GET */
	size_t payload_n; /* 0: strlen */
	bool jwk; /* instead of the kid */
	const char *alg; /* instead of the key's */
	const char *jwk_text; /* instead of the key's JWK */
	const char *kid_text; /* instead of the account's */
	const char *more; /* members of the header: ",\"crit\":[…]" */
	const char *protected; /* the whole header instead */
	const char *around; /* members of the envelope: ",\"header\":{}" */
	bool der_signature; /* ECDSA as DER */
	bool padded; /* base64url with '=' */
	bool broken; /* a signature of something else */
};

/* All strings are malloc'd. */
char *acme_jwk(EVP_PKEY *key);
char *acme_jws(const struct acme_client *c, const struct acme_jws *j);
char *acme_thumbprint(EVP_PKEY *key);
/* token "." thumbprint, and its SHA-256 as base64url. */
char *acme_key_authorization(const struct acme_client *c, const char *token);
char *acme_digest_text(const char *key_authorization);
char *acme_base64url(const void *p, size_t n, bool padded);

/* base64url of a CSR; names are "DNS:a,IP:1.2.3.4" or NULL, cn may be NULL. */
char *acme_csr(EVP_PKEY *key, const char *cn, const char *names);
/* The same with a signature that does not hold. */
char *acme_csr_broken(EVP_PKEY *key, const char *cn, const char *names);

struct acme_tls_certificate {
	const char *names; /* "DNS:a" */
	const char *key_authorization;
	bool not_critical, no_identifier, signed_by_other;
};
/* DER of a challenge certificate (RFC 8737); malloc'd. */
uint8_t *acme_tls_certificate(const struct acme_tls_certificate *t, size_t *n);

#endif
