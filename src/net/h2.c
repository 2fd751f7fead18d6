#include <stdlib.h>
#include "net/h2.h"
#include "net/loop.h"
#include "util/log.h"

/* RFC 9113 section 6.8: one round trip between the two GOAWAYs. */
#define DRAIN_US 300000

bool
h2_loop_init(struct loop *l, struct err *err)
{
	if (nghttp2_session_callbacks_new(&l->h2_callbacks) != 0 ||
	    nghttp2_option_new(&l->h2_option) != 0)
		return fail(err, ERR_INTERNAL, "nghttp2 has no memory");
	h2_request_callbacks(l->h2_callbacks);
	h2_response_callbacks(l->h2_callbacks);
	/* Pings and settings that wait to be acknowledged. */
	nghttp2_option_set_max_outbound_ack(l->h2_option, 100);
	/* Closed streams are not kept for the priority tree. */
	nghttp2_option_set_no_closed_streams(l->h2_option, 1);
	return true;
}

void
h2_loop_done(struct loop *l)
{
	nghttp2_session_callbacks_del(l->h2_callbacks);
	nghttp2_option_del(l->h2_option);
	l->h2_callbacks = NULL;
	l->h2_option = NULL;
}

void
h2_start(struct conn *c)
{
	struct loop *l = c->loop;
	struct h2 *h = mem_alloc(sizeof(*h));
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		    (uint32_t)l->limits.max_streams },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
		    HTTP_MAX_HEADERS + HTTP_MAX_REQUEST_LINE },
	};

	h->conn = c;
	h->window = h->active = l->now_us;
	c->h2 = h;
	c->state = CONN_H2;
	wheel_clear(&c->timer);
	if (nghttp2_session_server_new2(
		&h->session, l->h2_callbacks, h, l->h2_option) != 0 ||
	    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
		COUNT_OF(settings)) != 0)
		abort(); /* only for lack of memory */
	h2_arm(c, l->now_us + l->limits.idle_timeout * 1000000);
	conn_touch(c);
}

void
h2_free(struct h2 *h)
{
	if (h == NULL)
		return;
	nghttp2_session_del(h->session);
	free(h);
}

void
h2_input(struct conn *c, struct bytes data)
{
	ssize_t n = nghttp2_session_mem_recv(c->h2->session, data.p, data.n);

	conn_touch(c);
	if (n >= 0)
		return;
	/* Not HTTP/2 at all, or the flood limits of the library. */
	stats_add(&c->loop->stats.faults, 1);
	if (n == NGHTTP2_ERR_FLOODED)
		stats_add(&c->loop->stats.h2_abuse, 1);
	(void)nghttp2_session_terminate_session(c->h2->session,
	    n == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM
				     : NGHTTP2_PROTOCOL_ERROR);
	conn_read_off(c);
	c->closing = c->linger = true;
}

void
h2_flush(struct conn *c)
{
	nghttp2_session *s = c->h2->session;
	struct buf *g = &c->loop->gather;

	while (c->state == CONN_H2 && c->out.n == 0) {
		const uint8_t *p;
		ssize_t n = nghttp2_session_mem_send(s, &p);

		if (n < 0) {
			g->n = 0;
			conn_close(c);
			return;
		}
		if (n == 0)
			break;
		buf_add(g, p, (size_t)n);
		if (g->n >= LOOP_GATHER && !conn_send_gathered(c))
			return;
	}
	if (!conn_send_gathered(c) || c->state != CONN_H2)
		return;
	if (c->out.n > 0) {
		/* A peer that takes nothing gets nothing more. */
		if (c->h2->blocked == 0)
			c->h2->blocked = c->loop->now_us;
		h2_arm(
		    c, c->h2->blocked + c->loop->limits.body_timeout * 1000000);
		conn_read_off(c);
		return;
	}
	c->h2->blocked = 0;
	if (c->closing ||
	    (nghttp2_session_want_read(s) == 0 &&
		nghttp2_session_want_write(s) == 0))
		conn_end(c, true);
	else
		conn_read_on(c);
}

void
h2_arm(struct conn *c, int64_t due_us)
{
	if (c->timer.due == 0 || due_us < c->timer.due)
		wheel_set(&c->loop->wheel, &c->timer, due_us);
}

static void
timed_out(struct conn *c, enum net_timeout what)
{
	stats_add(&c->loop->stats.timeouts[what], 1);
	if (what == NET_TIMEOUT_SEND) {
		conn_close(c);
		return;
	}
	(void)nghttp2_session_terminate_session(c->h2->session,
	    what == NET_TIMEOUT_IDLE ? NGHTTP2_NO_ERROR
				     : NGHTTP2_ENHANCE_YOUR_CALM);
	c->closing = c->linger = true;
	h2_flush(c);
}

/* Streams whose body or answer is overdue; the earliest other deadline. */
static int64_t
check_streams(struct conn *c)
{
	int64_t next = INT64_MAX;
	struct exchange *ex;

	TAILQ_FOREACH (ex, &c->exchanges, link) {
		if (ex->due_us == 0)
			continue;
		if (ex->due_us > c->loop->now_us) {
			next = MIN_OF(next, ex->due_us);
			continue;
		}
		ex->due_us = 0;
		stats_add(&c->loop->stats.timeouts[ex->state == EXCHANGE_SENDING
				  ? NET_TIMEOUT_SEND
				  : NET_TIMEOUT_BODY],
		    1);
		(void)nghttp2_submit_rst_stream(c->h2->session,
		    NGHTTP2_FLAG_NONE, ex->stream, NGHTTP2_CANCEL);
	}
	return next;
}

void
h2_deadline(struct conn *c)
{
	const struct config_limits *l = &c->loop->limits;
	struct h2 *h = c->h2;
	int64_t now = c->loop->now_us, next, due;

	if (h->drain_notice) {
		h->drain_notice = false;
		(void)nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
		    nghttp2_session_get_last_proc_stream_id(h->session),
		    NGHTTP2_NO_ERROR, NULL, 0);
	}
	next = check_streams(c);
	if (h->blocked != 0) {
		due = h->blocked + l->body_timeout * 1000000;
		if (due <= now) {
			timed_out(c, NET_TIMEOUT_SEND);
			return;
		}
		next = MIN_OF(next, due);
	}
	if (h->head_since != 0) {
		due = h->head_since + l->header_timeout * 1000000;
		if (due <= now) {
			timed_out(c, NET_TIMEOUT_HEADER);
			return;
		}
		next = MIN_OF(next, due);
	}
	due = h->active + l->idle_timeout * 1000000;
	if (TAILQ_EMPTY(&c->exchanges) && due <= now) {
		timed_out(c, NET_TIMEOUT_IDLE);
		return;
	}
	/* With streams open, idleness begins later. */
	next = MIN_OF(next, MAX_OF(due, now + 1000000));
	wheel_set(&c->loop->wheel, &c->timer, next);
	h2_flush(c);
}

void
h2_drain(struct conn *c)
{
	(void)nghttp2_submit_shutdown_notice(c->h2->session);
	c->h2->drain_notice = true;
	h2_arm(c, c->loop->now_us + DRAIN_US);
	h2_flush(c);
}
