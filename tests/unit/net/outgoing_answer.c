/* What is sent, and what comes back of it. */
#include "support/unit.h"
#include <stdlib.h>
#include <time.h>
#include "support/calling.h"

static struct calling world;
static struct called called;

static int
setup(void **state)
{
	(void)state;
	calling_begin(&world);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	called_free(&called);
	calling_end(&world);
	return 0;
}

static void
serve(enum http_manner manner, const char *text)
{
	http_standin_on(world.https, "/", manner, text);
	calling_start(&world);
}

static const char *
url(const char *path)
{
	return calling_url("a.test", world.https, path);
}

static void
test_get(void **state)
{
	const struct outgoing_header headers[] = {
		{ "Authorization", "Bearer s3cret" }, { "X-Empty", "" }
	};
	struct outgoing_request req = { .method = OUTGOING_GET,
		.url = url("/v1/things?code=s3cret"),
		.headers = headers,
		.headers_n = COUNT_OF(headers) };
	char head[2048];

	(void)state;
	serve(HTTP_SENDS, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	calling_request(&world, &req, &called);
	assert_true(called.ok);
	assert_int_equal(called.status, 200);
	assert_string_equal(called.body, "hello");
	assert_int_equal(called.err.kind, ERR_NONE);
	assert_false(called.transient);
	assert_int_equal(called.retry_after, 0);
	assert_non_null(strstr(called.err.shown, "/v1/things at 127.0.0.1:"));
	assert_non_null(strstr(called.err.shown, ": answered 200"));
	/* What may be secret is nowhere told. */
	assert_null(strstr(called.err.shown, "s3cret"));
	http_standin_last(world.https, head, sizeof(head));
	assert_ptr_equal(
	    strstr(head, "GET /v1/things?code=s3cret HTTP/1.1\r\n"), head);
	assert_non_null(strstr(head, "\r\nHost: a.test:"));
	assert_non_null(strstr(head, "\r\nAuthorization: Bearer s3cret\r\n"));
	assert_non_null(strstr(head, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(head, "\r\nUser-Agent: chancery/"));
	assert_null(strstr(head, "Accept-Encoding"));
	assert_null(strstr(head, "Cookie"));
	http_standin_sni(world.https, head, sizeof(head));
	assert_string_equal(head, "a.test");
}

static void
test_post(void **state)
{
	static char sent[100001], got[sizeof(sent) + 1];
	struct outgoing_request req = { .method = OUTGOING_POST,
		.url = url("/in"),
		.content_type = "application/json",
		.body = bytes_of(sent, sizeof(sent)) };
	char head[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7);
	serve(
	    HTTP_SENDS, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
	calling_request(&world, &req, &called);
	assert_true(called.ok);
	assert_int_equal(called.status, 201);
	assert_string_equal(called.body, "{}");
	http_standin_last(world.https, head, sizeof(head));
	assert_ptr_equal(strstr(head, "POST /in HTTP/1.1\r\n"), head);
	assert_non_null(strstr(head, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(head, "\r\nContent-Length: 100001\r\n"));
	assert_null(strstr(head, "Expect"));
	assert_int_equal(
	    http_standin_body(world.https, got, sizeof(got)), sizeof(sent));
	assert_memory_equal(got, sent, sizeof(sent));
}

static void
test_post_of_nothing(void **state)
{
	struct outgoing_request req = { .method = OUTGOING_POST,
		.url = url("/in"),
		.content_type = "text/plain" };
	char head[2048];

	(void)state;
	serve(HTTP_SENDS, "HTTP/1.1 204 No Content\r\n\r\n");
	calling_request(&world, &req, &called);
	assert_int_equal(called.status, 204);
	assert_int_equal(called.body_n, 0);
	http_standin_last(world.https, head, sizeof(head));
	assert_non_null(strstr(head, "\r\nContent-Length: 0\r\n"));
}

/* A redirect is an answer; nobody goes where it leads. */
static void
test_redirect(void **state)
{
	(void)state;
	serve(HTTP_SENDS,
	    "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
	    "Content-Length: 0\r\n\r\n");
	calling_ask(&world, url("/here"), &called);
	assert_true(called.ok);
	assert_int_equal(called.status, 302);
	assert_false(called.transient);
	assert_int_equal(http_standin_requests(world.https), 1);
}

static void
test_refusals(void **state)
{
	(void)state;
	serve(HTTP_SENDS,
	    "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
	calling_ask(&world, url("/"), &called);
	assert_true(called.ok);
	assert_int_equal(called.status, 403);
	assert_string_equal(called.body, "no");
	assert_false(called.transient);
}

static void
test_retry_after_seconds(void **state)
{
	(void)state;
	serve(HTTP_SENDS,
	    "HTTP/1.1 429 Too Many\r\nretry-after:  120 \r\n"
	    "Content-Length: 0\r\n\r\n");
	calling_ask(&world, url("/"), &called);
	assert_true(called.ok);
	assert_int_equal(called.status, 429);
	assert_true(called.transient);
	assert_int_equal(called.retry_after, 120);
}

static void
test_retry_after_date(void **state)
{
	char text[256], date[64];
	time_t at = time(NULL) + 600;
	struct tm tm;

	(void)state;
	gmtime_r(&at, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	snprintf(text, sizeof(text),
	    "HTTP/1.1 503 Later\r\nRetry-After: %s\r\nContent-Length: "
	    "0\r\n\r\n",
	    date);
	serve(HTTP_SENDS, text);
	calling_ask(&world, url("/"), &called);
	assert_int_equal(called.status, 503);
	assert_true(called.transient);
	assert_in_range(called.retry_after, 540, 600);
}

/* Of what is long past, not a time at all, or beyond any patience. */
static void
test_retry_after_odd(void **state)
{
	static const struct {
		const char *value;
		int64_t seconds;
	} rows[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "soon", 0 },
		{ "-5", 0 },
		{ "", 0 },
		{ "99999999999999999999999", 24 * 3600 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", 24 * 3600 },
	};

	(void)state;
	calling_start(&world);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[256];

		snprintf(text, sizeof(text),
		    "HTTP/1.1 503 Later\r\nRetry-After: %s\r\n"
		    "Content-Length: 0\r\n\r\n",
		    rows[i].value);
		http_standin_on(world.https, "/", HTTP_SENDS, text);
		called_free(&called);
		calling_ask(&world, url("/"), &called);
		assert_int_equal(called.status, 503);
		assert_int_equal(called.retry_after, rows[i].seconds);
	}
}

static char *
answer_of(const char *head, size_t body_n)
{
	char *text = mem_printf("%s%*s", head, (int)body_n, "");

	memset(text + strlen(head), 'b', body_n);
	return text;
}

static void
test_largest_body(void **state)
{
	char *text = answer_of(
	    "HTTP/1.1 200 OK\r\nContent-Length: 524288\r\n\r\n", 524288);

	(void)state;
	serve(HTTP_SENDS, text);
	free(text);
	calling_ask(&world, url("/"), &called);
	assert_true(called.ok);
	assert_int_equal(called.body_n, OUTGOING_MAX_BODY);
	assert_int_equal(strspn(called.body, "b"), OUTGOING_MAX_BODY);
}

static void
test_declared_too_large(void **state)
{
	(void)state;
	serve(HTTP_SENDS, "HTTP/1.1 200 OK\r\nContent-Length: 524289\r\n\r\nb");
	calling_ask(&world, url("/"), &called);
	assert_call_failed(
	    &called, ERR_TOO_LARGE, false, "longer than 524288 octets");
	assert_int_equal(called.body_n, 0);
}

static void
test_chunked_too_large(void **state)
{
	(void)state;
	serve(HTTP_FLOODS,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n");
	calling_ask(&world, url("/"), &called);
	assert_call_failed(
	    &called, ERR_TOO_LARGE, false, "longer than 524288 octets");
}

static void
test_endless_body(void **state)
{
	(void)state;
	serve(HTTP_FLOODS, "HTTP/1.1 200 OK\r\n\r\n");
	calling_ask(&world, url("/"), &called);
	assert_call_failed(
	    &called, ERR_TOO_LARGE, false, "longer than 524288 octets");
}

static void
test_long_header(void **state)
{
	char *line = answer_of("HTTP/1.1 200 OK\r\nX: ", 40000);
	char *text = mem_printf("%s\r\n\r\n", line);

	(void)state;
	serve(HTTP_SENDS, text);
	free(text);
	free(line);
	calling_ask(&world, url("/"), &called);
	assert_call_failed(&called, ERR_TOO_LARGE, false,
	    "the header is longer than 32768 octets");
}

static void
test_many_headers(void **state)
{
	AUTO_BUF text = { 0 };

	(void)state;
	buf_add_str(&text, "HTTP/1.1 200 OK\r\n");
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&text, "X-Header-%u: something\r\n", i);
	buf_add_str(&text, "Content-Length: 0\r\n\r\n");
	serve(HTTP_SENDS, buf_cstr(&text));
	calling_ask(&world, url("/"), &called);
	assert_call_failed(&called, ERR_TOO_LARGE, false,
	    "the header is longer than 32768 octets");
}

static void
test_heads_and_trailers(void **state)
{
	(void)state;
	serve(HTTP_SENDS,
	    "HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n"
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "2\r\nab\r\n1\r\nc\r\n0\r\nX-After: all\r\n\r\n");
	calling_ask(&world, url("/"), &called);
	assert_true(called.ok);
	assert_int_equal(called.status, 200);
	assert_string_equal(called.body, "abc");
	assert_int_equal(called.retry_after, 0);
}

/* A bomb stays what it was on the wire. */
static void
test_encodings_are_left(void **state)
{
	(void)state;
	serve(HTTP_SENDS,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: 8\r\n\r\nnot gzip");
	calling_ask(&world, url("/"), &called);
	assert_true(called.ok);
	assert_string_equal(called.body, "not gzip");
}

static void
test_nothing_is_remembered(void **state)
{
	char head[2048];

	(void)state;
	serve(HTTP_SENDS,
	    "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\n"
	    "Strict-Transport-Security: max-age=1000\r\n"
	    "Content-Length: 0\r\n\r\n");
	for (unsigned i = 0; i < 2; i++) {
		called_free(&called);
		calling_ask(&world, url("/"), &called);
		assert_int_equal(called.status, 200);
	}
	http_standin_last(world.https, head, sizeof(head));
	assert_null(strcasestr(head, "cookie"));
}

static void
test_broken_answers(void **state)
{
	static const struct {
		enum http_manner manner;
		const char *text;
		enum err_kind kind;
		bool transient;
		const char *says;
	} rows[] = {
		{ HTTP_HANGS_UP, "", ERR_CONNECTION, true,
		    "closed without an answer" },
		{ HTTP_SENDS, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nb",
		    ERR_CONNECTION, true, "before the end of the answer" },
		{ HTTP_SENDS, "HTTP/1.1 200 OK\r\nX: b", ERR_CONNECTION, true,
		    "before the end of the answer" },
		{ HTTP_SENDS, "HTTP/1.1 200 OK\r\nX: b\r\n", ERR_CONNECTION,
		    true, "before the end of the answer" },
		{ HTTP_SENDS, "SSH-2.0-OpenSSH_9.2\r\n", ERR_INCORRECT_RESPONSE,
		    false, "not HTTP" },
	};

	(void)state;
	calling_start(&world);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		http_standin_on(world.https, "/", rows[i].manner, rows[i].text);
		called_free(&called);
		calling_ask(&world, url("/"), &called);
		assert_call_failed(
		    &called, rows[i].kind, rows[i].transient, rows[i].says);
		assert_non_null(strstr(called.err.shown, "https://a.test:"));
		assert_non_null(strstr(called.err.shown, " at 127.0.0.1:"));
	}
}

#define ANSWER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ANSWER(test_get),
		ANSWER(test_post),
		ANSWER(test_post_of_nothing),
		ANSWER(test_redirect),
		ANSWER(test_refusals),
		ANSWER(test_retry_after_seconds),
		ANSWER(test_retry_after_date),
		ANSWER(test_retry_after_odd),
		ANSWER(test_largest_body),
		ANSWER(test_declared_too_large),
		ANSWER(test_chunked_too_large),
		ANSWER(test_endless_body),
		ANSWER(test_long_header),
		ANSWER(test_many_headers),
		ANSWER(test_heads_and_trailers),
		ANSWER(test_encodings_are_left),
		ANSWER(test_nothing_is_remembered),
		ANSWER(test_broken_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
