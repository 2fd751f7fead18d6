/*
 * The tests of a public key's form, one by one, for pubkey_check and its unit
 * tests.  Pure arithmetic on the raw key; no clock, no file.
 */
#ifndef CRYPTO_KEY_CHECK_H
#define CRYPTO_KEY_CHECK_H

#include "crypto/key.h"

/* Is a prime below 752 a factor?  The prime, or 0. */
unsigned rsa_small_factor(const BIGNUM *n);
/* CVE-2017-15361: is the modulus of the form that Infineon's chips made? */
bool rsa_is_roca(const BIGNUM *n);
/* Are the primes so close that 100 steps of Fermat's method find them? */
bool rsa_is_close_primes(const BIGNUM *n, BN_CTX *ctx);
/* On a list of keys whose private half is public (weak_keys.c)? */
bool key_is_blocked(struct lane *lane, const struct pubkey *key);

#endif
