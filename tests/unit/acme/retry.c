/* Validations that do not go through at once: RFC 8555 section 8.2, a full
 * probe queue, leases, CAA. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"
#include "acme/validate.h"

static int
setup(void **state)
{
	*state = world_new("validation: {attempts: 3, timeout: 5s}\n");
	return 0;
}

static int
setup_caa(void **state)
{
	*state = world_new("validation: {attempts: 2, caa: check}\n"
			   "acme: {caa_identities: [ca.test]}\n");
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
	const char *authz_url, *url;
};

static struct pending
pending(struct world *w, const char *name, const char *type)
{
	struct pending p = { .c = world_client(w, "ES256") };

	p.order = world_order(w, p.c, name, NULL);
	p.authz_url = reply_text(p.order, "authorizations.0");
	p.authz = world_post(w, p.c, p.authz_url, NULL);
	p.url = json_string_value(
	    json_object_get(authz_challenge(p.authz, type), "url"));
	return p;
}

static struct reply *
poll(struct world *w, const struct pending *p)
{
	struct reply *r = world_post(w, p->c, p->authz_url, NULL);

	assert_status(r, 200);
	return r;
}

static void
servfail(struct world *w, const char *name)
{
	world_answer(w,
	    &(struct world_answer){ .kind = PROBE_HTTP,
		.name = name,
		.failure = ERR_DNS,
		.why = "SERVFAIL for a.test at 127.0.0.1:53",
		.transient = true });
}

static void
test_backoff(void **state)
{
	(void)state;
	assert_int_equal(validation_backoff(1), 1);
	assert_int_equal(validation_backoff(2), 3);
	assert_int_equal(validation_backoff(3), 9);
	assert_int_equal(validation_backoff(10), 60);
	assert_int_equal(validation_backoff(1000000), 60);
}

static void
test_passing_failure_is_tried_again(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct acme_counters counters;
	struct reply *r;

	servfail(w, "a.test");
	r = world_post(w, p.c, p.url, "{}");
	assert_string_equal(reply_text(r, "status"), "processing");
	assert_int_equal(world_probes(w), 1);
	/* Not due yet. */
	world_settle(w);
	assert_int_equal(world_probes(w), 1);
	world_advance(w, 1);
	world_settle(w);
	assert_int_equal(world_probes(w), 2);
	r = poll(w, &p);
	assert_string_equal(reply_text(r, "status"), "pending");
	assert_string_equal(reply_text(r, "challenges.0.status"), "processing");
	/* RFC 8555 section 8.2: an entry for each failed try. */
	assert_string_equal(reply_text(r, "challenges.0.error.type"),
	    "urn:ietf:params:acme:error:dns");
	assert_int_equal(
	    json_array_size(reply_member(r, "challenges.0.error.subproblems")),
	    2);
	/* Worth asking again when the next try is over. */
	assert_string_equal(reply_header(r, "Retry-After", 0), "3");
	world_advance(w, 2);
	world_settle(w);
	assert_int_equal(world_probes(w), 2);
	/* The client mends it meanwhile. */
	world_provision(w, p.c, p.authz, "http-01");
	world_advance(w, 1);
	world_settle(w);
	assert_int_equal(world_probes(w), 3);
	r = poll(w, &p);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_null(reply_member(r, "challenges.0.error"));
	/* Each try left its record. */
	assert_int_equal(
	    json_array_size(reply_member(r, "challenges.0.validationRecord")),
	    3);
	assert_string_equal(
	    reply_text(r, "challenges.0.validationRecord.0.outcome"), "retry");
	acme_counters_get(world_acme(w), &counters);
	assert_int_equal(counters.validations_ok, 1);
	assert_int_equal(counters.validations_failed, 0);
}

static void
test_attempts_end(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct acme_counters counters;
	struct reply *r;

	servfail(w, "a.test");
	world_post(w, p.c, p.url, "{}");
	for (unsigned i = 0; i < 20; i++) {
		world_advance(w, 1);
		world_settle(w);
	}
	assert_int_equal(world_probes(w), 3);
	r = poll(w, &p);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_string_equal(reply_text(r, "challenges.0.error.type"),
	    "urn:ietf:params:acme:error:dns");
	assert_string_equal(reply_text(r, "challenges.0.error.detail"),
	    "SERVFAIL for a.test at 127.0.0.1:53");
	acme_counters_get(world_acme(w), &counters);
	assert_int_equal(counters.validations_failed, 1);
}

/* What is simply wrong is told at once. */
static void
test_wrong_answer_is_final(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");

	world_answer(w,
	    &(struct world_answer){
		.kind = PROBE_HTTP, .name = "a.test", .body = "wrong" });
	assert_string_equal(
	    reply_text(world_post(w, p.c, p.url, "{}"), "status"), "invalid");
	assert_int_equal(world_probes(w), 1);
}

/* No room for probes: the job waits and loses nothing. */
static void
test_full_probe_queue(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct err err = { 0 };
	struct reply *r;

	world_provision(w, p.c, p.authz, "http-01");
	world_network(w, NETWORK_FULL);
	r = world_post(w, p.c, p.url, "{}");
	assert_string_equal(reply_text(r, "status"), "processing");
	for (unsigned i = 0; i < 3; i++)
		assert_true(acme_run(world_acme(w), &err));
	assert_int_equal(world_probes(w), 0);
	world_network(w, NETWORK_SILENT);
	assert_true(acme_run(world_acme(w), &err));
	assert_int_equal(world_probes(w), 1);
	world_network_run(w);
	world_settle(w);
	assert_int_equal(world_probes(w), 1);
	assert_string_equal(reply_text(poll(w, &p), "status"), "valid");
}

/* A lease that is over: the job is another's, here our own next claim's. */
static void
test_lease_ends(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct err err = { 0 };

	world_provision(w, p.c, p.authz, "http-01");
	world_network(w, NETWORK_FULL);
	world_post(w, p.c, p.url, "{}");
	world_advance(w, 60);
	world_network(w, NETWORK_SILENT);
	assert_true(acme_run(world_acme(w), &err));
	assert_int_equal(world_probes(w), 1);
	world_settle(w);
	assert_int_equal(world_probes(w), 1);
	assert_string_equal(reply_text(poll(w, &p), "status"), "valid");
}

/* What a crash left behind is picked up. */
static void
test_restart_picks_up(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct err err = { 0 };
	bool started;

	world_provision(w, p.c, p.authz, "http-01");
	/* The process died between the challenge's commit and its claim. */
	assert_true(store_challenge_start(world_store(w),
	    strrchr(p.authz_url, '/') + 1, strrchr(p.c->kid, '/') + 1,
	    CHALLENGE_HTTP_01, world_now(w), &started, &err));
	assert_true(started);
	world_restart(w, 0);
	world_settle(w);
	assert_string_equal(reply_text(poll(w, &p), "status"), "valid");
}

static struct bytes
caa(struct world *w, const char *tag, const char *value)
{
	char *p = arena_printf(world_arena(w), "..%s%s", tag, value);

	p[0] = 0;
	p[1] = (char)strlen(tag);
	return bytes_of(p, 2 + strlen(tag) + strlen(value));
}

static void
caa_answer(struct world *w, const char *tag, const char *value)
{
	world_answer(w,
	    &(struct world_answer){ .kind = PROBE_CAA,
		.name = "a.test",
		.caa = { caa(w, tag, value) },
		.caa_n = 1 });
}

static const char *
caa_error(struct world *w, const struct pending *p)
{
	struct reply *r = world_post(w, p->c, p->url, "{}");

	return reply_text(r, "error.type");
}

static void
test_caa(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r;

	assert_string_equal(
	    reply_text(world_get(w, "/acme/directory"), "meta.caaIdentities.0"),
	    "ca.test");
	caa_answer(w, "issue", "other.test");
	world_provision(w, p.c, p.authz, "http-01");
	assert_string_equal(caa_error(w, &p), "urn:ietf:params:acme:error:caa");
	r = poll(w, &p);
	assert_non_null(
	    strstr(reply_text(r, "challenges.0.error.detail"), "other.test"));
	/* Refused before anything else was asked. */
	assert_int_equal(world_probes(w), 1);
	assert_non_null(reply_member(r, "challenges.0.validationRecord.0.caa"));
	p = pending(w, "dns:a.test", "http-01");
	world_provision(w, p.c, p.authz, "http-01");
	caa_answer(w, "issue", "ca.test");
	assert_null(caa_error(w, &p));
	r = poll(w, &p);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_non_null(reply_member(r, "challenges.0.validationRecord.0.caa"));
	assert_non_null(
	    reply_member(r, "challenges.0.validationRecord.0.probe"));
}

/* One name of an order was checked as often as there were names: each is asked
 * for by itself, and the one that is forbidden is found wherever it stands. */
static void
test_le_2020_02_caa_of_each_name(void **state)
{
	enum { N = 4 };
	struct world *w = *state;
	struct arena *a = world_arena(w);

	for (unsigned bad = 0; bad < N; bad++) {
		struct acme_client *c = world_client(w, "ES256");
		const char *names = "", *forbidden = NULL;
		struct reply *order;

		for (unsigned i = 0; i < N; i++) {
			const char *name =
			    arena_printf(a, "n%u-%u.test", bad, i);

			names = arena_printf(
			    a, "%s%sdns:%s", names, i > 0 ? "," : "", name);
			if (i == bad)
				forbidden = name;
			world_answer(w,
			    &(struct world_answer){ .kind = PROBE_CAA,
				.name = name,
				.caa = { caa(w, "issue",
				    i == bad ? "other.test" : "ca.test") },
				.caa_n = 1 });
		}
		order = world_order(w, c, names, NULL);
		for (unsigned i = 0; i < N; i++) {
			const char *url = reply_text(
			    order, arena_printf(a, "authorizations.%u", i));
			struct reply *authz = world_post(w, c, url, NULL);
			const char *name =
			    reply_text(authz, "identifier.value");

			world_provision(w, c, authz, "http-01");
			world_post(w, c,
			    json_string_value(json_object_get(
				authz_challenge(authz, "http-01"), "url")),
			    "{}");
			authz = world_post(w, c, url, NULL);
			assert_string_equal(reply_text(authz, "status"),
			    strcmp(name, forbidden) == 0 ? "invalid" : "valid");
		}
	}
}

static void
test_caa_account_and_wildcard(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "dns-01");
	AUTO_STR *mine = mem_printf("ca.test; accounturi=%s", p.c->kid);

	caa_answer(w, "issue", mine);
	world_provision(w, p.c, p.authz, "dns-01");
	assert_null(caa_error(w, &p));
	/* Another account. */
	p = pending(w, "dns:a.test", "dns-01");
	world_provision(w, p.c, p.authz, "dns-01");
	assert_string_equal(caa_error(w, &p), "urn:ietf:params:acme:error:caa");
	caa_answer(w, "issuewild", ";");
	p = pending(w, "dns:*.a.test", "dns-01");
	world_provision(w, p.c, p.authz, "dns-01");
	assert_string_equal(caa_error(w, &p), "urn:ietf:params:acme:error:caa");
	/* An address has no CAA. */
	p = pending(w, "ip:192.0.2.1", "http-01");
	world_provision(w, p.c, p.authz, "http-01");
	assert_null(caa_error(w, &p));
}

/* RFC 8659 section 3: what cannot be known does not permit. */
static void
test_caa_unknown(void **state)
{
	struct world *w = *state;
	struct pending p = pending(w, "dns:a.test", "http-01");
	struct reply *r;

	world_answer(w,
	    &(struct world_answer){ .kind = PROBE_CAA,
		.name = "a.test",
		.failure = ERR_DNS,
		.why = "SERVFAIL",
		.transient = true });
	world_provision(w, p.c, p.authz, "http-01");
	r = world_post(w, p.c, p.url, "{}");
	assert_string_equal(reply_text(r, "status"), "processing");
	world_advance(w, 1);
	world_settle(w);
	r = poll(w, &p);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_string_equal(reply_text(r, "challenges.0.error.type"),
	    "urn:ietf:params:acme:error:caa");
	assert_int_equal(world_probes(w), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test_setup_teardown(
		    test_passing_failure_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_attempts_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_wrong_answer_is_final, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_full_probe_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_lease_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_restart_picks_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_caa, setup_caa, teardown),
		cmocka_unit_test_setup_teardown(
		    test_le_2020_02_caa_of_each_name, setup_caa, teardown),
		cmocka_unit_test_setup_teardown(
		    test_caa_account_and_wildcard, setup_caa, teardown),
		cmocka_unit_test_setup_teardown(
		    test_caa_unknown, setup_caa, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
