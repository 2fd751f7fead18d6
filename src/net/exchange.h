/*
 * A request in flight: request, response and arena, from the first header to
 * the last octet of the answer.
 *
 * One thread at a time owns it: the loop, then a worker, then by the mailbox
 * the loop again, at last perhaps the recorder.  `conn` is the loop's alone and
 * NULL once the connection or the stream is gone; the answer is then dropped.
 */
#ifndef NET_EXCHANGE_H
#define NET_EXCHANGE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>
#include "http/parse.h"
#include "http/route.h"
#include "http/wait.h"
#include "net/mailbox.h"

struct conn;
struct loop;

enum exchange_state {
	EXCHANGE_HEAD, /* fields arrive (HTTP/2) */
	EXCHANGE_BODY,
	EXCHANGE_WORKER, /* queued or running */
	EXCHANGE_HELD, /* http/wait.h */
	EXCHANGE_SENDING
};

struct exchange {
	TAILQ_ENTRY(exchange) link; /* connection or pool: the loop's */
	TAILQ_ENTRY(exchange) queued; /* workers or recorder */
	struct mail reply;
	struct mail fired; /* the awaited job is done */
	struct loop *loop;
	struct conn *conn;
	int32_t stream; /* HTTP/2; else 0 */
	enum exchange_state state;
	struct arena *arena;
	struct http_req req;
	struct http_resp resp;
	const struct http_route *route;
	struct buf body; /* as it arrives */
	size_t body_octets; /* counted by the loop */
	size_t sent; /* of the response's body */
	size_t field_octets; /* HTTP/2: of the header list so far */
	int64_t declared; /* HTTP/2: Content-Length, -1 if none */
	int64_t start_us;
	int64_t due_us; /* HTTP/2: when body or answer must be done */
	struct event hold; /* the time limit of a held reply */
	struct http_fault fault; /* HTTP/2: refuse the request with it */
	bool second_half;
	bool ticket_back; /* given back; `fired` is still to come */
	bool answered;
	bool expect_continue;
	bool ran_on_worker;
};

TAILQ_HEAD(exchange_list, exchange);

/* A clean one from the loop's pool, not yet linked anywhere. */
struct exchange *exchange_new(struct loop *l, struct conn *c);
/* Back to the pool, nothing recorded. */
void exchange_free(struct exchange *ex);
/*
 * Finds the route.  False: the response is a refusal, to be sent without (or
 * before the rest of) the body.
 */
bool exchange_route(struct exchange *ex, int64_t content_length);
/* Takes a run of the body; false: refused (413, 503), resp is filled. */
bool exchange_body_add(struct exchange *ex, struct bytes data);
/*
 * The request is whole: runs it here or hands it to a worker.  The answer comes
 * by conn_answer(), perhaps before this returns.
 */
void exchange_dispatch(struct exchange *ex);
/* Fills a refusal of the net layer's own. */
void exchange_refuse(struct exchange *ex, int status, const char *why);
/* The connection or the stream is gone: dropped now, or when it comes back. */
void exchange_abandon(struct exchange *ex);
/* The last octet was sent: counts, records and frees it. */
void exchange_finish(struct exchange *ex);
/* Draining: held replies are answered now. */
void exchange_release(struct exchange *ex);

#endif
