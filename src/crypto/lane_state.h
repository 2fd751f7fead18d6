/*
 * What a lane holds.  For src/crypto alone: other layers see struct lane by
 * name only.  One thread at a time.
 */
#ifndef CRYPTO_LANE_STATE_H
#define CRYPTO_LANE_STATE_H

#include "crypto/digest.h"
#include "crypto/key.h"

#define DIGEST_ALGS 4
#define CIPHER_ALGS 6 /* enum cipher_alg begins with 1 */

/* Enough for the accounts that are active at once (limits, section 3.2). */
#define LANE_ACCOUNT_KEYS 4096u
/* CSR keys between their check and their signature, CA and RA keys. */
#define LANE_RECENT_KEYS 64u

struct key_cache;

struct lane {
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *standard, *legacy; /* of lane_new_legacy alone */
	EVP_MD *md[DIGEST_ALGS];
	EVP_MD_CTX *md_ctx[DIGEST_ALGS];
	EVP_MD_CTX *ed_ctx; /* Ed25519 hashes twice by itself */
	EVP_PKEY_CTX *from_rsa, *from_ec, *from_ed;
	EVP_CIPHER *cbc[CIPHER_ALGS]; /* fetched when one is needed first */
	EVP_CIPHER_CTX *cbc_ctx;
	EVP_CIPHER *gcm;
	EVP_CIPHER_CTX *gcm_ctx;
	BN_CTX *bn;
	struct key_cache *accounts, *recent;
	struct lane *next_free; /* in the pool */
};

/* What OpenSSL calls an algorithm: "SHA2-256". */
const char *digest_name(enum digest_alg alg);
enum digest_alg sig_alg_digest(enum sig_alg alg);
/* Is this algorithm one for this kind of key at all? */
bool sig_alg_is_for(enum sig_alg alg, enum key_alg key);

#endif
