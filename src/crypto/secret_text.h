/*
 * Secrets that people and programs type: letters and digits alone, so that they
 * survive every client's quoting.  32 characters of 62 are 190 bits, too many
 * to be guessed from their hash: it needs no key, no salt and no stretching.
 * The store has the hash; the text is shown once and wiped.
 *
 * Any thread.
 */
#ifndef CRYPTO_SECRET_TEXT_H
#define CRYPTO_SECRET_TEXT_H

#include "crypto/random.h"

#define SECRET_TEXT_LENGTH 32u

/* Each character equally likely, and a NUL; the caller wipes it. */
void secret_text_draw(
    const struct random *random, char out[SECRET_TEXT_LENGTH + 1]);
/* Could this be one of ours?  Says nothing about which. */
bool secret_text_has_form(struct bytes text);
/* SHA-256 of the characters: what is stored and looked up by. */
void secret_text_hash(struct bytes text, uint8_t out[32]);
/* In constant time over the hashes. */
bool secret_text_matches(struct bytes text, const uint8_t hash[32]);

#endif
