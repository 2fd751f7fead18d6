/*
 * How often a source has guessed wrong, so that it may not go on: five at once,
 * then one a minute.  A source is an IPv4 address or an IPv6 network of 64
 * bits.  The table has a fixed size; where it is full, who has waited longest
 * is forgotten.
 *
 * Thread-safe; nothing here waits for anything but the lock.
 */
#ifndef REVOKE_ATTEMPTS_H
#define REVOKE_ATTEMPTS_H

#include <sys/socket.h>
#include "util/mem.h"

#define ATTEMPTS_AT_ONCE 5
#define ATTEMPTS_EVERY 60 /* seconds for one more */

struct attempts;

struct attempts *attempts_new(void);
void attempts_free(struct attempts *t);
/* May this source try now?  *wait: seconds until it may, if not. */
bool attempts_may(struct attempts *t, const struct sockaddr_storage *from,
    int64_t now, int64_t *wait);
/* It was wrong. */
void attempts_fail(
    struct attempts *t, const struct sockaddr_storage *from, int64_t now);

#endif
