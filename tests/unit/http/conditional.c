/* RFC 9110 sections 13 and 14 by table. */
#include "support/unit.h"
#include "http/route.h"

#define BODY "0123456789"
#define MODIFIED 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static const struct {
	enum http_method method;
	const char *name, *value;
	int status;
	const char *body, *range;
} cases[] = {
	{ HTTP_GET, "If-None-Match", "\"t\"", 304, "", NULL },
	{ HTTP_HEAD, "If-None-Match", "\"t\"", 304, "", NULL },
	{ HTTP_GET, "If-None-Match", "W/\"t\"", 304, "", NULL },
	{ HTTP_GET, "If-None-Match", "\"a\", \"t\" ,\"b\"", 304, "", NULL },
	{ HTTP_GET, "If-None-Match", "*", 304, "", NULL },
	{ HTTP_GET, "If-None-Match", "\"tt\"", 200, BODY, NULL },
	{ HTTP_GET, "If-None-Match", "t", 200, BODY, NULL },
	{ HTTP_GET, "If-None-Match", "\"t", 200, BODY, NULL },
	{ HTTP_GET, "If-Modified-Since", DATE, 304, "", NULL },
	{ HTTP_GET, "If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 200,
	    BODY, NULL },
	{ HTTP_GET, "If-Modified-Since", "yesterday", 200, BODY, NULL },
	{ HTTP_POST, "If-None-Match", "\"t\"", 200, BODY, NULL },
	{ HTTP_GET, "Range", "bytes=2-4", 206, "234", "bytes 2-4/10" },
	{ HTTP_GET, "Range", "bytes=7-", 206, "789", "bytes 7-9/10" },
	{ HTTP_GET, "Range", "bytes=-3", 206, "789", "bytes 7-9/10" },
	{ HTTP_GET, "Range", "bytes=-30", 206, BODY, "bytes 0-9/10" },
	{ HTTP_GET, "Range", "bytes=0-99", 206, BODY, "bytes 0-9/10" },
	{ HTTP_GET, "Range", "bytes=10-", 416, "", "bytes */10" },
	{ HTTP_GET, "Range", "bytes=-0", 416, "", "bytes */10" },
	{ HTTP_GET, "Range", "bytes=4-2", 200, BODY, NULL },
	{ HTTP_GET, "Range", "bytes=0-1,3-4", 200, BODY, NULL },
	{ HTTP_GET, "Range", "bytes=99999999999999999999-", 200, BODY, NULL },
	{ HTTP_GET, "Range", "lines=0-1", 200, BODY, NULL },
	{ HTTP_HEAD, "Range", "bytes=2-4", 200, BODY, NULL },
};

static void
by_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		struct http_header h = { cases[i].name, cases[i].value };
		struct http_req req = { .arena = a,
			.method = cases[i].method,
			.headers = &h,
			.headers_n = 1 };
		struct http_resp resp = { .status = 200,
			.blob = blob_new(bytes_str(BODY)) };

		http_conditional(&req, &resp, "t", MODIFIED);
		if (resp.status != cases[i].status)
			fail_msg("%s: %s: %d", h.name, h.value, resp.status);
		assert_true(bytes_is(http_resp_body(&resp), cases[i].body));
		if (cases[i].range != NULL)
			assert_string_equal(
			    http_resp_header_get(&resp, "Content-Range"),
			    cases[i].range);
		if (cases[i].method != HTTP_POST) {
			assert_string_equal(
			    http_resp_header_get(&resp, "ETag"), "\"t\"");
			assert_string_equal(
			    http_resp_header_get(&resp, "Last-Modified"), DATE);
		}
		blob_unref(resp.blob);
	}
}

static void
if_range(void **state)
{
	static const struct {
		const char *value;
		int status;
	} rows[] = {
		{ "\"t\"", 206 },
		{ "W/\"t\"", 200 },
		{ "\"u\"", 200 },
		{ DATE, 206 },
		{ "Sun, 06 Nov 1994 08:49:38 GMT", 200 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct http_header h[] = { { "Range", "bytes=0-0" },
			{ "If-Range", rows[i].value } };
		struct http_req req = { .arena = a,
			.method = HTTP_GET,
			.headers = h,
			.headers_n = 2 };
		struct http_resp resp = { .status = 200,
			.body = bytes_str(BODY) };

		http_conditional(&req, &resp, "\"t\"", MODIFIED);
		assert_int_equal(resp.status, rows[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_table),
		cmocka_unit_test(if_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
