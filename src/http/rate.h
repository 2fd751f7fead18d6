/*
 * Events by source address (a /64 of IPv6) and group, in a period: failed
 * authentications, so that nobody guesses for long, and what is dear to do for
 * a client.  Each protocol has its own table.  A fixed table: an address that
 * is pushed out by others is forgotten, which costs an attacker as many
 * addresses as it has places.
 *
 * Thread-safe.
 */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include <sys/socket.h>
#include "util/bytes.h"

struct rates;

struct rates *rates_new(void);
void rates_free(struct rates *f);
/* Had the address max events in this period of seconds?  *again is when to
 * come again, seconds from now.  group keeps a protocol's
 * labels apart. */
bool rates_over(struct rates *f, const struct sockaddr_storage *peer,
    unsigned group, int64_t max, int64_t period, int64_t now, int64_t *again);
void rates_add(struct rates *f, const struct sockaddr_storage *peer,
    unsigned group, int64_t period, int64_t now);

#endif
