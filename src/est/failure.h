/*
 * Failed authentications by source address (a /64 of IPv6), so that nobody
 * guesses for long.  A fixed table: an address that is pushed out by others is
 * forgotten, which costs an attacker as many addresses as it has places.
 *
 * Thread-safe.
 */
#ifndef EST_FAILURE_H
#define EST_FAILURE_H

#include <sys/socket.h>
#include "util/bytes.h"

struct failures;

struct failures *failures_new(void);
void failures_free(struct failures *f);
/* Had the address max failures in this period of seconds?  *again is when to
 * come again, seconds from now.  group keeps labels apart. */
bool failures_over(struct failures *f, const struct sockaddr_storage *peer,
    unsigned group, int64_t max, int64_t period, int64_t now, int64_t *again);
void failures_add(struct failures *f, const struct sockaddr_storage *peer,
    unsigned group, int64_t period, int64_t now);

#endif
