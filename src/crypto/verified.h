/*
 * What was verified a moment ago: passwords and the signatures of client
 * certificates, so that a kept connection does not pay for them with each
 * request.  Holds nothing but keyed hashes, under a key drawn at start; bounded
 * and short-lived.  A reload changes what is hashed, and so forgets.
 *
 * Thread-safe.
 */
#ifndef CRYPTO_VERIFIED_H
#define CRYPTO_VERIFIED_H

#include "crypto/digest.h"
#include "crypto/random.h"

#define VERIFIED_SECONDS 300

struct verified;

enum verified_kind { VERIFIED_PASSWORD = 1, VERIFIED_CERTIFICATE };

struct verified *verified_new(const struct random *random);
void verified_free(struct verified *v);
/* The name of a fact: of this configuration, place (a label, a profile) and
 * kind. */
void verified_key(struct verified *v, uint64_t generation, unsigned place,
    enum verified_kind kind, struct bytes first, struct bytes second,
    uint8_t key[32]);
bool verified_has(struct verified *v, const uint8_t key[32], int64_t now);
void verified_add(struct verified *v, const uint8_t key[32], int64_t now);

#endif
