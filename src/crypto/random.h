/*
 * Randomness as an input: struct random is the port, random_system() what
 * production uses (RAND_bytes, drawn in blocks per thread); failing to draw
 * ends the process.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "util/bytes.h"

struct random {
	void (*fill)(void *ctx, uint8_t *out, size_t n);
	void *ctx;
};

struct random random_system(void);
/* Reproducible, for tests only: SHA-256 in counter mode over a seed. */
struct random random_seeded(uint64_t seed);
static inline void
random_fill(const struct random *r, void *out, size_t n)
{
	r->fill(r->ctx, (uint8_t *)out, n);
}

/*
 * An object id: 22 base64url characters, 40 bits of seconds then 88 random
 * bits, so that rows are inserted in index order and ids cannot be guessed.
 */
#define OBJECT_ID_SIZE 23u
void random_object_id(
    const struct random *r, int64_t now, char out[OBJECT_ID_SIZE]);

#endif
