/*
 * HTTP/2 against a live server: with nghttp2's client where a client behaves,
 * with frames by hand where it does not.
 */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "unit/net/world.h"

/* ---- a client that behaves ---- */

struct stream {
	int32_t id;
	int status;
	bool closed;
	uint32_t error;
	struct buf body;
	struct buf fields; /* "name: value\n" */
	struct bytes send;
};

struct client {
	int fd;
	nghttp2_session *session;
	bool goaway;
	uint32_t goaway_error;
	unsigned informational;
	bool ended;
};

static ssize_t
on_send(
    nghttp2_session *s, const uint8_t *data, size_t n, int flags, void *user)
{
	struct client *c = user;

	(void)s;
	(void)flags;
	client_send(c->fd, bytes_of(data, n));
	return (ssize_t)n;
}

static int
on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name,
    size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
    void *user)
{
	struct stream *st =
	    nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
	struct client *c = user;

	(void)flags;
	if (bytes_is(bytes_of(name, name_n), ":status")) {
		st->status = atoi((const char *)value);
		c->informational += st->status < 200;
	}
	buf_add(&st->fields, name, name_n);
	buf_add_str(&st->fields, ": ");
	buf_add(&st->fields, value, value_n);
	buf_add_str(&st->fields, "\n");
	return 0;
}

static int
on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data,
    size_t n, void *user)
{
	struct stream *st = nghttp2_session_get_stream_user_data(s, id);

	(void)flags;
	(void)user;
	buf_add(&st->body, data, n);
	return 0;
}

static int
on_close(nghttp2_session *s, int32_t id, uint32_t error, void *user)
{
	struct stream *st = nghttp2_session_get_stream_user_data(s, id);

	(void)user;
	st->closed = true;
	st->error = error;
	return 0;
}

static int
on_frame(nghttp2_session *s, const nghttp2_frame *f, void *user)
{
	struct client *c = user;

	(void)s;
	if (f->hd.type == NGHTTP2_GOAWAY) {
		c->goaway = true;
		c->goaway_error = f->goaway.error_code;
	}
	return 0;
}

static ssize_t
read_body(nghttp2_session *s, int32_t id, uint8_t *buf, size_t n,
    uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct stream *st = source->ptr;

	(void)s;
	(void)id;
	(void)user;
	n = MIN_OF(n, st->send.n);
	memcpy(buf, st->send.p, n);
	st->send.p += n;
	st->send.n -= n;
	if (st->send.n == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static void
client_begin(struct client *c, unsigned port, int32_t window)
{
	const nghttp2_settings_entry setting = {
		NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)window
	};
	nghttp2_session_callbacks *cb;

	*c = (struct client){ .fd = client_open(port) };
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_send_callback(cb, on_send);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_client_new(&c->session, cb, c);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(
	    c->session, NGHTTP2_FLAG_NONE, &setting, window < 0 ? 0 : 1);
}

static void
client_end(struct client *c)
{
	nghttp2_session_del(c->session);
	close(c->fd);
}

#define NV(n, v)                                                               \
	{                                                                      \
		(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v),          \
		    strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE                 \
	}

static void
client_submit(struct client *c, struct stream *st, const char *method,
    const char *path, const char *name, const char *value)
{
	const nghttp2_nv nv[] = { NV(":method", method), NV(":scheme", "http"),
		NV(":authority", "a"), NV(":path", path), NV(name, value) };
	nghttp2_data_provider data = { { .ptr = st }, read_body };

	st->id = nghttp2_submit_request(
	    c->session, NULL, nv, 5, st->send.p != NULL ? &data : NULL, st);
	assert_true(st->id > 0);
}

/* Sends what waits, takes one piece of what comes. */
static void
client_step(struct client *c)
{
	uint8_t b[16384];
	ssize_t n;

	assert_int_equal(nghttp2_session_send(c->session), 0);
	n = recv(c->fd, b, sizeof(b), 0);
	if (n <= 0 || nghttp2_session_mem_recv(c->session, b, (size_t)n) < 0)
		c->ended = true;
}

/* Goes on until the stream is closed, or the server has gone (NULL too). */
static void
client_run(struct client *c, const struct stream *st)
{
	while (!c->ended && (st == NULL || !st->closed))
		client_step(c);
	(void)nghttp2_session_send(c->session);
}

static void
stream_free(struct stream *st)
{
	buf_free(&st->body);
	buf_free(&st->fields);
}

static void
simple_answers(void **state)
{
	static const struct {
		const char *method, *path, *name, *value;
		int status;
		size_t body;
	} rows[] = {
		{ "GET", "/blob", "x", "y", 200, 100 },
		{ "HEAD", "/blob", "x", "y", 200, 0 },
		{ "GET", "/blob", "if-none-match", "\"v1\"", 304, 0 },
		{ "GET", "/blob", "range", "bytes=0-9", 206, 10 },
		{ "GET", "/peer?q", "x", "y", 200, 9 },
		{ "GET", "/none", "x", "y", 404, 28 },
		{ "DELETE", "/blob", "x", "y", 405, 58 },
		{ "GET", "/big", "x", "y", 200, BIG_BODY },
		{ "OPTIONS", "*", "x", "y", 204, 0 },
		{ "GET", "/bl ob", "x", "y", 0, 0 },
		{ "GET", "/x#y", "x", "y", 400, 87 },
	};
	struct client c;

	(void)state;
	client_begin(&c, world.ports[PORT_HTTP], -1);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct stream st = { 0 };

		client_submit(&c, &st, rows[i].method, rows[i].path,
		    rows[i].name, rows[i].value);
		client_run(&c, &st);
		assert_true(st.closed);
		if (st.status != rows[i].status)
			fail_msg("%s: %d", rows[i].path, st.status);
		if (st.status != 400)
			assert_int_equal(st.body.n, rows[i].body);
		if (rows[i].body == BIG_BODY)
			assert_true(bytes_equal(
			    buf_bytes(&st.body), blob_bytes(world.big)));
		if (st.status != 0)
			assert_non_null(
			    strstr(buf_cstr(&st.fields), "\ndate: "));
		stream_free(&st);
	}
	assert_false(c.goaway);
	client_end(&c);
}

static void
bodies_are_flow_controlled(void **state)
{
	static uint8_t data[100000];
	struct client c;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 3 + i / 256);
	client_begin(&c, world.ports[PORT_HTTP], 1000);
	for (int i = 0; i < 3; i++) {
		struct stream st = { .send = bytes_of(data, sizeof(data)) };

		client_submit(&c, &st, "POST", "/echo", "x", "y");
		client_run(&c, &st);
		assert_int_equal(st.status, 200);
		assert_true(bytes_equal(
		    buf_bytes(&st.body), bytes_of(data, sizeof(data))));
		stream_free(&st);
	}
	client_end(&c);
}

static void
bodies_are_capped(void **state)
{
	static uint8_t data[300000];
	struct stream st = { .send = bytes_of(data, sizeof(data)) };
	struct stream declared = { .send = bytes_of(data, sizeof(data)) };
	struct stream next = { 0 };
	struct client c;

	(void)state;
	client_begin(&c, world.ports[PORT_HTTP], -1);
	client_submit(&c, &st, "POST", "/echo", "x", "y");
	client_run(&c, &st);
	assert_int_equal(st.status, 413);
	client_submit(
	    &c, &declared, "POST", "/echo", "content-length", "300000");
	client_run(&c, &declared);
	assert_int_equal(declared.status, 413);
	/* The connection is none the worse. */
	client_submit(&c, &next, "GET", "/blob", "x", "y");
	client_run(&c, &next);
	assert_int_equal(next.status, 200);
	stream_free(&st);
	stream_free(&declared);
	stream_free(&next);
	client_end(&c);
}

static void
many_streams_at_once(void **state)
{
	struct stream st[90] = { 0 };
	struct client c;

	(void)state;
	client_begin(&c, world.ports[PORT_HTTP], -1);
	for (size_t i = 0; i < COUNT_OF(st); i++)
		client_submit(
		    &c, &st[i], "GET", i % 2 ? "/peer" : "/blob", "x", "y");
	for (size_t i = 0; i < COUNT_OF(st); i++) {
		client_run(&c, &st[i]);
		assert_int_equal(st[i].status, 200);
		assert_int_equal(st[i].body.n, i % 2 ? 9 : 100);
		stream_free(&st[i]);
	}
	client_end(&c);
}

static void
header_lists_are_capped(void **state)
{
	static char value[30000];
	const nghttp2_nv nv[] = { NV(":method", "GET"), NV(":scheme", "http"),
		NV(":authority", "a"), NV(":path", "/blob"), NV("a", value),
		NV("b", value) };
	struct stream st = { 0 };
	struct client c;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	client_begin(&c, world.ports[PORT_HTTP], -1);
	/* The lengths in nv were taken when the value was empty. */
	nghttp2_nv long_nv[6];

	memcpy(long_nv, nv, sizeof(nv));
	long_nv[4].valuelen = long_nv[5].valuelen = sizeof(value) - 1;
	st.id = nghttp2_submit_request(c.session, NULL, long_nv, 6, NULL, &st);
	client_run(&c, &st);
	assert_int_equal(st.status, 431);
	stream_free(&st);
	client_end(&c);
}

static void
expect_continue(void **state)
{
	struct stream st = { .send = bytes_str("abc") };
	struct client c;

	(void)state;
	client_begin(&c, world.ports[PORT_HTTP], -1);
	client_submit(&c, &st, "POST", "/echo", "expect", "100-continue");
	client_run(&c, &st);
	assert_int_equal(c.informational, 1);
	assert_int_equal(st.status, 200);
	stream_free(&st);
	client_end(&c);
}

/* Cancelled while a worker has it: the answer finds nobody. */
static void
a_cancelled_request_is_dropped(void **state)
{
	struct stream st = { 0 }, next = { 0 };
	struct client c;

	(void)state;
	client_begin(&c, world.ports[PORT_HTTP], -1);
	client_submit(&c, &st, "GET", "/slow", "x", "y");
	assert_int_equal(nghttp2_session_send(c.session), 0);
	sem_wait(&world.entered);
	nghttp2_submit_rst_stream(
	    c.session, NGHTTP2_FLAG_NONE, st.id, NGHTTP2_CANCEL);
	client_submit(&c, &next, "GET", "/blob", "x", "y");
	client_run(&c, &next);
	assert_int_equal(next.status, 200);
	sem_post(&world.go);
	stream_free(&st);
	stream_free(&next);
	client_end(&c);
}

static void
held_replies(void **state)
{
	struct stream a = { 0 }, b = { 0 };
	struct client c;

	(void)state;
	client_begin(&c, world.ports[PORT_HTTP], -1);
	client_submit(&c, &a, "GET", "/hold/60000", "x", "y");
	client_submit(&c, &b, "GET", "/hold/20", "x", "y");
	assert_int_equal(nghttp2_session_send(c.session), 0);
	sem_wait(&world.entered);
	sem_wait(&world.entered);
	client_run(&c, &b);
	assert_false(a.closed);
	http_waits_signal(world.waits, "job");
	client_run(&c, &a);
	assert_string_equal(buf_cstr(&a.body), "second half");
	assert_string_equal(buf_cstr(&b.body), "second half");
	stream_free(&a);
	stream_free(&b);
	client_end(&c);
}

/* ---- clients that do not ---- */

static void
frame(struct buf *b, uint8_t type, uint8_t flags, uint32_t stream,
    const void *payload, size_t n)
{
	const uint8_t head[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8),
		(uint8_t)n, type, flags, (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16), (uint8_t)(stream >> 8),
		(uint8_t)stream };

	buf_add(b, head, sizeof(head));
	buf_add(b, payload, n);
}

/* :method GET, :scheme http, :path /slow or another of five octets, all from
 * the static table or literal without indexing (RFC 7541). */
static const char get_block[] = "\x82\x86\x04\x05/blob\x01\x01"
				"a";

static void
begin_raw(struct buf *b)
{
	buf_add_str(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(b, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
}

/* The error code of the GOAWAY that ends the connection; -1 without one. */
static int64_t
goaway_of(int fd)
{
	AUTO_BUF in = { 0 };
	int64_t code = -1;

	for (;;) {
		uint8_t b[16384];
		ssize_t n = recv(fd, b, sizeof(b), 0);

		if (n <= 0)
			return code;
		buf_add(&in, b, (size_t)n);
		while (in.n >= 9) {
			size_t len = (size_t)in.p[0] << 16 |
			    (size_t)in.p[1] << 8 | in.p[2];

			if (in.n < 9 + len)
				break;
			if (in.p[3] == NGHTTP2_GOAWAY && len >= 8)
				code = (int64_t)in.p[13] << 24 |
				    in.p[14] << 16 | in.p[15] << 8 | in.p[16];
			buf_drop(&in, 9 + len);
		}
	}
}

static int64_t
abuse(const struct buf *b)
{
	int fd = client_open(world.ports[PORT_HTTP]);
	int64_t code;

	client_send(fd, buf_bytes(b));
	code = goaway_of(fd);
	close(fd);
	return code;
}

static void
rapid_reset(void **state)
{
	static const uint8_t cancel[4] = { 0, 0, 0, NGHTTP2_CANCEL };
	uint64_t before = world_stats(&world).h2_abuse;
	AUTO_BUF b = { 0 };

	(void)state;
	begin_raw(&b);
	for (uint32_t i = 0; i < 1000; i++) {
		frame(&b, NGHTTP2_HEADERS, 5, 2 * i + 1, get_block,
		    sizeof(get_block) - 1);
		frame(&b, NGHTTP2_RST_STREAM, 0, 2 * i + 1, cancel, 4);
	}
	assert_int_equal(abuse(&b), NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(world_stats(&world).h2_abuse, before + 1);
}

/* Frames that make the server reset streams are no better. */
static void
resets_that_we_are_made_to_send(void **state)
{
	static const uint8_t zero[4] = { 0 };
	AUTO_BUF b = { 0 };

	(void)state;
	begin_raw(&b);
	for (uint32_t i = 0; i < 1000; i++) {
		frame(&b, NGHTTP2_HEADERS, 4, 2 * i + 1, get_block,
		    sizeof(get_block) - 1);
		frame(&b, NGHTTP2_WINDOW_UPDATE, 0, 2 * i + 1, zero, 4);
	}
	assert_int_not_equal(abuse(&b), -1);
}

static void
floods(void **state)
{
	static const uint8_t eight[8] = { 0 }, priority[5] = { 0, 0, 0, 0, 1 };
	static const struct {
		uint8_t type;
		uint32_t stream;
		const uint8_t *payload;
		size_t n;
	} rows[] = {
		{ NGHTTP2_SETTINGS, 0, NULL, 0 },
		{ NGHTTP2_PING, 0, eight, 8 },
		{ NGHTTP2_PRIORITY, 3, priority, 5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF b = { 0 };

		begin_raw(&b);
		for (int k = 0; k < 3000; k++)
			frame(&b, rows[i].type, 0, rows[i].stream,
			    rows[i].payload, rows[i].n);
		if (abuse(&b) != NGHTTP2_ENHANCE_YOUR_CALM)
			fail_msg("row %zu was let through", i);
	}
}

static void
empty_data(void **state)
{
	/* POST instead of GET, so that DATA may follow. */
	static const char block[] = "\x83\x86\x04\x05/echo\x01\x01"
				    "a";
	AUTO_BUF b = { 0 };

	(void)state;
	begin_raw(&b);
	frame(&b, NGHTTP2_HEADERS, 4, 1, block, sizeof(block) - 1);
	for (int k = 0; k < 1000; k++)
		frame(&b, NGHTTP2_DATA, 0, 1, NULL, 0);
	assert_int_equal(abuse(&b), NGHTTP2_ENHANCE_YOUR_CALM);
}

static void
endless_continuation(void **state)
{
	AUTO_BUF b = { 0 };

	(void)state;
	begin_raw(&b);
	frame(&b, NGHTTP2_HEADERS, 1, 1, get_block, sizeof(get_block) - 1);
	for (int k = 0; k < 1000; k++)
		frame(&b, NGHTTP2_CONTINUATION, 0, 1,
		    "\x00\x01"
		    "b\x01"
		    "c",
		    5);
	assert_int_not_equal(abuse(&b), -1);
}

static void
not_http2_after_the_preface(void **state)
{
	AUTO_BUF b = { 0 };

	(void)state;
	buf_add_str(&b,
	    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	    "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_not_equal(abuse(&b), -1);
	/* A wrong preface is not HTTP/1.1 either. */
	b.n = 0;
	buf_add_str(&b, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
	assert_int_equal(abuse(&b), -1);
}

/* A connection error while a worker has a request: its answer comes when the
 * connection only waits for the peer's end. */
static void
a_fault_drops_what_is_with_workers(void **state)
{
	static const char block[] = "\x82\x86\x04\x05/slow\x01\x01"
				    "a";
	int fd = client_open(world.ports[PORT_HTTP]);
	struct answer a = { 0 };
	AUTO_BUF b = { 0 };

	(void)state;
	begin_raw(&b);
	frame(&b, NGHTTP2_HEADERS, 5, 1, block, sizeof(block) - 1);
	client_send(fd, buf_bytes(&b));
	sem_wait(&world.entered);
	b.n = 0;
	frame(&b, NGHTTP2_DATA, 0, 0, "x", 1);
	client_send(fd, buf_bytes(&b));
	assert_int_equal(goaway_of(fd), NGHTTP2_PROTOCOL_ERROR);
	sem_post(&world.go);
	/* The server is none the worse. */
	assert_int_equal(client_ask(world.ports[PORT_HTTP],
			     "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n", &a),
	    200);
	close(fd);
	answer_free(&a);
}

/* Prior knowledge is for the http listener: elsewhere the preface is a fault.
 */
static void
prior_knowledge_only_where_it_belongs(void **state)
{
	struct answer a = { 0 };

	(void)state;
	client_ask(
	    world.ports[PORT_OPS], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &a);
	assert_int_equal(a.status, 505);
	answer_free(&a);
}

static void
too_many_streams(void **state)
{
	struct stream st[20] = { 0 };
	struct client c;
	struct world w;
	unsigned refused = 0;

	(void)state;
	world_init(&w);
	w.limits.max_streams = 10;
	world_start(&w);
	client_begin(&c, w.ports[PORT_HTTP], -1);
	for (size_t i = 0; i < COUNT_OF(st); i++)
		client_submit(&c, &st[i], "GET", "/slow", "x", "y");
	for (size_t i = 0; i < COUNT_OF(st); i++)
		sem_post(&w.go);
	for (size_t i = 0; i < COUNT_OF(st); i++) {
		client_run(&c, &st[i]);
		if (st[i].status != 200) {
			assert_int_equal(st[i].error, NGHTTP2_REFUSED_STREAM);
			refused++;
		}
		stream_free(&st[i]);
	}
	/* The settings may or may not have come before the requests. */
	assert_true(refused <= 10);
	client_end(&c);
	world_stop(&w);
}

static void
slow_streams(void **state)
{
	struct stream body = { 0 }, blocked = { 0 };
	struct net_stats s;
	struct client c;
	struct world w;
	AUTO_BUF b = { 0 };
	int fd;

	(void)state;
	world_init(&w);
	w.limits.header_timeout = w.limits.body_timeout = 1;
	w.limits.idle_timeout = 2;
	world_start(&w);
	/* A header block that never ends. */
	fd = client_open(w.ports[PORT_HTTP]);
	begin_raw(&b);
	frame(&b, NGHTTP2_HEADERS, 1, 1, get_block, sizeof(get_block) - 1);
	client_send(fd, buf_bytes(&b));
	/* A window that never opens, so the answer cannot be sent. */
	client_begin(&c, w.ports[PORT_HTTP], 0);
	client_submit(&c, &blocked, "GET", "/blob", "x", "y");
	client_run(&c, &blocked);
	assert_int_equal(blocked.error, NGHTTP2_CANCEL);
	/* Then nothing: idle. */
	client_run(&c, NULL);
	assert_true(c.goaway);
	assert_int_equal(c.goaway_error, NGHTTP2_NO_ERROR);
	assert_int_not_equal(goaway_of(fd), -1);
	s = world_stats(&w);
	assert_int_equal(s.timeouts[NET_TIMEOUT_HEADER], 1);
	assert_int_equal(s.timeouts[NET_TIMEOUT_SEND], 1);
	assert_int_equal(s.timeouts[NET_TIMEOUT_IDLE], 1);
	stream_free(&body);
	stream_free(&blocked);
	close(fd);
	client_end(&c);
	world_stop(&w);
}

static void
draining_says_goaway(void **state)
{
	struct stream st = { 0 };
	struct client c;
	struct world w;

	(void)state;
	world_init(&w);
	world_start(&w);
	client_begin(&c, w.ports[PORT_HTTP], -1);
	client_submit(&c, &st, "GET", "/slow", "x", "y");
	assert_int_equal(nghttp2_session_send(c.session), 0);
	sem_wait(&w.entered);
	assert_false(net_drain(w.net, 1));
	while (!c.goaway)
		client_step(&c);
	sem_post(&w.go);
	client_run(&c, &st);
	assert_int_equal(st.status, 200);
	assert_true(net_drain(w.net, 10000));
	stream_free(&st);
	client_end(&c);
	world_stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_answers),
		cmocka_unit_test(bodies_are_flow_controlled),
		cmocka_unit_test(bodies_are_capped),
		cmocka_unit_test(many_streams_at_once),
		cmocka_unit_test(header_lists_are_capped),
		cmocka_unit_test(expect_continue),
		cmocka_unit_test(a_cancelled_request_is_dropped),
		cmocka_unit_test(held_replies),
		cmocka_unit_test(rapid_reset),
		cmocka_unit_test(resets_that_we_are_made_to_send),
		cmocka_unit_test(floods),
		cmocka_unit_test(empty_data),
		cmocka_unit_test(endless_continuation),
		cmocka_unit_test(not_http2_after_the_preface),
		cmocka_unit_test(a_fault_drops_what_is_with_workers),
		cmocka_unit_test(prior_knowledge_only_where_it_belongs),
		cmocka_unit_test(too_many_streams),
		cmocka_unit_test(slow_streams),
		cmocka_unit_test(draining_says_goaway),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
