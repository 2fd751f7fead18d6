/*
 * The HTTP/1.1 parser.  Asserts: pieces of any size give what the whole gives;
 * what is accepted has no octet that another parser could take for the end of
 * something; and, with libhttp-parser at hand and FUZZ_ORACLE set (--extended),
 * that what we accept it accepts too, with the same method, target, body and
 * end: no request can be smuggled between the two.
 */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <strings.h>
#include "http/parse.h"
#ifdef HAVE_HTTP_PARSER
#include "oracle.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	enum http_parse result;
	struct http_req req;
	struct http_head head;
	size_t used; /* of the whole message */
	struct buf body;
	bool in_trailers; /* has trailer fields; exact when read by octets */
};

static void
decode_body(struct outcome *o, struct bytes in, size_t step)
{
	struct http_fault fault;
	struct http_body body;

	http_body_start(&body, &o->head);
	o->result = HTTP_PARSE_MORE;
	do {
		struct bytes piece =
		    bytes_of(in.p + o->used, MIN_OF(step, in.n - o->used));
		size_t n = piece.n;
		struct bytes run;

		do {
			o->result = http_body_next(&body, &piece, &run, &fault);
			assert(o->result == HTTP_PARSE_MORE || run.n == 0);
			buf_add_bytes(&o->body, run);
		} while (o->result == HTTP_PARSE_MORE && run.n > 0);
		o->used += n - piece.n;
		o->in_trailers |= body.state >= HTTP_BODY_TRAILER_NAME &&
		    body.state <= HTTP_BODY_TRAILER_LF;
	} while (o->result == HTTP_PARSE_MORE && o->used < in.n);
	if (o->result == HTTP_PARSE_BAD)
		assert(fault.status >= 400 && fault.why != NULL);
}

static struct outcome
parse(struct arena *a, struct bytes in, size_t step)
{
	struct outcome o = { .result = HTTP_PARSE_MORE };
	struct http_scan scan = { 0 };
	struct http_fault fault = { 0 };
	size_t n = 0;

	o.req.arena = a;
	while (o.result == HTTP_PARSE_MORE && n < in.n) {
		n = MIN_OF(in.n, n + step);
		o.result = http_head_scan(&scan, bytes_of(in.p, n), &fault);
		assert(scan.pos <= n);
	}
	if (o.result == HTTP_PARSE_DONE)
		o.result = http_head_parse(&scan, in, &o.req, &o.head, &fault);
	if (o.result == HTTP_PARSE_BAD)
		assert(fault.status >= 400 && fault.why != NULL);
	o.used = scan.pos;
	if (o.result == HTTP_PARSE_DONE)
		decode_body(&o, in, step);
	return o;
}

static void
check_request(const struct http_req *req, const struct http_head *head)
{
	assert(req->path[0] == '/' || strcmp(req->path, "*") == 0);
	assert(strpbrk(req->target, " \t\r\n#") == NULL);
	assert(strchr(req->path, '?') == NULL);
	assert(req->headers_n <= HTTP_MAX_HEADER_COUNT);
	for (size_t i = 0; i < req->headers_n; i++) {
		assert(req->headers[i].name[0] != '\0');
		assert(strpbrk(req->headers[i].name, " \t:\r\n") == NULL);
		assert(strpbrk(req->headers[i].value, "\r\n") == NULL);
	}
	assert(http_req_header_count(req, "Content-Length") +
		http_req_header_count(req, "Transfer-Encoding") <=
	    1);
	assert(head->chunked == (head->content_length == -1));
}

#ifdef HAVE_HTTP_PARSER

/*
 * libhttp-parser 2.9 takes any name that begins with Transfer-Encoding for the
 * field itself, and then refuses the request; and it knows no tab after
 * "chunked" (RFC 9110 section 5.5: optional white space), so it misses it.
 */
static bool
oracle_is_confused(const struct http_req *req, struct bytes in)
{
	static const char name[] = "Transfer-Encoding";

	if (http_req_header_count(req, name) > 0 &&
	    memchr(in.p, '\t', in.n) != NULL)
		return true;
	for (size_t i = 0; i < req->headers_n; i++)
		if (strncasecmp(req->headers[i].name, name, sizeof(name) - 1) ==
			0 &&
		    req->headers[i].name[sizeof(name) - 1] != '\0')
			return true;
	return false;
}

/* Only what both know: it has no other methods. */
static void
ask_oracle(const struct outcome *o, struct bytes in)
{
	struct oracle w = { 0 };

	if (o->req.method == HTTP_OTHER || oracle_is_confused(&o->req, in))
		return;
	oracle_ask(in, &w);
	/* It reads trailers as if they were header fields; we drop them. */
	assert(!w.failed || o->in_trailers);
	if (w.failed) {
		buf_free(&w.url);
		buf_free(&w.body);
		return;
	}
	assert(w.complete == (o->result == HTTP_PARSE_DONE));
	if (w.complete) {
		assert(w.used == o->used || w.used + 1 == o->used);
		assert(strcmp(w.method, http_method_name(o->req.method)) == 0);
	}
	assert(bytes_equal(buf_bytes(&w.body), buf_bytes(&o->body)));
	if (w.url.n > 0 && w.url.p[0] == '/')
		assert(bytes_is(buf_bytes(&w.url), o->req.target));
	buf_free(&w.url);
	buf_free(&w.body);
}

#endif

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct outcome whole, pieces;
	struct bytes in;
	size_t step;

	if (size < 2)
		return 0;
	/* The first octet says how it is cut. */
	step = data[0] % 61 + 1;
	in = bytes_of(data + 1, size - 1);
	whole = parse(a, in, in.n);
	pieces = parse(a, in, step);
	assert(whole.result == pieces.result);
	if (whole.req.path != NULL && whole.result != HTTP_PARSE_BAD) {
		assert(whole.used == pieces.used);
		assert(bytes_equal(
		    buf_bytes(&whole.body), buf_bytes(&pieces.body)));
		check_request(&whole.req, &whole.head);
#ifdef HAVE_HTTP_PARSER
		/* Another parser's moods are no reason to refuse a landing. */
		if (getenv("FUZZ_ORACLE") != NULL) {
			struct outcome octets = parse(a, in, 1);

			ask_oracle(&octets, in);
			buf_free(&octets.body);
		}
#endif
	}
	buf_free(&whole.body);
	buf_free(&pieces.body);
	return 0;
}
