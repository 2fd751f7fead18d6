/*
 * Answers http-01 on 127.0.0.1, and DNS: every name is 127.0.0.1 and nothing
 * else.  A key authorization follows from the Host (c<client>-…) and the path,
 * so no table is shared.  A thread of its own.
 */
#ifndef BENCH_ACME_RESPONDER_H
#define BENCH_ACME_RESPONDER_H

#include "bench/acme/load.h"

struct responder;

/* NULL and a sentence on standard error when a port is taken. */
struct responder *responder_new(const struct load *load);
void responder_free(struct responder *r);

#endif
