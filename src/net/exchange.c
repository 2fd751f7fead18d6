#include <stdlib.h>
#include "net/loop.h"
#include "util/log.h"
#include "util/secret.h"

static void on_reply(struct mail *m);
static void on_fired(struct mail *m);
static void on_hold_over(evutil_socket_t fd, short what, void *arg);

struct exchange *
exchange_new(struct loop *l, struct conn *c)
{
	struct exchange *ex = TAILQ_FIRST(&l->pool);
	struct arena *arena;

	if (ex == NULL) {
		ex = mem_alloc(sizeof(*ex));
		arena = arena_new();
	} else {
		TAILQ_REMOVE(&l->pool, ex, link);
		l->pool_n--;
		arena = ex->arena;
		memset(ex, 0, sizeof(*ex));
	}
	ex->arena = arena;
	ex->loop = l;
	ex->conn = c;
	ex->declared = -1;
	ex->start_us = l->now_us;
	ex->reply.open = on_reply;
	ex->fired.open = on_fired;
	ex->req.arena = arena;
	ex->req.listener = c->listener->kind;
	ex->req.tls = c->ssl != NULL;
	ex->req.has_peer_uid = c->has_peer_uid;
	ex->req.peer_uid = c->peer_uid;
	ex->req.now = l->now;
	ex->req.id = l->next_id;
	if (c->client_cert.n > 0)
		ex->req.client_cert =
		    arena_bytes(arena, buf_bytes(&c->client_cert));
	if (c->binding.kind != HTTP_BINDING_NONE)
		ex->req.binding =
		    arena_dup(arena, &c->binding, sizeof(c->binding));
	l->next_id += l->net->loops_n;
	memcpy(&ex->req.peer, &c->peer, sizeof(c->peer));
	TAILQ_INSERT_TAIL(&c->exchanges, ex, link);
	return ex;
}

/* Out of the connection's list, its body no longer counted. */
static void
detach(struct exchange *ex)
{
	if (ex->conn != NULL)
		TAILQ_REMOVE(&ex->conn->exchanges, ex, link);
	ex->conn = NULL;
	ex->loop->bodies -= ex->body_octets;
	ex->body_octets = 0;
}

/* Sent or not, it has been used. */
static void
wipe(struct exchange *ex)
{
	if (ex->resp.secret)
		secret_wipe(
		    (uint8_t *)(uintptr_t)ex->resp.body.p, ex->resp.body.n);
}

void
exchange_free(struct exchange *ex)
{
	struct loop *l = ex->loop;

	detach(ex);
	blob_unref(ex->resp.blob);
	ex->resp.blob = NULL;
	wipe(ex);
	buf_free(&ex->body);
	if (l->pool_n >= LOOP_POOL) {
		arena_free(ex->arena);
		free(ex);
		return;
	}
	arena_reset(ex->arena);
	/* Last in, first out: its memory is warm. */
	TAILQ_INSERT_HEAD(&l->pool, ex, link);
	l->pool_n++;
}

void
exchange_refuse(struct exchange *ex, int status, const char *why)
{
	http_refuse(
	    ex->loop->net->routes, ex->route, &ex->req, &ex->resp, status, why);
}

bool
exchange_route(struct exchange *ex, int64_t content_length)
{
	struct net *n = ex->loop->net;

	if (n->trusted_proxies != NULL && n->trusted_proxies->n > 0)
		address_forwarded(n->trusted_proxies, &ex->req);
	ex->route =
	    http_route_find(n->routes, &ex->req, content_length, &ex->resp);
	return ex->route != NULL;
}

bool
exchange_body_add(struct exchange *ex, struct bytes data)
{
	struct loop *l = ex->loop;

	if (data.n > ex->route->max_body - ex->body.n) {
		exchange_refuse(ex, 413,
		    arena_printf(ex->arena,
			"the body is longer than the %zu octets that are "
			"taken",
			ex->route->max_body));
		return false;
	}
	if (data.n > LOOP_MAX_BODIES - l->bodies) {
		exchange_refuse(ex, 503, "too many bodies at once");
		return false;
	}
	l->bodies += data.n;
	ex->body_octets += data.n;
	buf_add_bytes(&ex->body, data);
	return true;
}

static void
second_half(struct exchange *ex)
{
	ex->resp.wait = NULL;
	ex->second_half = true;
	ex->state = EXCHANGE_WORKER;
	ex->loop->outstanding++;
	if (!workers_post(ex->loop->net->workers, ex))
		abort(); /* second halves are always taken */
}

/* Any thread: the job's outcome is committed. */
static void
fire(void *arg)
{
	struct exchange *ex = arg;

	mailbox_post(&ex->loop->mailbox, &ex->fired);
}

static void
hold(struct exchange *ex)
{
	struct loop *l = ex->loop;
	int64_t ms = ex->resp.wait_ms < 0 ? 0 : ex->resp.wait_ms;
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	ex->state = EXCHANGE_HELD;
	l->outstanding++;
	if (evtimer_assign(&ex->hold, l->base, on_hold_over, ex) != 0 ||
	    evtimer_add(&ex->hold, &tv) != 0)
		abort(); /* only for lack of memory */
	http_ticket_arm(ex->resp.wait, fire, ex);
	if (l->draining)
		exchange_release(ex);
}

/* A handler has run: answers, or holds the reply. */
static void
after_run(struct exchange *ex)
{
	if (ex->resp.wait != NULL) {
		hold(ex);
		return;
	}
	if (ex->resp.status < 200 || ex->resp.status > 599) {
		log_event(LOG_ERROR, "handler_without_status",
		    LF_STR("path", ex->req.path),
		    LF_INT("status", ex->resp.status));
		exchange_refuse(ex, 500, "no answer was made");
	}
	conn_answer(ex->conn, ex);
}

void
exchange_dispatch(struct exchange *ex)
{
	struct loop *l = ex->loop;

	ex->start_us = l->now_us;
	ex->req.body = arena_take_buf(ex->arena, &ex->body);
	if (ex->route->place == ON_LOOP) {
		http_route_run(ex->route, &ex->req, &ex->resp);
		if (ex->resp.rest == NULL) {
			after_run(ex);
			return;
		}
	}
	ex->state = EXCHANGE_WORKER;
	l->outstanding++;
	if (workers_post(l->net->workers, ex))
		return;
	l->outstanding--;
	stats_add(&l->stats.queue_full, 1);
	exchange_refuse(ex, 503, "all workers are busy");
	conn_answer(ex->conn, ex);
}

static struct exchange *
exchange_of(struct mail *m, size_t offset)
{
	return (struct exchange *)((char *)m - offset);
}

/* It came back from a worker. */
static void
on_reply(struct mail *m)
{
	struct exchange *ex = exchange_of(m, offsetof(struct exchange, reply));

	ex->loop->outstanding--;
	ex->ran_on_worker = true;
	if (ex->conn != NULL) {
		after_run(ex);
		return;
	}
	http_ticket_drop(ex->resp.wait);
	ex->resp.wait = NULL;
	exchange_finish(ex);
}

static void
on_fired(struct mail *m)
{
	struct exchange *ex = exchange_of(m, offsetof(struct exchange, fired));

	ex->loop->outstanding--;
	if (!ex->ticket_back)
		(void)http_ticket_cancel(ex->resp.wait);
	ex->resp.wait = NULL;
	evtimer_del(&ex->hold);
	if (ex->conn == NULL)
		exchange_finish(ex);
	else
		second_half(ex);
}

void
exchange_release(struct exchange *ex)
{
	if (ex->state != EXCHANGE_HELD || ex->ticket_back)
		return;
	evtimer_del(&ex->hold);
	if (!http_ticket_cancel(ex->resp.wait)) {
		/* The signal was faster; its mail is on the way. */
		ex->ticket_back = true;
		return;
	}
	ex->loop->outstanding--;
	second_half(ex);
}

static void
on_hold_over(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *ex = arg;
	struct loop *l = ex->loop;

	(void)fd;
	(void)what;
	loop_wake(l);
	exchange_release(ex);
	loop_settle(l);
}

void
exchange_abandon(struct exchange *ex)
{
	detach(ex);
	switch (ex->state) {
	case EXCHANGE_HEAD:
	case EXCHANGE_BODY:
		exchange_free(ex);
		return;
	case EXCHANGE_SENDING:
		exchange_finish(ex);
		return;
	case EXCHANGE_WORKER:
		return;
	case EXCHANGE_HELD:
		if (ex->ticket_back)
			return;
		evtimer_del(&ex->hold);
		if (!http_ticket_cancel(ex->resp.wait)) {
			ex->ticket_back = true;
			return;
		}
		ex->resp.wait = NULL;
		ex->loop->outstanding--;
		exchange_finish(ex);
		return;
	}
}

void
exchange_finish(struct exchange *ex)
{
	struct loop *l = ex->loop;
	bool quiet = !ex->ran_on_worker && ex->resp.status < 400;
	int64_t us = clock_monotonic_us() - ex->start_us;

	detach(ex);
	stats_request(&l->stats, ex->req.http_version, ex->resp.status,
	    ex->ran_on_worker, us, http_resp_body(&ex->resp).n);
	/* The recorder frees it by itself, and needs no more than its size. */
	wipe(ex);
	if (log_enabled(quiet ? LOG_DEBUG : LOG_INFO))
		recorder_post(l->net->recorder, ex, us);
	else
		exchange_free(ex);
}
