/*
 * Counters of one loop.  Only its thread writes, any thread reads: relaxed
 * loads and stores, no locked instructions.
 */
#ifndef NET_STATS_H
#define NET_STATS_H

#include <stdatomic.h>
#include "net/net.h"

struct stats {
	_Atomic uint64_t accepted[NET_LISTENER_KINDS];
	_Atomic uint64_t closed;
	_Atomic uint64_t refused[NET_REFUSALS];
	_Atomic uint64_t requests[NET_PROTOCOLS][NET_STATUS_CLASSES];
	_Atomic uint64_t latency[NET_PLACES][NET_LATENCY_BUCKETS];
	_Atomic uint64_t latency_us[NET_PLACES];
	_Atomic uint64_t timeouts[NET_TIMEOUTS];
	_Atomic uint64_t tls_ok, tls_failed;
	_Atomic uint64_t h2_abuse;
	_Atomic uint64_t faults; /* requests that were not HTTP */
	_Atomic uint64_t queue_full;
	_Atomic uint64_t sent; /* octets of bodies */
};

static inline void
stats_add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c,
	    atomic_load_explicit(c, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

/* The index of a listener kind in `accepted`. */
unsigned stats_kind(enum listener_kind kind);
/* A request that was answered. */
void stats_request(struct stats *s, unsigned http_version, int status,
    bool on_worker, int64_t us, size_t sent);
/* Adds one loop's counters to a sum. */
void stats_sum(const struct stats *s, struct net_stats *sum);

#endif
