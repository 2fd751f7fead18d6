/*
 * Contexts of a private RSA key, made once and then lent, so that a signature
 * or a decryption fetches nothing: several threads use one key at once, each
 * with a context of its own meanwhile.  For src/crypto alone.
 *
 * Any thread.  Belongs to its key, which outlives every loan.
 */
#ifndef CRYPTO_RSA_KEPT_H
#define CRYPTO_RSA_KEPT_H

#include "crypto/own.h"

/* What a context is set up for; see rsa.c. */
#define RSA_USES 8u

struct rsa_kept;

struct rsa_kept *rsa_kept_new(void);
void rsa_kept_free(struct rsa_kept *k);
/* One that was returned for this use; NULL: none, make one. */
EVP_PKEY_CTX *rsa_kept_take(struct rsa_kept *k, unsigned use);
/* Takes ctx, which may be NULL. */
void rsa_kept_give(struct rsa_kept *k, unsigned use, EVP_PKEY_CTX *ctx);

#endif
