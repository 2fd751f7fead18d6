/* The request parser by table: what is served, what is refused, and when. */
#include "support/unit.h"
#include "http/parse.h"

struct outcome {
	enum http_parse result;
	int status;
	struct http_req req;
	struct http_head head;
	size_t used;
};

/* Feeds the text in pieces of `step` octets, as a socket might. */
static struct outcome
feed(struct arena *a, struct bytes in, size_t step)
{
	struct outcome o = { .result = HTTP_PARSE_MORE };
	struct http_fault fault = { 0, NULL };
	struct http_scan scan = { 0 };
	size_t n = 0;

	o.req.arena = a;
	while (o.result == HTTP_PARSE_MORE && n < in.n) {
		n = MIN_OF(in.n, n + step);
		o.result = http_head_scan(&scan, bytes_of(in.p, n), &fault);
	}
	if (o.result == HTTP_PARSE_DONE)
		o.result = http_head_parse(&scan, in, &o.req, &o.head, &fault);
	o.used = scan.pos;
	o.status = o.result == HTTP_PARSE_BAD ? fault.status : 0;
	if (o.result == HTTP_PARSE_BAD)
		assert_non_null(fault.why);
	return o;
}

static const struct {
	const char *text;
	int status; /* 0: accepted */
	const char *why;
} heads[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "plain" },
	{ "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "one CRLF before" },
	{ "GET / HTTP/1.0\r\n\r\n", 0, "1.0 without Host (Cisco IOS)" },
	{ "GET http://h:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n", 0, "absolute" },
	{ "GET HTTPS://h HTTP/1.1\r\nHost: x\r\n\r\n", 0, "absolute, no path" },
	{ "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 0, "asterisk" },
	{ "POST / HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n", 0,
	    "empty Host" },
	{ "POST / HTTP/1.1\r\nHost: [::1]:80\r\ntransfer-encoding: Chunked\r\n"
	  "\r\n",
	    0, "chunked, any case" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX:\t a\xc3\xa9 b \t\r\n\r\n", 0,
	    "obs-text and OWS" },
	{ "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "unknown method" },

	{ "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "two CRLF before" },
	{ "GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare LF after the line" },
	{ "GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "bare LF after a header" },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "bare LF at the end" },
	{ "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare LF before" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, "bare CR" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n", 400, "CR CR LF" },
	{ "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400, "obs-fold" },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", 400, "obs-fold" },
	{ "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "space at first line" },
	{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "space before colon" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", 400,
	    "tab before colon" },
	{ "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", 400, "no name" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400, "no colon" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX(y): a\r\n\r\n", 400, "bad name" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400, "control" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400, "DEL" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n",
	    400, "TE and CL" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	  "Content-Length: 3\r\n\r\n",
	    400, "CL and TE" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
	  "Content-Length: 4\r\n\r\n",
	    400, "differing CL" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
	  "content-length: 3\r\n\r\n",
	    400, "repeated CL" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", 400,
	    "CL list" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", 400,
	    "CL sign" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n", 400,
	    "CL negative" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n", 400,
	    "CL hex" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400,
	    "CL empty" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
	  "99999999999999999999\r\n\r\n",
	    400, "CL overflow" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n",
	    400, "TE twice" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
	    501, "TE identity" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
	    501, "TE xchunked" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n"
	  "\r\n",
	    501, "TE gzip" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
	  "\"chunked\"\r\n\r\n",
	    501, "TE quoted" },
	{ "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	    400, "TE in 1.0" },
	{ "GET / HTTP/1.1\r\n\r\n", 400, "1.1 without Host" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "two Hosts" },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad Host" },
	{ "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", 400, "userinfo in Host" },
	{ "GET http://u@h/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "userinfo" },
	{ "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", 400, "no authority" },
	{ "GET ftp://h/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "other scheme" },
	{ "CONNECT h:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "authority form" },
	{ "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "asterisk with GET" },
	{ "GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400, "fragment" },
	{ "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "raw UTF-8" },
	{ "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "two spaces" },
	{ "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "space after version" },
	{ "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "space in target" },
	{ "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "tab" },
	{ "GET /\r\n\r\n", 400, "HTTP/0.9" },
	{ "GET\r\n\r\n", 400, "method alone" },
	{ "GET / HTTP/1\r\nHost: a\r\n\r\n", 400, "short version" },
	{ "GET / http/1.1\r\nHost: a\r\n\r\n", 400, "lower-case version" },
	{ "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "1.2" },
	{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "2.0" },
	{ "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad method" },
	{ "\x16\x03\x01\x02", 400, "TLS on a plain port, without waiting" },
	{ " GET / HTTP/1.1\r\n", 400, "leading space, without waiting" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417,
	    "other expectation" },
};

static void
heads_are_served_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		struct bytes in = bytes_str(heads[i].text);

		for (size_t step = 1; step <= in.n; step = step * 3 + 1) {
			AUTO_ARENA *a = arena_new();
			struct outcome o = feed(a, in, step);

			if (o.status != heads[i].status ||
			    o.result == HTTP_PARSE_MORE)
				fail_msg("%s: %d, expected %d", heads[i].why,
				    o.status, heads[i].status);
			if (o.status == 0)
				assert_int_equal(o.used, in.n);
		}
	}
}

static void
nul_is_refused_anywhere(void **state)
{
	static const char good[] = "GET /abc HTTP/1.1\r\nHost: a\r\nX: abc\r\n"
				   "\r\n";

	(void)state;
	for (size_t i = 0; i + 5 < sizeof(good) - 1; i++) {
		AUTO_ARENA *a = arena_new();
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		text[i] = '\0';
		assert_int_equal(
		    feed(a, bytes_of(text, sizeof(good) - 1), 1000).result,
		    HTTP_PARSE_BAD);
	}
}

static void
a_head_is_taken_apart(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct outcome o = feed(a,
	    bytes_str("POST /a/b%20c?x=1&y HTTP/1.1\r\nHost: h\r\n"
		      "Content-Length: 12\r\nEXPECT: 100-Continue\r\n"
		      "Connection: foo, Close\r\nX-A:  b c \r\n\r\nrest"),
	    7);

	(void)state;
	assert_int_equal(o.result, HTTP_PARSE_DONE);
	assert_int_equal(o.req.method, HTTP_POST);
	assert_string_equal(o.req.target, "/a/b%20c?x=1&y");
	assert_string_equal(o.req.path, "/a/b%20c");
	assert_string_equal(o.req.query, "x=1&y");
	assert_int_equal(o.req.http_version, 11);
	assert_int_equal(o.req.headers_n, 5);
	assert_string_equal(http_req_header(&o.req, "x-a"), "b c");
	assert_int_equal(o.head.content_length, 12);
	assert_true(o.head.expect_continue);
	assert_false(o.head.keep_alive);
}

static void
absolute_form_counts_for_its_path(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct outcome o = feed(a,
	    bytes_str("GET http://other.example:1?q HTTP/1.1\r\nHost: h\r\n"
		      "\r\n"),
	    1000);

	(void)state;
	assert_string_equal(o.req.path, "/");
	assert_string_equal(o.req.target, "/?q");
	assert_string_equal(o.req.query, "q");
}

static void
keep_alive_by_version(void **state)
{
	AUTO_ARENA *a = arena_new();

	(void)state;
	assert_false(
	    feed(a, bytes_str("GET / HTTP/1.0\r\n\r\n"), 99).head.keep_alive);
	assert_true(feed(a,
	    bytes_str("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), 99)
			.head.keep_alive);
	assert_true(feed(a, bytes_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 99)
			.head.keep_alive);
}

/* The caps hold while the bytes come, not when the head is whole. */
static void
endless_input_is_cut(void **state)
{
	static char line[HTTP_MAX_REQUEST_LINE + 64];
	AUTO_BUF b = { 0 };
	struct http_fault fault;
	struct http_scan scan = { 0 };

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(
	    http_head_scan(&scan, bytes_of(line, sizeof(line)), &fault),
	    HTTP_PARSE_BAD);
	assert_int_equal(fault.status, 414);

	buf_add_str(&b, "GET / HTTP/1.1\r\nX: ");
	while (b.n < HTTP_MAX_HEADERS + 100)
		buf_add_str(&b, "aaaaaaaaaaaaaaaa");
	scan = (struct http_scan){ 0 };
	assert_int_equal(
	    http_head_scan(&scan, buf_bytes(&b), &fault), HTTP_PARSE_BAD);
	assert_int_equal(fault.status, 431);

	b.n = 0;
	buf_add_str(&b, "GET / HTTP/1.1\r\n");
	for (unsigned i = 0; i <= HTTP_MAX_HEADER_COUNT; i++)
		buf_add_str(&b, "X: a\r\n");
	scan = (struct http_scan){ 0 };
	assert_int_equal(
	    http_head_scan(&scan, buf_bytes(&b), &fault), HTTP_PARSE_BAD);
	assert_int_equal(fault.status, 431);
}

static void
the_longest_allowed_head_passes(void **state)
{
	AUTO_ARENA *a = arena_new();
	AUTO_BUF b = { 0 };

	(void)state;
	buf_add_str(&b, "GET /");
	while (b.n < HTTP_MAX_REQUEST_LINE - 9)
		buf_add_byte(&b, 'a');
	buf_add_str(&b, " HTTP/1.1\r\nHost: a\r\n");
	for (unsigned i = 0; i < HTTP_MAX_HEADER_COUNT - 1; i++)
		buf_add_str(&b, "X: a\r\n");
	buf_add_str(&b, "\r\n");
	assert_int_equal(feed(a, buf_bytes(&b), 1000).result, HTTP_PARSE_DONE);
}

static void
a_pipelined_request_is_left_alone(void **state)
{
	static const char two[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
				  "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
	AUTO_ARENA *a = arena_new();
	struct outcome o = feed(a, bytes_str(two), 1000);

	(void)state;
	assert_string_equal(o.req.path, "/1");
	o = feed(a, bytes_str(two + o.used), 1000);
	assert_string_equal(o.req.path, "/2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_served_or_refused),
		cmocka_unit_test(nul_is_refused_anywhere),
		cmocka_unit_test(a_head_is_taken_apart),
		cmocka_unit_test(absolute_form_counts_for_its_path),
		cmocka_unit_test(keep_alive_by_version),
		cmocka_unit_test(endless_input_is_cut),
		cmocka_unit_test(the_longest_allowed_head_passes),
		cmocka_unit_test(a_pipelined_request_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
