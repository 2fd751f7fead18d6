/*
 * Secrets: passphrases, MAC keys, private key bytes.  Wiped on free, kept out
 * of core dumps and swap where the system lets us, and never printable.
 */
#ifndef UTIL_SECRET_H
#define UTIL_SECRET_H

#include "util/bytes.h"

struct secret;

/* Copies n bytes; the caller wipes its own copy. */
struct secret *secret_new(const void *p, size_t n);
void secret_free(struct secret *s);
/* What lies behind n octets is wiped, and no part of it any more. */
void secret_cut(struct secret *s, size_t n);
/* Borrowed for the length of a call; never stored or logged. */
struct bytes secret_reveal(const struct secret *s);
/* Wipes memory so that the compiler cannot drop it. */
void secret_wipe(void *p, size_t n);

static inline void
own_free_secret(struct secret **s)
{
	secret_free(*s);
}
#define AUTO_SECRET __attribute__((cleanup(own_free_secret))) struct secret

#endif
