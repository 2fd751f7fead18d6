/*
 * Password hashes of crypt(3): what openssl passwd, mkpasswd and htpasswd -B
 * write.  A check costs milliseconds of CPU on purpose: never on a loop thread,
 * and callers keep a lane while it runs, so that there are not more at once
 * than cores.
 *
 * Any thread.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "util/bytes.h"

#define PASSWORD_MAX 512u
#define PASSWORD_HASH_MAX 256u

/* SHA-2, bcrypt, scrypt or yescrypt, and nothing weaker. */
bool password_hash_is_good(const char *hash);
/* Does the password give this hash?  In constant time; hash is a good one. */
bool password_check(const char *hash, struct bytes password);

#endif
