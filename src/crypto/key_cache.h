/*
 * Loaded public keys with their kept verification contexts, least recently
 * used out first.  For src/crypto alone; belongs to a lane, so to one thread
 * at a time.  Loading a key costs 7 to 22 us and a kept context saves 10
 * (limits, section 3.1).
 */
#ifndef CRYPTO_KEY_CACHE_H
#define CRYPTO_KEY_CACHE_H

#include "crypto/key.h"

struct key_cache;

struct key_entry {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *verify; /* for `alg`, or NULL */
	enum sig_alg alg;
	bool form_checked; /* pubkey_check has passed but for its bounds */
};

struct key_cache *key_cache_new(size_t max);
void key_cache_free(struct key_cache *c);
/*
 * The entry of a key, loaded if it is not there.  Valid until the next call.
 * An id that stands for another key than it did is a miss, not a mistake.
 */
bool key_cache_get(struct key_cache *c, struct lane *lane, const uint8_t id[32],
    const struct pubkey *key, struct key_entry **out,
    struct err *err) MUST_CHECK;
size_t key_cache_count(const struct key_cache *c);

#endif
