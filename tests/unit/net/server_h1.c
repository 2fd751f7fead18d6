/* HTTP/1.1 against a live server, by raw sockets. */
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "unit/net/world.h"
#include "util/log.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void
simple_answers(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{ GET("/blob"), 200 },
		{ "GET /blob HTTP/1.0\r\n\r\n", 200 },
		{ GET("/none"), 404 },
		{ GET("/cert"), 404 },
		{ "DELETE /blob HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
		  "abc",
		    200 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\n"
		  "Content-Length: 100001\r\n\r\n",
		    413 },
		{ "POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		  "Content-Type: application/x-test\r\n\r\nabc",
		    200 },
		{ "POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		  "\r\nabc",
		    415 },
		{ "GET /blob HTTP/1.1\r\nHost: a\r\n"
		  "If-None-Match: \"v1\"\r\n\r\n",
		    304 },
		{ "GET /blob HTTP/1.1\r\nHost: a\r\nRange: bytes=1-3\r\n\r\n",
		    206 },
		{ "GET /blob HTTP/1.1\nHost: a\r\n\r\n", 400 },
		{ "GET /blob HTTP/1.1\r\n\r\n", 400 },
		{ "\x16\x03\x01\x02\x00", 400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		    400 },
	};
	struct answer a = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		client_ask(world.ports[PORT_HTTP], rows[i].text, &a);
		if (a.status != rows[i].status)
			fail_msg("row %zu: %d", i, a.status);
		assert_non_null(answer_field(&a, "Date"));
		assert_null(answer_field(&a, "Server"));
		assert_null(answer_field(&a, "Transfer-Encoding"));
	}
	answer_free(&a);
}

/* dehydrated, getssl and acme-tiny read header names by case (reference 1). */
static void
header_case_is_canonical(void **state)
{
	struct answer a = { 0 };

	(void)state;
	client_ask(world.ports[PORT_HTTP], GET("/blob"), &a);
	assert_string_equal(
	    answer_field(&a, "Content-Type"), "application/octet-stream");
	assert_string_equal(answer_field(&a, "Content-Length"), "100");
	assert_string_equal(answer_field(&a, "Replay-Nonce"), "abc");
	assert_null(answer_field(&a, "Connection"));
	answer_free(&a);
}

static void
head_keeps_the_length(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	client_say(r.fd, "HEAD /blob HTTP/1.1\r\nHost: a\r\n\r\n" GET("/peer"));
	client_read(&r, true, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_field(&a, "Content-Length"), "100");
	client_read(&r, false, &a);
	assert_string_equal(buf_cstr(&a.body), "127.0.0.1");
	reader_close(&r);
	answer_free(&a);
}

static void
no_length_with_204_and_304(void **state)
{
	struct answer a = { 0 };

	(void)state;
	client_ask(world.ports[PORT_HTTP],
	    "GET /blob HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", &a);
	assert_int_equal(a.status, 304);
	assert_null(answer_field(&a, "Content-Length"));
	client_ask(world.ports[PORT_HTTP],
	    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", &a);
	assert_int_equal(a.status, 204);
	assert_null(answer_field(&a, "Content-Length"));
	answer_free(&a);
}

/* Loop and worker routes mixed: answers come in order. */
static void
pipelined_requests_are_answered_in_order(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };
	AUTO_BUF b = { 0 };

	(void)state;
	for (int i = 0; i < 50; i++) {
		buf_printf(&b,
		    "POST /echo HTTP/1.1\r\nHost: a\r\n"
		    "Content-Length: 4\r\n\r\n%04d",
		    i);
		buf_add_str(&b, GET("/blob"));
	}
	client_send(r.fd, buf_bytes(&b));
	for (int i = 0; i < 50; i++) {
		client_read(&r, false, &a);
		assert_int_equal(atoi(buf_cstr(&a.body)), i);
		assert_int_equal(a.body.n, 4);
		client_read(&r, false, &a);
		assert_int_equal(a.body.n, 100);
	}
	reader_close(&r);
	answer_free(&a);
}

/* Half-closed after the last request: nc and old clients do that. */
static void
half_closed_clients_get_their_answers(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	client_say(r.fd, GET("/peer") GET("/peer") GET("/blob"));
	shutdown(r.fd, SHUT_WR);
	for (int i = 0; i < 3; i++) {
		client_read(&r, false, &a);
		assert_int_equal(a.status, 200);
	}
	client_expect_end(r.fd);
	reader_close(&r);
	answer_free(&a);
}

static void
one_octet_at_a_time(void **state)
{
	static const char text[] =
	    "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"
	    "3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nT: v\r\n\r\n" GET("/blob");
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		client_send(r.fd, bytes_of(text + i, 1));
	client_read(&r, false, &a);
	assert_string_equal(buf_cstr(&a.body), "abcdefg");
	client_read(&r, false, &a);
	assert_int_equal(a.body.n, 100);
	reader_close(&r);
	answer_free(&a);
}

static void
expect_continue(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	client_say(r.fd,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
	    "Content-Length: 5\r\n\r\n");
	client_read(&r, true, &a);
	assert_int_equal(a.status, 100);
	client_say(r.fd, "hello");
	client_read(&r, false, &a);
	assert_string_equal(buf_cstr(&a.body), "hello");
	/* A refusal comes instead of the 100, and the end after it. */
	client_say(r.fd,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
	    "Content-Length: 500000\r\n\r\n");
	client_read(&r, false, &a);
	assert_int_equal(a.status, 413);
	assert_string_equal(answer_field(&a, "Connection"), "close");
	client_expect_end(r.fd);
	reader_close(&r);
	answer_free(&a);
}

/* A refused body that is short does not cost the connection. */
static void
a_refused_body_is_swallowed(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	client_say(r.fd,
	    "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"
	    "GET / HGET /blob HTTP/1.1\r\nHost: a\r\n\r\n");
	client_read(&r, false, &a);
	assert_int_equal(a.status, 404);
	client_read(&r, false, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.n, 100);
	reader_close(&r);
	answer_free(&a);
}

static void
a_chunked_body_is_capped_while_it_comes(void **state)
{
	static char data[16384];
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	memset(data, 'x', sizeof(data));
	client_say(r.fd,
	    "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 8; i++) {
		client_say(r.fd, "4000\r\n");
		client_send(r.fd, bytes_of(data, sizeof(data)));
		client_say(r.fd, "\r\n");
	}
	client_read(&r, false, &a);
	assert_int_equal(a.status, 413);
	client_expect_end(r.fd);
	reader_close(&r);
	answer_free(&a);
}

static void
bodies_of_every_size_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, 65536,
		100000 };
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		AUTO_BUF b = { 0 };
		size_t head;

		buf_printf(&b,
		    "POST /echo HTTP/1.1\r\nHost: a\r\n"
		    "Content-Length: %zu\r\n\r\n",
		    sizes[i]);
		head = b.n;
		for (size_t k = 0; k < sizes[i]; k++)
			buf_add_byte(&b, (uint8_t)(k * 7));
		client_send(r.fd, buf_bytes(&b));
		client_read(&r, false, &a);
		assert_int_equal(a.status, 200);
		assert_true(bytes_equal(
		    buf_bytes(&a.body), bytes_of(b.p + head, sizes[i])));
	}
	reader_close(&r);
	answer_free(&a);
}

/* More than any socket buffer, twice, pipelined: parts wait for the reader. */
static void
large_answers_wait_for_slow_readers(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	client_say(r.fd, GET("/big") GET("/big") GET("/blob"));
	for (int i = 0; i < 2; i++) {
		client_read(&r, false, &a);
		assert_true(
		    bytes_equal(buf_bytes(&a.body), blob_bytes(world.big)));
	}
	client_read(&r, false, &a);
	assert_int_equal(a.body.n, 100);
	reader_close(&r);
	answer_free(&a);
}

static void
close_when_asked(void **state)
{
	struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };
	struct answer a = { 0 };

	(void)state;
	client_say(
	    r.fd, "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_read(&r, false, &a);
	assert_string_equal(answer_field(&a, "Connection"), "close");
	client_expect_end(r.fd);
	close(r.fd);
	r.fd = client_open(world.ports[PORT_HTTP]);
	client_say(r.fd,
	    "GET /blob HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	    "GET /blob HTTP/1.0\r\n\r\n");
	client_read(&r, false, &a);
	assert_string_equal(answer_field(&a, "Connection"), "keep-alive");
	client_read(&r, false, &a);
	assert_string_equal(answer_field(&a, "Connection"), "close");
	client_expect_end(r.fd);
	reader_close(&r);
	answer_free(&a);
}

/* Smuggling: after a head that two parsers could read apart, nothing more of
 * that connection is served. */
static void
nothing_follows_a_fault(void **state)
{
	static const char *const texts[] = {
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
		"Content-Length: 40\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: a\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: a\r\n"
		"Transfer-Encoding : chunked\r\n\r\n",
		"GET /blob HTTP/1.1\r\nHost: a\r\nX: y\n\r\n",
		"GET /blob HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n",
	};
	struct answer a = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct reader r = { .fd = client_open(world.ports[PORT_HTTP]) };

		client_say(r.fd, texts[i]);
		client_say(r.fd, GET("/blob") GET("/blob"));
		client_read(&r, false, &a);
		assert_int_equal(a.status, 400);
		assert_string_equal(answer_field(&a, "Connection"), "close");
		client_read(&r, false, &a);
		assert_int_equal(a.status, 0);
		reader_close(&r);
	}
	answer_free(&a);
}

static void
refusals_speak_the_protocol(void **state)
{
	struct answer a = { 0 };

	(void)state;
	client_ask(world.ports[PORT_HTTP], GET("/x/y"), &a);
	assert_int_equal(a.status, 404);
	assert_string_equal(
	    answer_field(&a, "Content-Type"), "application/problem+json");
	assert_string_equal(answer_field(&a, "Replay-Nonce"), "refused");
	answer_free(&a);
}

static void
control_and_ops_are_served(void **state)
{
	struct reader r = { .fd = client_open_unix(world.control) };
	struct answer a = { 0 };

	(void)state;
	client_say(r.fd, GET("/peer"));
	client_read(&r, false, &a);
	assert_string_equal(buf_cstr(&a.body), "local");
	reader_close(&r);
	assert_int_equal(
	    client_ask(world.ports[PORT_OPS], GET("/blob"), &a), 200);
	answer_free(&a);
}

/* Whoever disposes of the request: with a log line it is another thread. */
static void
a_secret_is_wiped_when_it_was_sent(void **state)
{
	static const enum log_level levels[] = { LOG_INFO, LOG_ERROR };
	static const char none[sizeof(world.secret)];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		struct answer a = { 0 };

		log_set_level(levels[i]);
		assert_int_equal(
		    client_ask(world.ports[PORT_HTTP], GET("/secret"), &a),
		    200);
		assert_string_equal(buf_cstr(&a.body), "a secret");
		assert_memory_equal(world.secret, none, sizeof(none));
		answer_free(&a);
	}
	log_set_level(LOG_INFO);
}

static void
metrics_are_printed(void **state)
{
	AUTO_BUF b = { 0 };
	const char *text;

	(void)state;
	net_metrics_print(world.net, &b);
	text = buf_cstr(&b);
	assert_non_null(strstr(text,
	    "\nchancery_http_requests_total{protocol=\"1.1\",class=\"2xx\"} "));
	assert_non_null(
	    strstr(text, "\n# TYPE chancery_http_request_seconds histogram\n"));
	assert_non_null(strstr(text, "chancery_worker_queue_depth 0\n"));
	assert_true(world_stats(&world).requests[1][1] > 100);
	assert_true(world_stats(&world).faults > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_answers),
		cmocka_unit_test(header_case_is_canonical),
		cmocka_unit_test(head_keeps_the_length),
		cmocka_unit_test(no_length_with_204_and_304),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(half_closed_clients_get_their_answers),
		cmocka_unit_test(one_octet_at_a_time),
		cmocka_unit_test(expect_continue),
		cmocka_unit_test(a_refused_body_is_swallowed),
		cmocka_unit_test(a_chunked_body_is_capped_while_it_comes),
		cmocka_unit_test(bodies_of_every_size_come_back),
		cmocka_unit_test(large_answers_wait_for_slow_readers),
		cmocka_unit_test(close_when_asked),
		cmocka_unit_test(nothing_follows_a_fault),
		cmocka_unit_test(refusals_speak_the_protocol),
		cmocka_unit_test(control_and_ops_are_served),
		cmocka_unit_test(a_secret_is_wiped_when_it_was_sent),
		cmocka_unit_test(metrics_are_printed),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
