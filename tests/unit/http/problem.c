#include "support/unit.h"
#include "http/route.h"

static void
members(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct http_req req = { .arena = a };
	struct http_resp resp = { 0 };

	(void)state;
	http_problem(&req, &resp, 400, "urn:ietf:params:acme:error:malformed",
	    "a \"quoted\" \\ \n\x01");
	assert_int_equal(resp.status, 400);
	assert_string_equal(http_resp_header_get(&resp, "Content-Type"),
	    "application/problem+json");
	assert_true(bytes_is(resp.body,
	    "{\n  \"type\": \"urn:ietf:params:acme:error:malformed\",\n"
	    "  \"detail\": \"a \\\"quoted\\\" \\\\ \\n\\u0001\",\n"
	    "  \"status\": 400\n}\n"));
	resp = (struct http_resp){ 0 };
	http_problem(&req, &resp, 404, NULL, NULL);
	assert_true(bytes_is(resp.body,
	    "{\n  \"type\": \"about:blank\",\n  \"title\": \"Not Found\",\n"
	    "  \"status\": 404\n}\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(members) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
