/* Bodies: by length and chunked, in pieces of any size. */
#include "support/unit.h"
#include "http/parse.h"

/* The decoded body; *left is what follows it. */
static enum http_parse
feed(struct bytes in, size_t step, const struct http_head *head,
    struct buf *out, size_t *left)
{
	struct http_fault fault;
	struct http_body body;
	size_t n = 0;

	http_body_start(&body, head);
	out->n = 0;
	while (n < in.n) {
		struct bytes piece = bytes_of(in.p + n, MIN_OF(step, in.n - n));

		n += piece.n;
		for (;;) {
			struct bytes data;
			enum http_parse r =
			    http_body_next(&body, &piece, &data, &fault);

			buf_add_bytes(out, data);
			*left = in.n - n + piece.n;
			if (r != HTTP_PARSE_MORE)
				return r;
			if (data.n == 0)
				break;
		}
	}
	return HTTP_PARSE_MORE;
}

static const struct {
	const char *text;
	const char *body; /* NULL: refused */
	size_t left;
} chunked[] = {
	{ "0\r\n\r\n", "", 0 },
	{ "3\r\nabc\r\n0\r\n\r\nGET", "abc", 3 },
	{ "3\r\nabc\r\nA\r\n0123456789\r\n00\r\n\r\n", "abc0123456789", 0 },
	{ "3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n", "abc", 0 },
	{ "1\r\na\r\n0\r\nX-T: v\r\nY:\r\n\r\n", "a", 0 },
	{ "\r\n", NULL, 0 },
	{ "x\r\n", NULL, 0 },
	{ "-1\r\n", NULL, 0 },
	{ "+1\r\n", NULL, 0 },
	{ "0x1\r\na\r\n", NULL, 0 },
	{ " 1\r\na\r\n", NULL, 0 },
	{ "1 \r\na\r\n", NULL, 0 },
	{ "1\na\r\n", NULL, 0 },
	{ "1\r\na\n0\r\n\r\n", NULL, 0 },
	{ "1\r\nab\r\n", NULL, 0 },
	{ "1\r\na\r\r\n", NULL, 0 },
	{ "000000001\r\na\r\n", NULL, 0 },
	{ "fffffffff\r\n", NULL, 0 },
	{ "1;a\x01\r\n", NULL, 0 },
	{ "1;a\nx\r\n", NULL, 0 },
	{ "0\r\n x: y\r\n\r\n", NULL, 0 },
	{ "0\r\nx y: z\r\n\r\n", NULL, 0 },
	{ "0\r\nx\r\n\r\n", NULL, 0 },
	{ "0\r\nx: a\nb\r\n\r\n", NULL, 0 },
	{ "0\r\n\n", NULL, 0 },
};

static void
chunks(void **state)
{
	const struct http_head head = { .content_length = -1, .chunked = true };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(chunked); i++) {
		struct bytes in = bytes_str(chunked[i].text);

		for (size_t step = 1; step <= in.n + 1; step++) {
			AUTO_BUF out = { 0 };
			size_t left = 0;
			enum http_parse r = feed(in, step, &head, &out, &left);

			if (chunked[i].body == NULL) {
				assert_int_equal(r, HTTP_PARSE_BAD);
				continue;
			}
			assert_int_equal(r, HTTP_PARSE_DONE);
			assert_int_equal(left, chunked[i].left);
			assert_string_equal(buf_cstr(&out), chunked[i].body);
		}
	}
}

static void
length(void **state)
{
	const struct http_head head = { .content_length = 5 };
	AUTO_BUF out = { 0 };
	size_t left;

	(void)state;
	for (size_t step = 1; step < 9; step++) {
		assert_int_equal(
		    feed(bytes_str("abcdeGET"), step, &head, &out, &left),
		    HTTP_PARSE_DONE);
		assert_string_equal(buf_cstr(&out), "abcde");
		assert_int_equal(left, 3);
	}
	assert_int_equal(
	    feed(bytes_str("abcd"), 2, &head, &out, &left), HTTP_PARSE_MORE);
}

static void
extensions_are_capped(void **state)
{
	const struct http_head head = { .content_length = -1, .chunked = true };
	AUTO_BUF in = { 0 }, out = { 0 };
	size_t left;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		buf_add_str(&in, "1;abcdef\r\nx\r\n");
	assert_int_equal(
	    feed(buf_bytes(&in), 4096, &head, &out, &left), HTTP_PARSE_BAD);
	in.n = 0;
	buf_add_str(&in, "0\r\n");
	for (unsigned i = 0; i < 1000; i++)
		buf_add_str(&in, "a: bcdef\r\n");
	assert_int_equal(
	    feed(buf_bytes(&in), 4096, &head, &out, &left), HTTP_PARSE_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks),
		cmocka_unit_test(length),
		cmocka_unit_test(extensions_are_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
