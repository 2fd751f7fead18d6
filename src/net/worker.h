/*
 * Worker threads: each takes one request from a bounded queue and runs it as
 * straight-line code (design section 3, invariant 2).
 */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "net/exchange.h"

struct workers;

struct workers *workers_new(size_t queue);
bool workers_start(
    struct workers *w, unsigned threads, struct err *err) MUST_CHECK;
/* Ends the threads; the queue must be empty by then. */
void workers_free(struct workers *w);
void workers_set_queue(struct workers *w, size_t queue);
/*
 * Gives the exchange to a worker, which posts it back to its loop.  False when
 * the queue is full, unless it is a second half: those are bounded by the
 * number of held replies.
 */
bool workers_post(struct workers *w, struct exchange *ex) MUST_CHECK;
size_t workers_depth(struct workers *w);

#endif
