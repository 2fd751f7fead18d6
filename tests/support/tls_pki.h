/*
 * A CA and the certificates of web servers for tests of TLS clients: made anew,
 * on P-256, in memory.
 */
#ifndef SUPPORT_TLS_PKI_H
#define SUPPORT_TLS_PKI_H

#include <openssl/x509.h>

#define TLS_PKI_PEM 2048u

struct tls_pki {
	EVP_PKEY *key;
	X509 *cert;
	char pem[TLS_PKI_PEM]; /* the CA's certificate */
};

void tls_pki_init(struct tls_pki *pki, const char *name);
void tls_pki_done(struct tls_pki *pki);
/* As openssl's subjectAltName: "DNS:a.test,IP:127.0.0.1"; days from now until
 * it ends, which may be negative. */
void tls_pki_leaf(const struct tls_pki *pki, const char *names, long days,
    EVP_PKEY **key, X509 **cert);

void tls_pki_print(X509 *cert, char out[TLS_PKI_PEM]);

#endif
