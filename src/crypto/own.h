/* OpenSSL types for AUTO, TAKE and arena_adopt. */
#ifndef CRYPTO_OWN_H
#define CRYPTO_OWN_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include "util/arena.h"

OWN_DEFINE(EVP_PKEY, EVP_PKEY_free)
OWN_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
OWN_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)
OWN_DEFINE(EVP_MD, EVP_MD_free)
OWN_DEFINE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
OWN_DEFINE(EVP_CIPHER, EVP_CIPHER_free)
OWN_DEFINE(BIO, BIO_free_all)
OWN_DEFINE(BIGNUM, BN_free)
OWN_DEFINE(X509, X509_free)
OWN_DEFINE(X509_REQ, X509_REQ_free)
OWN_DEFINE(X509_CRL, X509_CRL_free)
OWN_DEFINE(X509_STORE, X509_STORE_free)
OWN_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)
OWN_DEFINE(PKCS7, PKCS7_free)
OWN_DEFINE(SSL, SSL_free)
OWN_DEFINE(SSL_CTX, SSL_CTX_free)
OWN_DEFINE(OSSL_LIB_CTX, OSSL_LIB_CTX_free)

ARENA_ADOPTER(EVP_PKEY)
ARENA_ADOPTER(X509)
ARENA_ADOPTER(X509_REQ)

/* fail() with OpenSSL's error queue in the detail; empties the queue. */
bool fail_ossl(struct err *err, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
#define fail_ossl(...)                                                         \
	({                                                                     \
		(void)fail_ossl(__VA_ARGS__);                                  \
		false;                                                         \
	})

#endif
