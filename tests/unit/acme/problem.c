/* From an error kind to its problem: every kind has an answer. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"
#include "acme/problem.h"

/* RFC 8555 section 6.7, and the drafts' and RFC 9773's additions. */
static const char *const registered[] = { "accountDoesNotExist",
	"alreadyRevoked", "badCSR", "badNonce", "badPublicKey",
	"badRevocationReason", "badSignatureAlgorithm", "caa", "compound",
	"connection", "dns", "externalAccountRequired", "incorrectResponse",
	"invalidContact", "malformed", "orderNotReady", "rateLimited",
	"rejectedIdentifier", "serverInternal", "tls", "unauthorized",
	"unsupportedContact", "unsupportedIdentifier", "userActionRequired",
	"alreadyReplaced", "invalidProfile" };

static bool
is_registered(const char *type)
{
	for (size_t i = 0; i < COUNT_OF(registered); i++)
		if (strcmp(registered[i], type) == 0)
			return true;
	return false;
}

static int
setup(void **state)
{
	*state = world_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct http_resp
reply(struct world *w, enum err_kind kind, json_t **body)
{
	struct http_req *req = arena_alloc(world_arena(w), sizeof(*req));
	struct http_resp resp = { 0 };
	struct err err = { .kind = kind };

	*req = (struct http_req){ .arena = world_arena(w),
		.method = HTTP_POST,
		.path = "/acme/x",
		.target = "/acme/x" };
	snprintf(err.shown, sizeof(err.shown), "what happened \xc3");
	snprintf(err.detail, sizeof(err.detail), "for the log alone");
	problem_reply(world_acme(w), req, &resp, &err, NULL);
	*body = NULL;
	assert_true(json_parse_object(resp.body, req->arena, body, NULL));
	assert_null(
	    memmem(resp.body.p, resp.body.n, "log alone", strlen("log alone")));
	return resp;
}

static void
test_every_kind(void **state)
{
	struct world *w = *state;

	for (int i = ERR_MALFORMED; i < ERR_KINDS; i++) {
		enum err_kind kind = (enum err_kind)i;
		json_t *body;
		struct http_resp resp = reply(w, kind, &body);
		const char *type =
		    json_string_value(json_object_get(body, "type"));

		assert_true(is_registered(problem_type(kind)));
		assert_true(is_registered(problem_validation_type(kind)));
		assert_true(resp.status >= 400 && resp.status < 600);
		assert_int_equal(
		    strncmp(type, PROBLEM_PREFIX, strlen(PROBLEM_PREFIX)), 0);
		assert_string_equal(
		    type + strlen(PROBLEM_PREFIX), problem_type(kind));
		/* Rule 11. */
		assert_int_equal(
		    json_integer_value(json_object_get(body, "status")),
		    resp.status);
		assert_non_null(http_resp_header_get(&resp, "Replay-Nonce"));
		assert_string_equal(http_resp_header_get(&resp, "Content-Type"),
		    "application/problem+json");
		/* Rule 36: certbot takes each 409 for a key conflict. */
		assert_true(
		    (resp.status == 409) == (kind == ERR_ALREADY_REPLACED));
		/* What says 429 or 503 says when. */
		assert_true((resp.status == 429 || resp.status == 503) ==
		    (http_resp_header_get(&resp, "Retry-After") != NULL));
	}
}

/* Rule 17, for the day that limits are counted. */
static void
test_acme_sh_reads_retry_after_digits(void **state)
{
	struct world *w = *state;
	json_t *body;
	struct http_resp resp = reply(w, ERR_RATE_LIMITED, &body);
	const char *digits = http_resp_header_get(&resp, "Retry-After");
	bool help = false;

	assert_int_equal(resp.status, 429);
	for (; *digits != '\0'; digits++)
		assert_true(*digits >= '0' && *digits <= '9');
	for (size_t i = 0; i < resp.headers_n; i++)
		help = help ||
		    strstr(resp.headers[i].value, ">;rel=\"help\"") != NULL;
	assert_true(help);
}

static void
test_lego_switches_on_status_and_type(void **state)
{
	(void)state;
	assert_int_equal(problem_status(ERR_BAD_NONCE), 400);
	assert_string_equal(problem_type(ERR_BAD_NONCE), "badNonce");
	assert_int_equal(problem_status(ERR_ALREADY_REPLACED), 409);
	assert_int_equal(problem_status(ERR_RATE_LIMITED), 429);
}

/* The store takes no changes: 503, a time to come back, and a nonce. */
static void
test_store_is_closed_to_changes(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r;

	store_set_status_only(world_store(w), true);
	r = world_post(
	    w, c, "/acme/new-order", order_payload(w, "dns:a.test", NULL));
	assert_problem(r, 503, "serverInternal");
	assert_non_null(reply_header(r, "Retry-After", 0));
	/* Reading goes on. */
	assert_status(world_post(w, c, c->kid, NULL), 200);
	store_set_status_only(world_store(w), false);
	assert_status(world_post(w, c, "/acme/new-order",
			  order_payload(w, "dns:a.test", NULL)),
	    201);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_every_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acme_sh_reads_retry_after_digits, setup, teardown),
		cmocka_unit_test(test_lego_switches_on_status_and_type),
		cmocka_unit_test_setup_teardown(
		    test_store_is_closed_to_changes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
