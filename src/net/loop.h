/*
 * A loop: one thread, one event base, its connections, their requests until
 * they go to a worker, and everything that makes a request cheap: a pool of
 * exchanges, buffers to read into and to gather into, the time, the Date line.
 *
 * Private to the net layer.  All fields belong to the loop's thread, except
 * where a lock or an atomic says otherwise.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <openssl/ssl.h>
#include <pthread.h>
#include "net/address.h"
#include "net/conn.h"
#include "net/exchange.h"
#include "net/recorder.h"
#include "net/stats.h"
#include "net/tls.h"
#include "net/wheel.h"
#include "net/worker.h"
#include "util/times.h"

/* What one read takes, and what is gathered before it is sent. */
#define LOOP_SCRATCH 65536u
#define LOOP_GATHER 65536u
/* Request bodies of one loop together; more is answered 503. */
#define LOOP_MAX_BODIES (128u << 20)
#define LOOP_POOL 512u

struct acceptor {
	struct loop *loop;
	const struct net_listener *listener;
	struct event event;
};

struct nghttp2_session_callbacks;
struct nghttp2_option;

struct loop {
	struct net *net;
	unsigned index;
	pthread_t thread;
	bool started;
	struct event_base *base;
	struct mailbox mailbox;
	struct event mail_event, tick_event, resume_event;
	struct acceptor *acceptors;
	bool paused; /* out of descriptors for a moment */
	struct mail drain_mail, stop_mail;
	bool draining, stopping;
	bool drain_posted; /* of the thread that drains */

	OSSL_LIB_CTX *libctx;
	pthread_mutex_t tls_lock;
	SSL_CTX *tls; /* under tls_lock */
	struct nghttp2_session_callbacks *h2_callbacks;
	struct nghttp2_option *h2_option;

	struct config_limits limits;
	struct wheel wheel;
	struct conn_list conns, dirty, graveyard;
	size_t conns_n;
	struct exchange_list pool;
	size_t pool_n;
	size_t outstanding; /* exchanges that will come by mail */
	size_t bodies; /* octets of request bodies */
	uint64_t next_id;

	uint8_t *scratch;
	struct buf gather;
	int64_t now_us; /* monotonic, at the last event */
	int64_t now; /* the clock's seconds, then */
	int64_t date_at;
	char date[64]; /* "Date: …\r\n" for date_at */
	size_t date_n;
	struct stats stats;
};

struct net {
	struct net_listener *listeners;
	size_t listeners_n;
	const struct http_routes *routes;
	struct http_waits *waits;
	const struct config_cidrs *trusted_proxies;
	struct clock clock;
	struct config_limits limits;
	unsigned workers_n;
	struct loop *loops;
	unsigned loops_n;
	struct workers *workers;
	struct recorder *recorder;
	struct addresses *addresses;
	uint8_t ticket_keys[TLS_TICKET_KEYS];
	atomic_size_t open; /* connections of all loops */
	bool has_tls;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t drained;
	unsigned drain_acks;
};

bool loop_init(struct loop *l, struct net *n, unsigned index, uint64_t first_id,
    struct err *err) MUST_CHECK;
bool loop_start(struct loop *l, struct err *err) MUST_CHECK;
/* After its thread has ended, or never started. */
void loop_done(struct loop *l);
/* At the start of each event: what time is it? */
void loop_wake(struct loop *l);
/* At its end: sends what HTTP/2 has ready, frees what was closed. */
void loop_settle(struct loop *l);

/* Brings the Date line up to the loop's second. */
void loop_date(struct loop *l);

/* Listeners: accept.c. */
void loop_accept_start(struct loop *l);
void loop_accept_stop(struct loop *l);

#endif
