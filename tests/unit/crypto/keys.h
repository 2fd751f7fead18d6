/* A public key in parts from a private one, for the tests of this folder. */
#ifndef UNIT_CRYPTO_KEYS_H
#define UNIT_CRYPTO_KEYS_H

#include "crypto/key.h"

/* The parts lie in the arena. */
struct pubkey key_parts(const struct privkey *key, struct arena *a);

#endif
