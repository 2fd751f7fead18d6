/*
 * The network: loops, listeners, TLS, HTTP/1.1 and HTTP/2, workers, held
 * replies, limits.  It knows no protocol: requests go to a route table
 * (http/route.h), answers come back from it.  Outbound probes are net/probe.h.
 *
 * Descriptors of listeners are opened by others (net/listen.h) and are not
 * closed here.  SIGPIPE is ignored from net_new on.  Threads: the loops, the
 * workers and one that writes request lines to the log; all block all signals.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "http/route.h"
#include "http/wait.h"
#include "net/listen.h"
#include "util/times.h"

struct net;

/* Everything pointed to outlives the net, but limits and listeners, which are
 * copied. */
struct net_settings {
	unsigned loops; /* 0: one per online core */
	unsigned workers; /* 0: 32 */
	const struct config_limits *limits;
	const struct http_routes *routes;
	struct http_waits *waits;
	struct net_listener *listeners;
	size_t listeners_n;
	const struct config_cidrs *trusted_proxies; /* may be NULL */
	struct clock clock;
};

/* Nothing runs yet.  NULL when the system refuses descriptors. */
struct net *net_new(const struct net_settings *s, struct err *err) MUST_CHECK;
/*
 * The server's certificate chain (PEM, leaf first) and its key (clear PKCS#8,
 * PEM or DER).  Before net_start and again at any time: new connections get the
 * new ones, old ones go on.  On failure nothing changes.
 */
bool net_set_tls(struct net *n, struct bytes chain_pem, struct bytes key,
    struct err *err) MUST_CHECK;
/* Starts all threads.  Needs net_set_tls if a listener has TLS. */
bool net_start(struct net *n, struct err *err) MUST_CHECK;
/* New limits for new connections and requests, from any thread. */
void net_set_limits(struct net *n, const struct config_limits *limits);
/*
 * Stops accepting, tells clients (GOAWAY, Connection: close), finishes what
 * runs.  True when all connections are gone within ms.
 */
bool net_drain(struct net *n, int64_t ms);
/* Ends all threads, after handlers that run have returned. */
void net_free(struct net *n);

#define NET_LISTENER_KINDS 5u
#define NET_PROTOCOLS 3u /* 1.0, 1.1, 2 */
#define NET_STATUS_CLASSES 5u /* 1xx … 5xx */
#define NET_PLACES 2u /* loop, worker */
#define NET_LATENCY_BUCKETS 16u /* the last is +Inf */

enum net_refusal {
	NET_REFUSED_TOTAL, /* max_connections */
	NET_REFUSED_ADDRESS, /* max_connections_per_address */
	NET_REFUSED_PEER, /* control socket: not our user */
	NET_REFUSED_SYSTEM, /* descriptors ran out */
	NET_REFUSALS
};

enum net_timeout {
	NET_TIMEOUT_HANDSHAKE,
	NET_TIMEOUT_HEADER,
	NET_TIMEOUT_BODY,
	NET_TIMEOUT_IDLE,
	NET_TIMEOUT_SEND, /* the client reads too slowly */
	NET_TIMEOUTS
};

/* Sums over all loops. */
struct net_stats {
	uint64_t open;
	uint64_t accepted[NET_LISTENER_KINDS]; /* https est http ops control */
	uint64_t closed;
	uint64_t refused[NET_REFUSALS];
	uint64_t requests[NET_PROTOCOLS][NET_STATUS_CLASSES];
	uint64_t latency[NET_PLACES][NET_LATENCY_BUCKETS];
	uint64_t latency_us[NET_PLACES];
	uint64_t timeouts[NET_TIMEOUTS];
	uint64_t tls_ok, tls_failed;
	uint64_t h2_abuse;
	uint64_t faults;
	uint64_t queue_full;
	uint64_t sent;
	uint64_t queue_depth;
	uint64_t held;
	uint64_t log_dropped;
};

void net_stats(struct net *n, struct net_stats *out);
/* Prometheus text format 0.0.4; any thread. */
void net_metrics_print(struct net *n, struct buf *out);

#endif
