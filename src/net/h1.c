#include "net/loop.h"

/* Pipelined input that is kept while a request is answered. */
#define MAX_AHEAD 65536u
/* A refused body this short is read, so that the connection can stay. */
#define MAX_SWALLOW 65536
/* The least that a client must read, octets a second. */
#define MIN_RATE 1024
/* Of a large body in one go; then other connections have their turn. */
#define PUMP (1u << 20)

static void
send_deadline(struct conn *c, size_t left)
{
	conn_deadline(c, NET_TIMEOUT_SEND,
	    c->loop->limits.body_timeout + (int64_t)(left / MIN_RATE));
}

/* The last octet was handed to the socket, or is in `out`. */
static void
complete(struct conn *c)
{
	struct exchange *ex = c->h1.ex;

	ex->answered = true;
	exchange_finish(ex);
	c->h1.ex = NULL;
	c->h1.phase = H1_HEAD;
	c->h1.scan = (struct http_scan){ 0 };
	c->h1.swallow = false;
	if (!c->h1.keep)
		c->closing = true;
	else
		conn_deadline(
		    c, NET_TIMEOUT_IDLE, c->loop->limits.idle_timeout);
}

/* Sends from the body itself, without a copy, as far as the socket goes. */
static void
pump(struct conn *c)
{
	struct exchange *ex = c->h1.ex;
	struct bytes body = http_resp_body(&ex->resp);
	ssize_t n;

	if (c->out.n > 0)
		return;
	n = conn_write(c, body.p + ex->sent, MIN_OF(body.n - ex->sent, PUMP));
	if (n < 0)
		return;
	ex->sent += (size_t)n;
	if (ex->sent == body.n)
		complete(c);
	else
		conn_write_on(c);
}

void
h1_answer(struct conn *c, struct exchange *ex)
{
	struct buf *g = &c->loop->gather;
	struct bytes body = http_resp_body(&ex->resp);
	size_t first;

	c->h1.phase = H1_SEND;
	if (c->loop->draining)
		c->h1.keep = false;
	h1_write_head(c, ex, c->h1.keep, g);
	if (!h1_has_body(ex))
		body.n = 0;
	/* A small body goes with its head; a large one is not copied. */
	first = body.n <= LOOP_GATHER / 4 ? body.n : 0;
	buf_add(g, body.p, first);
	ex->sent = first;
	if (first == body.n) {
		complete(c);
	} else {
		if (!conn_send_gathered(c))
			return;
		send_deadline(c, body.n);
		pump(c);
	}
	if (!c->h1.consuming)
		h1_writable(c);
}

/* Input that is no request: said once, then the end. */
static void
refuse_fault(
    struct conn *c, struct exchange *ex, const struct http_fault *fault)
{
	stats_add(&c->loop->stats.faults, 1);
	ex->fault = *fault;
	c->h1.ex = ex;
	c->h1.keep = false;
	c->h1.unread = true;
	exchange_refuse(ex, fault->status, fault->why);
	conn_answer(c, ex);
}

/* Refused before the body: read a short one, leave a long one. */
static void
refuse_request(
    struct conn *c, struct exchange *ex, const struct http_head *head)
{
	if (head->content_length != 0 && head->content_length <= MAX_SWALLOW &&
	    !head->chunked && !head->expect_continue) {
		c->h1.swallow = true;
		c->h1.phase = H1_BODY;
		return;
	}
	if (head->content_length != 0) {
		c->h1.keep = false;
		c->h1.unread = true;
	}
	conn_answer(c, ex);
}

static void
begin(struct conn *c, struct exchange *ex, const struct http_head *head,
    bool more_here)
{
	struct h1 *h = &c->h1;

	h->ex = ex;
	h->keep = head->keep_alive;
	h->unread = false;
	http_body_start(&h->body, head);
	if (!exchange_route(ex, head->content_length)) {
		refuse_request(c, ex, head);
	} else if (head->content_length == 0) {
		h->phase = H1_WAIT;
		wheel_clear(&c->timer);
		exchange_dispatch(ex);
	} else {
		h->phase = H1_BODY;
		ex->state = EXCHANGE_BODY;
		/* RFC 9110 section 10.1.1: not if the body is here already. */
		if (head->expect_continue && !more_here)
			buf_add_str(
			    &c->loop->gather, "HTTP/1.1 100 Continue\r\n\r\n");
	}
	if (h->phase == H1_BODY)
		conn_deadline(
		    c, NET_TIMEOUT_BODY, c->loop->limits.body_timeout);
}

/* Octets used: none until the head is whole. */
static size_t
take_head(struct conn *c, struct bytes in)
{
	struct h1 *h = &c->h1;
	bool first = h->scan.pos == 0;
	struct http_fault fault;
	struct http_head head;
	struct exchange *ex;
	size_t used;

	switch (http_head_scan(&h->scan, in, &fault)) {
	case HTTP_PARSE_MORE:
		if (first)
			conn_deadline(c, NET_TIMEOUT_HEADER,
			    c->loop->limits.header_timeout);
		return 0;
	case HTTP_PARSE_BAD:
		refuse_fault(c, exchange_new(c->loop, c), &fault);
		return in.n;
	case HTTP_PARSE_DONE:
		break;
	}
	used = h->scan.pos;
	ex = exchange_new(c->loop, c);
	if (http_head_parse(&h->scan, in, &ex->req, &head, &fault) !=
	    HTTP_PARSE_DONE) {
		refuse_fault(c, ex, &fault);
		return in.n;
	}
	begin(c, ex, &head, used < in.n);
	return used;
}

static void
body_done(struct conn *c)
{
	struct exchange *ex = c->h1.ex;

	c->h1.phase = H1_WAIT;
	wheel_clear(&c->timer);
	if (c->h1.swallow)
		conn_answer(c, ex);
	else
		exchange_dispatch(ex);
}

static size_t
take_body(struct conn *c, struct bytes in)
{
	struct exchange *ex = c->h1.ex;
	struct bytes rest = in, data;
	struct http_fault fault;

	for (;;) {
		switch (http_body_next(&c->h1.body, &rest, &data, &fault)) {
		case HTTP_PARSE_BAD:
			refuse_fault(c, ex, &fault);
			return in.n;
		case HTTP_PARSE_DONE:
			body_done(c);
			return in.n - rest.n;
		case HTTP_PARSE_MORE:
			break;
		}
		if (data.n == 0)
			return in.n;
		if (!c->h1.swallow && !exchange_body_add(ex, data)) {
			c->h1.keep = false;
			c->h1.unread = true;
			conn_answer(c, ex);
			return in.n;
		}
	}
}

static size_t
consume(struct conn *c, struct bytes in)
{
	size_t used = 0;

	c->h1.consuming = true;
	while (c->state == CONN_H1 && !c->closing && used < in.n &&
	    c->out.n == 0) {
		struct bytes rest = bytes_of(in.p + used, in.n - used);
		size_t n;

		if (c->h1.phase == H1_HEAD)
			n = take_head(c, rest);
		else if (c->h1.phase == H1_BODY)
			n = take_body(c, rest);
		else
			break;
		used += n;
		if (n == 0 && c->h1.phase == H1_HEAD)
			break;
		if (c->loop->gather.n >= LOOP_GATHER && !conn_send_gathered(c))
			break;
	}
	c->h1.consuming = false;
	return used;
}

/* After input or output: what is next for this connection? */
static void
settle(struct conn *c)
{
	if (!conn_send_gathered(c))
		return;
	if (c->closing) {
		conn_read_off(c);
		conn_end(c, c->h1.unread);
		if (c->state == CONN_H1)
			send_deadline(c, c->out.n);
		return;
	}
	if (c->out.n > 0 && c->timer_what != NET_TIMEOUT_SEND)
		send_deadline(c, c->out.n);
	if (c->in.n > MAX_AHEAD)
		conn_read_off(c);
	else
		conn_read_on(c);
	/* The peer ended its side and has got every answer. */
	if (c->eof && c->h1.phase != H1_WAIT && c->h1.phase != H1_SEND)
		conn_end(c, false);
}

void
h1_input(struct conn *c, struct bytes data)
{
	size_t used;

	if (c->in.n == 0) {
		used = consume(c, data);
		if (used < data.n && c->state == CONN_H1 && !c->closing)
			buf_add(&c->in, data.p + used, data.n - used);
	} else {
		buf_add_bytes(&c->in, data);
		used = consume(c, buf_bytes(&c->in));
		buf_drop(&c->in, used);
		if (c->in.n == 0)
			buf_free(&c->in);
	}
	settle(c);
}

static void
deadline_after_send(struct conn *c)
{
	const struct config_limits *l = &c->loop->limits;

	if (c->h1.phase == H1_WAIT)
		wheel_clear(&c->timer);
	else if (c->h1.phase == H1_BODY)
		conn_deadline(c, NET_TIMEOUT_BODY, l->body_timeout);
	else
		conn_deadline(c, NET_TIMEOUT_IDLE, l->idle_timeout);
}

void
h1_writable(struct conn *c)
{
	if (c->state != CONN_H1)
		return;
	if (c->h1.phase == H1_SEND && c->h1.ex != NULL) {
		pump(c);
		if (c->state == CONN_CLOSED || c->h1.phase == H1_SEND)
			return;
	}
	if (c->out.n == 0 && c->timer_what == NET_TIMEOUT_SEND)
		deadline_after_send(c);
	h1_input(c, BYTES_NONE);
}

void
h1_eof(struct conn *c)
{
	/* Half-closed: the answer is still wanted. */
	if (c->h1.phase == H1_WAIT || c->h1.phase == H1_SEND)
		return;
	conn_end(c, false);
}

bool
h1_timeout(struct conn *c)
{
	static const struct http_fault late = { 408,
		"the request took too long to arrive" };

	/* What we cannot send cannot be explained either. */
	if (c->timer_what == NET_TIMEOUT_SEND || c->closing)
		return false;
	if (c->h1.phase == H1_HEAD && c->in.n > 0)
		refuse_fault(c, exchange_new(c->loop, c), &late);
	else if (c->h1.phase == H1_BODY)
		refuse_fault(c, c->h1.ex, &late);
	else
		return false;
	return true;
}

void
h1_drain(struct conn *c)
{
	if (c->h1.phase == H1_HEAD && c->in.n == 0)
		conn_end(c, false);
}
