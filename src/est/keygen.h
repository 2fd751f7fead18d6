/*
 * The generation of keys for clients: never more at once than half the cores,
 * and few that wait, so that nobody buys the server's time with RSA.  The key
 * is the caller's and goes nowhere else.
 *
 * Thread-safe.
 */
#ifndef EST_KEYGEN_H
#define EST_KEYGEN_H

#include "crypto/key.h"
#include "util/turns.h"

#define KEYGEN_WAITING_MAX 8u

struct turns *keygen_turns_new(void);
/* ERR_BUSY when too many wait. */
bool keygen_run(struct turns *t, enum key_alg alg, unsigned rsa_bits,
    struct privkey **out, struct err *err) MUST_CHECK;

#endif
