/*
 * Writes the line of each request to the log, on a thread of its own: standard
 * error may be a pipe whose reader is slow, and a loop never blocks.  When too
 * many lines wait, further ones are dropped and counted.
 */
#ifndef NET_RECORDER_H
#define NET_RECORDER_H

#include "net/exchange.h"

struct recorder;

struct recorder *recorder_new(void);
bool recorder_start(struct recorder *r, struct err *err) MUST_CHECK;
/* Writes what waits, then ends. */
void recorder_free(struct recorder *r);
/* Takes the exchange, which belongs to no connection any more. */
void recorder_post(struct recorder *r, struct exchange *ex, int64_t us);
uint64_t recorder_dropped(struct recorder *r);

#endif
