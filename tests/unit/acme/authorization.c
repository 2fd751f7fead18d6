/* Authorizations and challenges, RFC 8555 sections 7.1.4, 7.1.5, 7.5. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"

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

struct pending {
	struct acme_client *c;
	struct reply *order, *authz;
	const char *authz_url, *url, *token; /* of the challenge */
};

static struct pending
pending(struct world *w, const char *name, const char *type)
{
	struct pending p = { .c = world_client(w, "ES256") };
	const json_t *o;

	p.order = world_order(w, p.c, name, NULL);
	p.authz_url = reply_text(p.order, "authorizations.0");
	p.authz = world_post(w, p.c, p.authz_url, NULL);
	assert_status(p.authz, 200);
	o = authz_challenge(p.authz, type);
	p.url = json_string_value(json_object_get(o, "url"));
	p.token = json_string_value(json_object_get(o, "token"));
	return p;
}

/* Rules 3 and 21. */
static void
test_certbot_and_lego_find_up_link_and_url(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	AUTO_STR *up = mem_printf("<%s>;rel=\"up\"", p.authz_url);
	static const char *const payloads[] = { NULL, "{}", "{}" };

	world_network(w, NETWORK_SILENT);
	for (size_t i = 0; i < COUNT_OF(payloads); i++) {
		struct reply *r = world_post(w, p.c, p.url, payloads[i]);

		assert_status(r, 200);
		assert_string_equal(reply_text(r, "url"), p.url);
		assert_string_equal(reply_header(r, "Link", 1), up);
	}
	world_network(w, NETWORK_DRIVEN);
	world_network_run(w);
	assert_string_equal(
	    reply_header(world_post(w, p.c, p.url, NULL), "Link", 1), up);
}

/* Rule 18: acme.sh cuts at the first brace behind the type. */
static void
test_acme_sh_challenge_is_flat(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r = world_post(w, p.c, p.url, "{}");
	const char *body = (const char *)r->body.p, *brace;

	assert_string_equal(reply_text(r, "status"), "invalid");
	brace = memchr(body + 1, '{', r->body.n - 1);
	assert_non_null(brace);
	assert_true(strstr(body, "\"url\"") < brace);
	assert_true(strstr(body, "\"token\"") < brace);
	assert_true(strstr(body, "\"status\"") < brace);
	assert_true(strstr(body, "\"error\"") < brace);
	assert_true(strstr(body, "\"validationRecord\"") > brace);
}

/* Rule 14. */
static void
test_python_acme_invalid_has_an_error(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r = world_post(w, p.c, p.url, "{}");

	/* What was looked up, where, what came back. */
	assert_string_equal(reply_text(r, "error.type"),
	    "urn:ietf:params:acme:error:connection");
	assert_string_equal(
	    reply_text(r, "error.detail"), "nobody answers for a.test");
	assert_int_equal(
	    json_integer_value(reply_member(r, "error.status")), 400);
	assert_string_equal(
	    reply_text(r, "validationRecord.0.probe.name"), "a.test");
	assert_string_equal(
	    reply_text(r, "validationRecord.0.outcome"), "invalid");
	r = world_post(w, p.c, p.authz_url, NULL);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_int_equal(json_array_size(reply_member(r, "challenges")), 1);
	assert_string_equal(reply_text(r, "challenges.0.status"), "invalid");
	assert_non_null(reply_text(r, "challenges.0.error.detail"));
	assert_null(reply_header(r, "Retry-After", 0));
	r = world_post(w, p.c, reply_header(p.order, "Location", 0), NULL);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_string_equal(reply_text(r, "error.type"),
	    "urn:ietf:params:acme:error:connection");
	assert_string_equal(
	    reply_text(r, "error.subproblems.0.identifier.value"), "a.test");
	assert_string_equal(reply_text(r, "error.subproblems.0.detail"),
	    "nobody answers for a.test");
}

static void
test_wrong_answers(void **state)
{
	struct world *w = *state;
	struct pending http = pending(w, "dns:http.test", "http-01"),
		       dns = pending(w, "dns:dns.test", "dns-01"),
		       tls = pending(w, "dns:tls.test", "tls-alpn-01");
	struct reply *r;

	world_answer(w,
	    &(struct world_answer){ .kind = PROBE_HTTP,
		.name = "http.test",
		.body = "404 not here" });
	world_answer(w,
	    &(struct world_answer){ .kind = PROBE_TXT,
		.name = "_acme-challenge.dns.test",
		.txt = { "old", "older" } });
	world_answer(w,
	    &(struct world_answer){
		.kind = PROBE_TLS_ALPN, .name = "tls.test", .no_alpn = true });
	r = world_post(w, http.c, http.url, "{}");
	assert_string_equal(reply_text(r, "error.type"),
	    "urn:ietf:params:acme:error:incorrectResponse");
	assert_non_null(strstr(reply_text(r, "error.detail"), "404 not here"));
	r = world_post(w, dns.c, dns.url, "{}");
	assert_string_equal(reply_text(r, "error.type"),
	    "urn:ietf:params:acme:error:incorrectResponse");
	assert_non_null(
	    strstr(reply_text(r, "error.detail"), "_acme-challenge.dns.test"));
	r = world_post(w, tls.c, tls.url, "{}");
	assert_string_equal(reply_text(r, "error.type"),
	    "urn:ietf:params:acme:error:incorrectResponse");
}

/* Rule 24: they post again instead of polling. */
static void
test_x_crypto_and_cert_manager_post_again(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r;

	world_network(w, NETWORK_SILENT);
	world_provision(w, p.c, p.authz, "http-01");
	for (unsigned i = 0; i < 5; i++) {
		r = world_post(w, p.c, p.url, "{}");
		assert_status(r, 200);
		assert_string_equal(reply_text(r, "status"), "processing");
		assert_string_equal(reply_header(r, "Retry-After", 0), "1");
	}
	assert_int_equal(world_probes(w), 1);
	world_network(w, NETWORK_DRIVEN);
	r = world_post(w, p.c, p.url, "{}");
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_non_null(reply_text(r, "validated"));
	/* And once more, when all is done. */
	r = world_post(w, p.c, p.url, "{\"keyAuthorization\":\"legacy\"}");
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_int_equal(world_probes(w), 1);
}

/* Rules 24 and 25: reading starts nothing. */
static void
test_acme_sh_polls_the_challenge_by_post_as_get(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "dns-01");
	struct reply *r = world_post(w, p.c, p.url, NULL);

	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "pending");
	assert_int_equal(world_probes(w), 0);
	world_settle(w);
	assert_int_equal(world_probes(w), 0);
	world_provision(w, p.c, p.authz, "dns-01");
	world_post(w, p.c, p.url, "{}");
	r = world_post(w, p.c, p.url, NULL);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_int_equal(world_probes(w), 1);
}

static void
test_challenge_payloads(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");

	assert_problem(world_post(w, p.c, p.url, "\"x\""), 400, "malformed");
	assert_problem(world_post(w, p.c, p.url, "[]"), 400, "malformed");
	assert_problem(world_post(w, p.c, p.url, "{"), 400, "malformed");
	assert_int_equal(world_probes(w), 0);
	world_provision(w, p.c, p.authz, "http-01");
	assert_string_equal(
	    reply_text(world_post(w, p.c, p.url,
			   "{\"resource\":\"challenge\",\"x\":{\"y\":[]}}"),
		"status"),
	    "valid");
}

static void
test_valid_authorization(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "tls-alpn-01");
	struct reply *r;

	world_provision(w, p.c, p.authz, "tls-alpn-01");
	r = world_post(w, p.c, p.url, "{}");
	assert_true(r->held);
	assert_string_equal(reply_text(r, "status"), "valid");
	r = world_post(w, p.c, p.authz_url, NULL);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_non_null(reply_text(r, "expires"));
	/* RFC 8555 section 7.5.1: the others may go. */
	assert_int_equal(json_array_size(reply_member(r, "challenges")), 1);
	assert_string_equal(reply_text(r, "challenges.0.type"), "tls-alpn-01");
	assert_string_equal(
	    reply_text(r, "challenges.0.validationRecord.0.outcome"), "valid");
}

static void
test_no_such_challenge(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:*.a.test", "dns-01");
	struct acme_client *other = world_client(w, "ES256");
	char *url = arena_strdup(world_arena(w), p.url);

	assert_problem(world_post(w, other, p.url, "{}"), 403, "unauthorized");
	/* A wildcard offers dns-01 alone. */
	memcpy(strrchr(url, '/') + 1, "web", 3);
	assert_problem(world_post(w, p.c, url, "{}"), 404, "malformed");
	memcpy(strrchr(url, '/') + 1, "xxx", 3);
	assert_problem(world_post(w, p.c, url, NULL), 404, "malformed");
	assert_problem(
	    world_post(w, p.c, "/acme/chall/AAAAAAAAAAAAAAAAAAAAAA/web", "{}"),
	    404, "malformed");
	assert_int_equal(world_probes(w), 0);
}

/* Rule 27. */
static void
test_lego_and_win_acme_deactivate_pending(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r =
	    world_post(w, p.c, p.authz_url, "{\"status\":\"deactivated\"}");

	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "deactivated");
	/* Twice is no fault. */
	assert_status(
	    world_post(w, p.c, p.authz_url, "{\"status\":\"deactivated\"}"),
	    200);
	assert_problem(world_post(w, p.c, p.url, "{}"), 400, "malformed");
	assert_int_equal(world_probes(w), 0);
	r = world_post(w, p.c, reply_header(p.order, "Location", 0), NULL);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_non_null(reply_text(r, "error.type"));
}

static void
test_deactivate_valid(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r;

	world_provision(w, p.c, p.authz, "http-01");
	world_post(w, p.c, p.url, "{}");
	assert_problem(world_post(w, p.c, p.authz_url, "{}"), 400, "malformed");
	assert_problem(
	    world_post(w, p.c, p.authz_url, "{\"status\":\"valid\"}"), 400,
	    "malformed");
	r = world_post(w, p.c, p.authz_url, "{\"status\":\"deactivated\"}");
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "deactivated");
	/* RFC 8555 section 7.5.2: it suffices for nothing any more. */
	assert_string_equal(
	    reply_text(world_order(w, p.c, "dns:a.test", NULL), "status"),
	    "pending");
	r = world_post(w, p.c, reply_header(p.order, "Location", 0), NULL);
	assert_string_equal(reply_text(r, "status"), "invalid");
}

/* The outcome of a validation that runs comes too late. */
static void
test_deactivate_while_processing(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");

	world_network(w, NETWORK_SILENT);
	world_provision(w, p.c, p.authz, "http-01");
	assert_string_equal(
	    reply_text(world_post(w, p.c, p.url, "{}"), "status"),
	    "processing");
	assert_string_equal(reply_text(world_post(w, p.c, p.authz_url,
					   "{\"status\":\"deactivated\"}"),
				"status"),
	    "deactivated");
	assert_int_equal(world_network_run(w), 1);
	assert_string_equal(
	    reply_text(world_post(w, p.c, p.authz_url, NULL), "status"),
	    "deactivated");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_certbot_and_lego_find_up_link_and_url, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_acme_sh_challenge_is_flat, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_python_acme_invalid_has_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_wrong_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_x_crypto_and_cert_manager_post_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acme_sh_polls_the_challenge_by_post_as_get, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_challenge_payloads, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_valid_authorization, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_no_such_challenge, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_lego_and_win_acme_deactivate_pending, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_deactivate_valid, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_deactivate_while_processing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
