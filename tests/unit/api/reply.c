#include "world.h"
#include "api/reply.h"

/* Every kind has its own place in the table, none is taken for success. */
static void
every_kind(void **state)
{
	(void)state;
	for (int k = ERR_NONE + 1; k < ERR_KINDS; k++) {
		int status = api_reply_status((enum err_kind)k);

		if (status < 400 || status > 599)
			fail_msg(
			    "%s: %d", err_kind_name((enum err_kind)k), status);
	}
	assert_int_equal(api_reply_status(ERR_NOT_FOUND), 404);
	assert_int_equal(api_reply_status(ERR_STORE_FULL), 503);
	assert_int_equal(api_reply_status(ERR_INTERNAL), 500);
	assert_int_equal(api_reply_status(ERR_NONE), 500);
	assert_int_equal(api_reply_status(ERR_KINDS), 500);
}

/* Nobody but the control socket reaches any of it. */
static void
other_listeners(void **state)
{
	struct world *w = *state;
	static const char *const targets[] = { "/control/v1/certs",
		"/control/v1/accounts", "/control/v1/orders", "/control/v1/cas",
		"/control/v1/status", "/control/v1/certs/00/revoke" };
	static const enum listener_kind kinds[] = { LISTENER_HTTPS,
		LISTENER_EST, LISTENER_HTTP, LISTENER_OPS };

	for (size_t i = 0; i < COUNT_OF(targets); i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++) {
			world_call_as(
			    w, kinds[k], HTTP_GET, targets[i], NULL, NULL);
			assert_true(w->status == 404 || w->status == 405 ||
			    w->status == 421);
			world_call_as(w, kinds[k], HTTP_POST, targets[i],
			    "application/json", "{}");
			assert_true(w->status == 404 || w->status == 405 ||
			    w->status == 421);
		}
}

static void
the_table_refuses(void **state)
{
	struct world *w = *state;

	world_call(w, "/nothing", NULL);
	assert_int_equal(w->status, 404);
	assert_string_equal(w->content_type, "application/problem+json");
	world_call(w, "/cas", "{}");
	assert_int_equal(w->status, 405);
	world_call_as(w, LISTENER_CONTROL, HTTP_POST, "/control/v1/certs",
	    "text/plain", "{}");
	assert_int_equal(w->status, 415);
}

static void
a_problem(void **state)
{
	struct world *w = *state;
	struct http_req req = { .arena = w->t->a };
	struct http_resp resp = { 0 };
	struct err err = { 0 };

	(void)fail_detail(&err, ERR_BUSY, "no room", "%d waiting", 7);
	api_reply_err(&req, &resp, &err);
	assert_int_equal(resp.status, 503);
	assert_string_equal(http_resp_header_get(&resp, "Retry-After"), "5");
	/* The operator is told the detail, too. */
	assert_non_null(strstr((const char *)resp.body.p, "7 waiting"));
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		T(other_listeners),
		T(the_table_refuses),
		T(a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
