#include <arpa/inet.h>
#include "support/unit.h"
#include "http/message.h"

static void
percent_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "abc", "abc" },
		{ "", "" },
		{ "a%20b%2Fc%2f", "a b/c/" },
		{ "%25%32", "%2" },
		{ "+", "+" },
		{ "%", NULL },
		{ "%4", NULL },
		{ "a%4g", NULL },
		{ "%g4", NULL },
		{ "%00", NULL },
		{ "%%41", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct err err = { 0 };
		struct bytes out = BYTES_NONE;
		bool ok =
		    http_percent_decode(bytes_str(rows[i].in), a, &out, &err);

		assert_int_equal(ok, rows[i].out != NULL);
		if (ok)
			assert_true(bytes_is(out, rows[i].out));
		else
			assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void
media_types(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "application/jose+json", "application/jose+json" },
		{ "Application/JOSE+json ; charset=utf-8",
		    "application/jose+json" },
		{ "text/plain;", "text/plain" },
		{ "", NULL },
		{ ";x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct http_header h = { "content-type", rows[i].in };
		struct http_req req = {
			.arena = a, .headers = &h, .headers_n = 1
		};
		const char *t = http_req_media_type(&req);

		if (rows[i].out == NULL)
			assert_null(t);
		else
			assert_string_equal(t, rows[i].out);
	}
}

static void
headers_are_found(void **state)
{
	struct http_header h[] = { { "A", "1" }, { "b", "2" }, { "a", "3" } };
	struct http_req req = { .headers = h, .headers_n = 3 };

	(void)state;
	assert_string_equal(http_req_header(&req, "a"), "1");
	assert_string_equal(http_req_header(&req, "B"), "2");
	assert_null(http_req_header(&req, "c"));
	assert_int_equal(http_req_header_count(&req, "a"), 2);
}

/* An answer cannot be split by what a client sent. */
static void
control_characters_stay_out_of_headers(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct http_resp resp = { 0 };

	(void)state;
	http_resp_header(&resp, "X-A", "a\r\nX-B: b");
	http_resp_header(&resp, "X-A", "a\nb");
	assert_int_equal(resp.headers_n, 0);
	http_resp_headerf(&resp, a, "X-C", "%d-%s", 7, "seven");
	assert_string_equal(http_resp_header_get(&resp, "x-c"), "7-seven");
	for (int i = 0; i < 30; i++)
		http_resp_header(&resp, "X-D", "d");
	assert_int_equal(resp.headers_n, HTTP_RESP_HEADERS);
}

static void
peers(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct http_req req = { .arena = a };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&req.peer;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&req.peer;

	(void)state;
	assert_string_equal(http_peer_text(&req), "local");
	v4->sin_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.1", &v4->sin_addr);
	assert_string_equal(http_peer_text(&req), "192.0.2.1");
	v6->sin6_family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8::1", &v6->sin6_addr);
	assert_string_equal(http_peer_text(&req), "2001:db8::1");
}

static void
bodies_of_responses(void **state)
{
	struct http_resp resp = { .blob = blob_new(bytes_str("0123456789")) };

	(void)state;
	assert_true(bytes_is(http_resp_body(&resp), "0123456789"));
	resp.body = bytes_of(http_resp_body(&resp).p + 2, 3);
	assert_true(bytes_is(http_resp_body(&resp), "234"));
	blob_unref(resp.blob);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_escapes),
		cmocka_unit_test(media_types),
		cmocka_unit_test(headers_are_found),
		cmocka_unit_test(control_characters_stay_out_of_headers),
		cmocka_unit_test(peers),
		cmocka_unit_test(bodies_of_responses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
