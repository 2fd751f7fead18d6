/* What a private key holds.  For src/crypto alone. */
#ifndef CRYPTO_PRIVKEY_STATE_H
#define CRYPTO_PRIVKEY_STATE_H

#include "crypto/key.h"
#include "crypto/rsa_kept.h"

struct privkey {
	EVP_PKEY *pkey;
	enum key_alg alg;
	struct buf spki;
	EVP_MD *md;
	EVP_MD_CTX *md_ctx; /* Ed25519: signs; else: hashes */
	EVP_PKEY_CTX *sign; /* kept; not for Ed25519 */
	size_t signature_max;
	struct rsa_kept *kept; /* RSA: for any thread */
};

/*
 * The library context of all private keys of the process: apart from the
 * default one and the lanes, in OpenSSL's secure heap where the system grants
 * locked memory.  Lives as long as the process.
 */
OSSL_LIB_CTX *privkey_libctx(void);
/* Takes pkey; finds its kind and tries it by a signature. */
struct privkey *privkey_adopt(EVP_PKEY *pkey, struct err *err);

#endif
