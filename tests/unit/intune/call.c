/* What a call needs before it goes out, and what a failure costs. */
#include "world.h"

static void
test_cold(void **state)
{
	struct world *w = *state;
	struct sent *s;

	assert_ok(w->t, world_validate(w));
	/* RFC 6749 section 4.4.2; each octet that means something escaped. */
	s = world_next(w, WORLD_LOGIN);
	assert_int_equal(s->method, OUTGOING_POST);
	assert_string_equal(
	    s->content_type, "application/x-www-form-urlencoded");
	assert_string_equal(s->body,
	    "grant_type=client_credentials&client_id=id%201&"
	    "client_secret=s3cr3t~%26%3D%2B&"
	    "scope=https%3A%2F%2Fgraph.example%2F.default");
	assert_int_equal(s->headers_n, 0);
	assert_true(bytes_is(s->anchors, "PEM"));
	assert_int_equal(s->timeout_ms, 7000);
	world_answer(w, 200, WORLD_TOKEN("graph-token"));

	s = world_next(w, WORLD_GRAPH);
	assert_int_equal(s->method, OUTGOING_GET);
	assert_string_equal(s->authorization, "Bearer graph-token");
	assert_int_equal(strlen(s->activity), 36);
	assert_int_equal(s->activity[14], '4');
	assert_null(s->version);
	assert_true(bytes_is(s->anchors, "PEM"));
	world_answer(w, 200, WORLD_ENDPOINTS);

	/* Another token: the first is Graph's alone.  Two slashes. */
	s = world_next(w, WORLD_LOGIN);
	assert_non_null(
	    strstr(s->body, "&scope=https%3A%2F%2Fapi.example%2F%2F.default"));
	world_answer(w, 200, WORLD_TOKEN("intune-token"));

	s = world_next(w, WORLD_SCEP "/ScepActions/validateRequest");
	assert_int_equal(s->method, OUTGOING_POST);
	assert_string_equal(s->authorization, "Bearer intune-token");
	assert_string_equal(s->version, "2018-02-20");
	assert_int_equal(strlen(s->activity), 36);
	assert_string_equal(s->content_type, "application/json; charset=utf-8");
	assert_int_equal(w->answers, 0);
	world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->answer.verdict, INTUNE_YES);
	assert_string_equal(w->answer.code, "Success");
	assert_non_null(strstr(w->answer.text, WORLD_SCEP));
	assert_null(strstr(w->answer.text, "intune-token"));
}

/* The second needs nothing but itself; each has an activity of its own. */
static void
test_warm(void **state)
{
	struct world *w = *state;
	const char *first;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	first = world_next(w, NULL)->activity;
	world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_ok(w->t, world_validate(w));
	assert_string_not_equal(
	    world_next(w, WORLD_SCEP "/ScepActions/validateRequest")->activity,
	    first);
	world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_int_equal(w->answers, 2);
	assert_int_equal(w->sent_n, 5);
}

/* Tokens are asked for again before they end. */
static void
test_lifetime(void **state)
{
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	world_answer(w, 200, "{\"code\":\"Success\"}");
	w->t->now += 3600 - 301;
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_SCEP "/ScepActions/validateRequest");
	world_answer(w, 200, "{\"code\":\"Success\"}");
	w->t->now += 1;
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_LOGIN);
	world_answer(w, 200, WORLD_TOKEN("second"));
	assert_string_equal(
	    world_next(w, WORLD_SCEP "/ScepActions/validateRequest")
		->authorization,
	    "Bearer second");
	world_answer(w, 200, "{\"code\":\"Success\"}");
	/* The clock stepped back to before it was given. */
	w->t->now -= 10;
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_LOGIN);
}

/* Ten at once ask for one token, one list and one more token. */
static void
test_together(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 10; i++)
		assert_ok(w->t, world_validate(w));
	assert_int_equal(w->sent_n, 1);
	world_warm(w);
	assert_int_equal(w->sent_n, 13);
	for (unsigned i = 0; i < 10; i++)
		world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_int_equal(w->answers, 10);
	assert_null(w->sent);
}

/* ... and all of them are told when it fails. */
static void
test_fail_together(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 3; i++)
		assert_ok(w->t, world_validate(w));
	world_answer(w, 401,
	    "{\"error\":\"invalid_client\",\"error_description\":"
	    "\"AADSTS7000215: Invalid client secret provided.\"}");
	assert_int_equal(w->answers, 3);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_null(w->answer.code);
	assert_non_null(strstr(w->answer.text, "AADSTS7000215"));
	assert_null(strstr(w->answer.text, "s3cr3t"));
	assert_null(w->sent);
	/* The next tries again. */
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_LOGIN);
}

/* A 401 of Intune costs the token, once. */
static void
test_refused_token(void **state)
{
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	world_answer(w, 401, "");
	assert_int_equal(w->answers, 0);
	world_next(w, WORLD_LOGIN);
	world_answer(w, 200, WORLD_TOKEN("second"));
	assert_string_equal(
	    world_next(w, WORLD_SCEP "/ScepActions/validateRequest")
		->authorization,
	    "Bearer second");
	world_answer(w, 401, "");
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_non_null(strstr(w->answer.text, "status 401"));
	assert_null(w->sent);
}

/* Two with the same token: the second refusal is of one that is gone. */
static void
test_refused_twice(void **state)
{
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	assert_ok(w->t, world_validate(w));
	world_answer(w, 401, ""); /* the first; its token is asked for */
	{
		/* The first's new token is given before the second is told. */
		struct sent *second = w->sent, *login = second->next;

		second->next = NULL;
		w->sent = login;
		login->next = second;
		world_next(w, WORLD_LOGIN);
		world_answer(w, 200, WORLD_TOKEN("second"));
	}
	world_answer(w, 401, ""); /* the second, with the old one */
	assert_int_equal(w->answers, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_string_equal(
		    world_next(w, WORLD_SCEP "/ScepActions/validateRequest")
			->authorization,
		    "Bearer second");
		world_answer(w, 200, "{\"code\":\"Success\"}");
	}
	assert_int_equal(w->answers, 2);
}

/* The same of Graph. */
static void
test_refused_by_graph(void **state)
{
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_answer(w, 200, WORLD_TOKEN("graph-token"));
	world_next(w, WORLD_GRAPH);
	world_answer(w, 401, "");
	world_next(w, WORLD_LOGIN);
	world_answer(w, 200, WORLD_TOKEN("another"));
	assert_string_equal(
	    world_next(w, WORLD_GRAPH)->authorization, "Bearer another");
	world_answer(w, 401, "");
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_null(w->sent);
}

/* A failure costs the list: the service may have moved. */
static void
test_moved(void **state)
{
	static const char moved[] =
	    "{\"value\":[{\"providerName\":\"ScepRequestValidationFEService\","
	    "\"uri\":\"https://new.example:444\"}]}";
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	world_lose(w);
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_non_null(strstr(w->answer.text, "connection refused"));
	/* Not one that was given just now: Graph is left alone. */
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_SCEP "/ScepActions/validateRequest");
	w->t->now += 10;
	world_lose(w);
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_GRAPH);
	world_answer(w, 200, moved);
	world_next(w, "https://new.example:444/ScepActions/validateRequest");
	/* An HTTP error does, too. */
	w->t->now += 10;
	world_answer(w, 503, "");
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_int_equal(w->answer.retry_after, 9);
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_GRAPH);
}

/* A list without the service, or that cannot be read. */
static void
test_unlisted(void **state)
{
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_answer(w, 200, WORLD_TOKEN("graph-token"));
	world_answer(w, 200, "{\"value\":[]}");
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_non_null(
	    strstr(w->answer.text, "ScepRequestValidationFEService"));
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_GRAPH);
	world_answer(w, 200, "{\"value\":[");
	assert_int_equal(w->answers, 2);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_ok(w->t, world_validate(w));
	world_answer(
	    w, 403, "{\"error\":{\"code\":\"Authorization_RequestDenied\"}}");
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	assert_non_null(strstr(w->answer.text, "Authorization_RequestDenied"));
}

/* A port that takes nothing, at the start and in the middle. */
static void
test_busy(void **state)
{
	struct world *w = *state;

	w->busy = true;
	assert_fails(w->t, world_validate(w), ERR_BUSY);
	assert_int_equal(w->answers, 0);
	w->busy = false;
	assert_ok(w->t, world_validate(w));
	w->busy = true;
	world_answer(w, 200, WORLD_TOKEN("graph-token"));
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->answer.verdict, INTUNE_SILENT);
	w->busy = false;
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_GRAPH);
}

/* A reload with calls under way: they end, and what was known is forgotten. */
static void
test_reload(void **state)
{
	struct world *w = *state;

	assert_ok(w->t, world_validate(w));
	world_warm(w);
	assert_ok(w->t, intune_reload(w->in, w->t->config, &w->t->err));
	world_answer(w, 200, "{\"code\":\"Success\"}");
	assert_int_equal(w->answers, 1);
	assert_ok(w->t, world_validate(w));
	world_next(w, WORLD_LOGIN);
	/* All or nothing. */
	test_ca_write_file(w->t, "secret", bytes_str("two\nlines\n"));
	assert_fails(
	    w->t, intune_reload(w->in, w->t->config, &w->t->err), ERR_CONFIG);
	test_ca_write_file(w->t, "secret", bytes_str("\n"));
	assert_fails(
	    w->t, intune_reload(w->in, w->t->config, &w->t->err), ERR_CONFIG);
	test_ca_write_file(w->t, "secret", bytes_str("new"));
	test_ca_write_file(w->t, "anchors", bytes_str(""));
	assert_fails(
	    w->t, intune_reload(w->in, w->t->config, &w->t->err), ERR_CONFIG);
	world_answer(w, 200, WORLD_TOKEN("graph-token"));
	world_next(w, WORLD_GRAPH);
}

static size_t
mistakes(struct world *w)
{
	struct config_mistakes m = { 0 };
	size_t n;

	intune_check_config(w->t->config, test_ca_read_file, w->t, &m);
	n = m.n;
	for (size_t i = 0; i < n; i++)
		assert_true(m.v[i].line > 0 && m.v[i].found[0] != '\0');
	config_mistakes_free(&m);
	return n;
}

/* What `check` tells: both tenants have the secret, one has anchors. */
static void
test_check(void **state)
{
	struct world *w = *state;

	assert_int_equal(mistakes(w), 0);
	test_ca_write_file(w->t, "anchors", bytes_str(""));
	assert_int_equal(mistakes(w), 1);
	test_ca_write_file(w->t, "secret", bytes_str("a b"));
	assert_int_equal(mistakes(w), 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_cold),
		TEST(test_warm),
		TEST(test_lifetime),
		TEST(test_together),
		TEST(test_fail_together),
		TEST(test_refused_token),
		TEST(test_refused_twice),
		TEST(test_refused_by_graph),
		TEST(test_moved),
		TEST(test_unlisted),
		TEST(test_busy),
		TEST(test_reload),
		TEST(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
