#include <strings.h>
#include "net/h2.h"
#include "net/loop.h"

static void
refuse(struct exchange *ex, int status, const char *why)
{
	ex->fault = (struct http_fault){ status, why };
	stats_add(&ex->loop->stats.faults, 1);
	exchange_refuse(ex, status, why);
	conn_answer(ex->conn, ex);
}

static struct exchange *
exchange_of(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
	(void)session;
	h2_count_frame(user, hd);
	return 0;
}

static int
on_begin_headers(
    nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2 *h = user;
	struct conn *c = h->conn;
	struct exchange *ex;

	/* Until the block is whole, nothing else may come on this connection:
	 * a header that never ends is the slow-loris of HTTP/2. */
	if (frame->hd.flags & NGHTTP2_FLAG_END_HEADERS) {
		h->head_since = 0;
	} else {
		h->head_since = c->loop->now_us;
		h2_arm(c,
		    h->head_since + c->loop->limits.header_timeout * 1000000);
	}
	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	ex = exchange_new(c->loop, c);
	ex->stream = frame->hd.stream_id;
	ex->state = EXCHANGE_HEAD;
	ex->req.http_version = 20;
	h->active = c->loop->now_us;
	return nghttp2_session_set_stream_user_data(session, ex->stream, ex) ==
		0
	    ? 0
	    : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static bool
name_is(const uint8_t *name, size_t n, const char *want, size_t want_n)
{
	return n == want_n && memcmp(name, want, n) == 0;
}

#define NAME_IS(name, n, lit) name_is(name, n, lit, sizeof(lit) - 1)

/* nghttp2 has held names, values and pseudo-fields against RFC 9113, 8.2. */
static void
take_pseudo(struct exchange *ex, const uint8_t *name, size_t name_n,
    const uint8_t *value, size_t n)
{
	if (NAME_IS(name, name_n, ":method"))
		ex->req.method = http_method_parse(bytes_of(value, n));
	else if (NAME_IS(name, name_n, ":path") && n <= HTTP_MAX_REQUEST_LINE)
		ex->req.target = arena_str(ex->arena, bytes_of(value, n));
}

static void
take_field(struct exchange *ex, const uint8_t *name, size_t name_n,
    const uint8_t *value, size_t n)
{
	struct http_header *f;

	if (ex->req.headers == NULL)
		ex->req.headers = arena_array(
		    ex->arena, HTTP_MAX_HEADER_COUNT, sizeof(*ex->req.headers));
	f = &ex->req.headers[ex->req.headers_n++];
	f->name = arena_str(ex->arena, bytes_of(name, name_n));
	f->value = arena_str(ex->arena, bytes_of(value, n));
	if (NAME_IS(name, name_n, "content-length")) {
		int64_t v = 0;

		/* Its form was checked; 18 digits do not overflow. */
		for (size_t i = 0; i < n && i < 18; i++)
			v = v * 10 + (value[i] - '0');
		ex->declared = n > 18 ? INT64_MAX : v;
	} else if (NAME_IS(name, name_n, "expect")) {
		ex->expect_continue = strcasecmp(f->value, "100-continue") == 0;
	}
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_n, const uint8_t *value, size_t value_n,
    uint8_t flags, void *user)
{
	struct exchange *ex = exchange_of(session, frame->hd.stream_id);

	(void)flags;
	(void)user;
	/* Trailers are dropped; so is what follows a fault. */
	if (ex == NULL || ex->state != EXCHANGE_HEAD || ex->fault.status != 0)
		return 0;
	ex->field_octets += name_n + value_n + 32;
	if (ex->field_octets > HTTP_MAX_HEADERS + HTTP_MAX_REQUEST_LINE ||
	    ex->req.headers_n == HTTP_MAX_HEADER_COUNT)
		ex->fault =
		    (struct http_fault){ 431, "header section is too long" };
	else if (name_n > 0 && name[0] == ':')
		take_pseudo(ex, name, name_n, value, value_n);
	else
		take_field(ex, name, name_n, value, value_n);
	return 0;
}

static int
on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_n, const uint8_t *value, size_t value_n,
    uint8_t flags, void *user)
{
	(void)session;
	(void)frame;
	(void)name;
	(void)name_n;
	(void)value;
	(void)value_n;
	(void)flags;
	(void)user;
	/* RFC 9113 section 8.1.1: malformed, a stream error. */
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void
head_done(struct h2 *h, struct exchange *ex, bool end_stream)
{
	const struct config_limits *limits = &ex->loop->limits;

	if (ex->fault.status == 0 && ex->req.target == NULL)
		ex->fault =
		    (struct http_fault){ 414, "request target is too long" };
	if (ex->fault.status == 0)
		(void)!http_target_parse(&ex->req, ex->req.target, &ex->fault);
	if (ex->fault.status != 0) {
		ex->req.path = NULL;
		refuse(ex, ex->fault.status, ex->fault.why);
		return;
	}
	if (!exchange_route(ex, end_stream ? 0 : ex->declared)) {
		conn_answer(h->conn, ex);
		return;
	}
	if (end_stream) {
		exchange_dispatch(ex);
		return;
	}
	ex->state = EXCHANGE_BODY;
	ex->due_us = ex->loop->now_us + limits->body_timeout * 1000000;
	h2_arm(h->conn, ex->due_us);
	if (ex->expect_continue) {
		const nghttp2_nv nv = { (uint8_t *)(uintptr_t) ":status",
			(uint8_t *)(uintptr_t) "100", 7, 3,
			NGHTTP2_NV_FLAG_NONE };

		(void)nghttp2_submit_headers(h->session, NGHTTP2_FLAG_NONE,
		    ex->stream, NULL, &nv, 1, NULL);
	}
}

static int
on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	struct h2 *h = user;
	struct exchange *ex;

	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->head_since = 0;
	ex = exchange_of(session, frame->hd.stream_id);
	if (ex == NULL)
		return 0;
	if (ex->state == EXCHANGE_HEAD) {
		head_done(h, ex, end);
	} else if (end && ex->state == EXCHANGE_BODY) {
		ex->due_us = 0;
		exchange_dispatch(ex);
	}
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
    const uint8_t *data, size_t n, void *user)
{
	struct exchange *ex = exchange_of(session, stream);

	(void)flags;
	(void)user;
	/* After a refusal the rest is let through the window, unread. */
	if (ex == NULL || ex->state != EXCHANGE_BODY)
		return 0;
	if (!exchange_body_add(ex, bytes_of(data, n)))
		conn_answer(ex->conn, ex);
	return 0;
}

static int
on_stream_close(
    nghttp2_session *session, int32_t stream, uint32_t code, void *user)
{
	struct exchange *ex = exchange_of(session, stream);
	struct h2 *h = user;

	(void)code;
	h->active = h->conn->loop->now_us;
	if (ex == NULL)
		return 0;
	(void)nghttp2_session_set_stream_user_data(session, stream, NULL);
	if (ex->state == EXCHANGE_SENDING && ex->answered)
		exchange_finish(ex);
	else
		exchange_abandon(ex);
	return 0;
}

void
h2_request_callbacks(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(
	    cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(
	    cb, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(
	    cb, on_stream_close);
}
