#include "net/h2.h"
#include "net/loop.h"

#define MIN_RATE 1024

/* Names in canonical case become lower-case when nghttp2 copies them. */
static nghttp2_nv
field(const char *name, size_t name_n, const char *value, size_t value_n)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name,
		(uint8_t *)(uintptr_t)value, name_n, value_n,
		NGHTTP2_NV_FLAG_NONE };
}

static size_t
decimal(size_t v, char out[24])
{
	char digits[24];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	memcpy(out, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

/* How much is sent now; the octets themselves go by send_data(). */
static ssize_t
read_body(nghttp2_session *session, int32_t stream, uint8_t *buf, size_t n,
    uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct exchange *ex = source->ptr;
	size_t left = http_resp_body(&ex->resp).n - ex->sent;

	(void)session;
	(void)stream;
	(void)buf;
	(void)user;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (left <= n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)MIN_OF(left, n);
}

static int
send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
    size_t n, nghttp2_data_source *source, void *user)
{
	struct exchange *ex = source->ptr;
	struct h2 *h = user;
	struct conn *c = h->conn;
	struct buf *g = &c->loop->gather;

	(void)session;
	(void)frame;
	if (g->n >= LOOP_GATHER && !conn_send_gathered(c))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (c->out.n > 0)
		return NGHTTP2_ERR_WOULDBLOCK;
	buf_add(g, head, 9);
	buf_add(g, http_resp_body(&ex->resp).p + ex->sent, n);
	ex->sent += n;
	return 0;
}

void
h2_answer(struct conn *c, struct exchange *ex)
{
	nghttp2_nv nv[HTTP_RESP_HEADERS + 3];
	const struct http_resp *resp = &ex->resp;
	struct bytes body = http_resp_body(resp);
	nghttp2_data_provider data = { { .ptr = ex }, read_body };
	char status[24], length[24];
	struct loop *l = c->loop;
	size_t n = 0;

	loop_date(l);
	nv[n++] =
	    field(":status", 7, status, decimal((size_t)resp->status, status));
	nv[n++] = field("date", 4, l->date + 6, l->date_n - 8);
	for (size_t i = 0; i < resp->headers_n; i++)
		nv[n++] =
		    field(resp->headers[i].name, strlen(resp->headers[i].name),
			resp->headers[i].value, strlen(resp->headers[i].value));
	if (resp->status != 204 && resp->status != 304)
		nv[n++] = field(
		    "content-length", 14, length, decimal(body.n, length));
	ex->due_us = l->now_us +
	    (l->limits.body_timeout + (int64_t)(body.n / MIN_RATE)) * 1000000;
	h2_arm(c, ex->due_us);
	conn_touch(c);
	if (nghttp2_submit_response(c->h2->session, ex->stream, nv, n,
		h1_has_body(ex) && body.n > 0 ? &data : NULL) != 0)
		(void)nghttp2_submit_rst_stream(c->h2->session,
		    NGHTTP2_FLAG_NONE, ex->stream, NGHTTP2_INTERNAL_ERROR);
}

static int
on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct exchange *ex;

	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		/* Resets that the peer makes us send count as its own. */
		if (frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
			h2_count(user, H2_RESETS);
		return 0;
	}
	if ((frame->hd.type != NGHTTP2_HEADERS &&
		frame->hd.type != NGHTTP2_DATA) ||
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	ex = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (ex != NULL)
		ex->answered = true;
	/* RFC 9113 section 8.1: answered early; the rest is not wanted. */
	if (nghttp2_session_get_stream_remote_close(
		session, frame->hd.stream_id) == 0)
		(void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE,
		    frame->hd.stream_id, NGHTTP2_NO_ERROR);
	return 0;
}

void
h2_response_callbacks(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
}
