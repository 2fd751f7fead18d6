#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include "support/tls_pki.h"
#include "support/x509v3.h"

#define DAY (24L * 3600)

static void
extend(X509 *cert, const X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, (X509 *)issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (e == NULL)
		abort();
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

static X509 *
cert_new(EVP_PKEY *key, const char *name, const X509 *issuer, long days)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_NAME_new();
	static long serial;

	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), -30 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY);
	X509_set_subject_name(cert, subject);
	X509_set_issuer_name(
	    cert, issuer == NULL ? subject : X509_get_subject_name(issuer));
	X509_set_pubkey(cert, key);
	X509_NAME_free(subject);
	return cert;
}

void
tls_pki_init(struct tls_pki *pki, const char *name)
{
	pki->key = EVP_EC_gen("P-256");
	pki->cert = cert_new(pki->key, name, NULL, 30);
	extend(pki->cert, pki->cert, NID_basic_constraints, "critical,CA:TRUE");
	extend(pki->cert, pki->cert, NID_key_usage, "critical,keyCertSign");
	X509_sign(pki->cert, pki->key, EVP_sha256());
	tls_pki_print(pki->cert, pki->pem);
}

void
tls_pki_done(struct tls_pki *pki)
{
	X509_free(pki->cert);
	EVP_PKEY_free(pki->key);
}

void
tls_pki_leaf(const struct tls_pki *pki, const char *names, long days,
    EVP_PKEY **key, X509 **cert)
{
	*key = EVP_EC_gen("P-256");
	*cert = cert_new(*key, "server", pki->cert, days);
	extend(*cert, pki->cert, NID_subject_alt_name, names);
	X509_sign(*cert, pki->key, EVP_sha256());
}

void
tls_pki_print(X509 *cert, char out[TLS_PKI_PEM])
{
	BIO *b = BIO_new(BIO_s_mem());
	int n;

	PEM_write_bio_X509(b, cert);
	n = BIO_read(b, out, TLS_PKI_PEM - 1);
	if (n <= 0)
		abort();
	out[n] = '\0';
	BIO_free(b);
}
