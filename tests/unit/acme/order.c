/* Orders, RFC 8555 sections 7.1.3 and 7.4. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"
#include "util/times.h"

static int
setup(void **state)
{
	*state = world_new("acme: {max_names: 20}\n");
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct reply *
order(struct world *w, struct acme_client *c, const char *names)
{
	return world_post(
	    w, c, "/acme/new-order", order_payload(w, names, NULL));
}

static size_t
orders(struct world *w)
{
	struct order_row *rows;
	struct err err = { 0 };
	size_t n;

	assert_true(store_order_list(world_store(w), NULL, NULL, 1000,
	    world_now(w), world_arena(w), &rows, &n, &err));
	return n;
}

/* Rule 5. */
static void
test_location_is_the_order_url(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = order(w, c, "dns:a.test"), *again;
	const char *url = reply_header(r, "Location", 0);

	assert_status(r, 201);
	assert_int_equal(
	    strncmp(reply_text(r, "finalize"), url, strlen(url)), 0);
	again = world_post(w, c, url, NULL);
	assert_status(again, 200);
	assert_string_equal(reply_text(again, "status"), "pending");
	assert_string_equal(
	    reply_text(again, "expires"), reply_text(r, "expires"));
	assert_non_null(reply_header(again, "Retry-After", 0));
}

/* Rule 20: as sent, in lower case, in the order sent. */
static void
test_lego_compares_identifiers(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = order(w, c,
	    "dns:Zeta.Test,dns:alpha.test,ip:192.0.2.7,dns:zeta.TEST,"
	    "dns:alpha.test");

	assert_status(r, 201);
	assert_int_equal(json_array_size(reply_member(r, "identifiers")), 3);
	assert_string_equal(reply_text(r, "identifiers.0.value"), "zeta.test");
	assert_string_equal(reply_text(r, "identifiers.1.value"), "alpha.test");
	assert_string_equal(reply_text(r, "identifiers.2.type"), "ip");
	assert_int_equal(json_array_size(reply_member(r, "authorizations")), 3);
}

/* Rule 19. */
static void
test_win_acme_wildcard_member(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = order(w, c, "dns:*.a.test,dns:a.test"), *authz;

	assert_string_equal(reply_text(r, "identifiers.0.value"), "*.a.test");
	authz = world_post(w, c, reply_text(r, "authorizations.0"), NULL);
	assert_string_equal(reply_text(authz, "identifier.value"), "a.test");
	assert_true(json_is_true(reply_member(authz, "wildcard")));
	assert_int_equal(json_array_size(reply_member(authz, "challenges")), 1);
	assert_string_equal(reply_text(authz, "challenges.0.type"), "dns-01");
	authz = world_post(w, c, reply_text(r, "authorizations.1"), NULL);
	assert_string_equal(reply_text(authz, "identifier.value"), "a.test");
	assert_null(reply_member(authz, "wildcard"));
	assert_int_equal(json_array_size(reply_member(authz, "challenges")), 3);
}

/* Rule 22. */
static void
test_uacme_knows_pending_and_ready(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = order(w, c, "dns:a.test");

	assert_string_equal(reply_text(r, "status"), "pending");
	world_authorize(w, c, r, "http-01");
	r = order(w, c, "dns:a.test");
	assert_string_equal(reply_text(r, "status"), "ready");
	r = order(w, c, "dns:a.test,dns:b.test");
	assert_string_equal(reply_text(r, "status"), "pending");
}

/* Rule 21. */
static void
test_ansible_pending_has_challenges(void **state)
{
	static const char *const names[] = { "dns:a.test", "dns:*.a.test",
		"ip:192.0.2.1", "ip:2001:db8::1" };
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct reply *r = order(w, c, names[i]);

		r = world_post(w, c, reply_text(r, "authorizations.0"), NULL);
		assert_string_equal(reply_text(r, "status"), "pending");
		assert_true(json_array_size(reply_member(r, "challenges")) > 0);
	}
}

/* RFC 8738 section 7: no dns-01. */
static void
test_ip_challenges(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = order(w, c, "ip:2001:DB8:0::1"), *authz;

	assert_status(r, 201);
	assert_string_equal(
	    reply_text(r, "identifiers.0.value"), "2001:db8::1");
	authz = world_post(w, c, reply_text(r, "authorizations.0"), NULL);
	assert_string_equal(reply_text(authz, "identifier.type"), "ip");
	assert_int_equal(json_array_size(reply_member(authz, "challenges")), 2);
	assert_null(authz_challenge(authz, "dns-01"));
}

static void
test_bad_payloads(void **state)
{
	static const struct {
		const char *payload;
		int status;
		const char *type;
	} rows[] = {
		{ NULL, 400, "malformed" },
		{ "{}", 400, "malformed" },
		{ "{\"identifiers\":[]}", 400, "malformed" },
		{ "{\"identifiers\":{}}", 400, "malformed" },
		{ "{\"identifiers\":[\"a.test\"]}", 400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\"}]}", 400, "malformed" },
		{ "{\"identifiers\":[{\"value\":\"a.test\"}]}", 400,
		    "malformed" },
		{ "{\"identifiers\":[{\"type\":\"email\",\"value\":\"a@b\"}]}",
		    400, "unsupportedIdentifier" },
		{ "{\"identifiers\":[{\"type\":\"upn\",\"value\":\"a@b\"}]}",
		    400, "unsupportedIdentifier" },
		{ "{\"identifiers\":[{\"type\":\"DNS\",\"value\":\"a.test\"}]"
		  "}",
		    400, "unsupportedIdentifier" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notAfter\":\"tomorrow\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notAfter\":\"1970-01-01T00:00:00Z\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notBefore\":\"0001-01-01T00:00:00Z\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notAfter\":\"2020-01-01T00:00:00Z\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notAfter\":\"2036-01-01T00:00:00Z\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notBefore\":\"2026-01-01T00:00:00Z\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"notBefore\":\"2026-10-02T00:00:00Z\",\"notAfter\":"
		  "\"2026-10-01T00:00:00Z\"}",
		    400, "malformed" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"profile\":\"none\"}",
		    400, "invalidProfile" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"profile\":\"inner\"}",
		    400, "invalidProfile" },
		{ "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]"
		  ",\"profile\":7}",
		    400, "malformed" },
	};
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reply *r =
		    world_post(w, c, "/acme/new-order", rows[i].payload);

		if (r->status == 201)
			fail_msg("%s", rows[i].payload);
		assert_problem(r, rows[i].status, rows[i].type);
	}
	assert_int_equal(orders(w), 0);
}

static void
test_bad_names(void **state)
{
	static const char *const names[] = { "dns:", "dns:192.0.2.1",
		"dns:2001-db8::1", "dns:*.*.a.test", "dns:a.*.test", "dns:*",
		"dns:*.test*", "dns:-a.test", "dns:a..test", "dns:a b.test",
		"dns:\u00e4.test", "dns:a_b.test", "ip:a.test",
		"ip:", "ip:192.0.2.1/24", "ip:192.0.2.256", "ip:*.1" };
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct reply *r = order(w, c, names[i]);

		if (r->status == 201)
			fail_msg("%s", names[i]);
		assert_true(r->status == 400 || r->status == 403);
		assert_true(strcmp(reply_problem(r), "malformed") == 0 ||
		    strcmp(reply_problem(r), "rejectedIdentifier") == 0);
	}
	assert_int_equal(orders(w), 0);
}

/* RFC 8555 section 6.7.1. */
static void
test_subproblems(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = world_post(w, c, "/acme/new-order",
	    order_payload(w, "dns:a.test,dns:denied.test,dns:x.denied.test",
		",\"profile\":\"short\""));

	assert_problem(r, 403, "rejectedIdentifier");
	assert_int_equal(json_array_size(reply_member(r, "subproblems")), 2);
	assert_string_equal(
	    reply_text(r, "subproblems.0.identifier.value"), "denied.test");
	assert_string_equal(reply_text(r, "subproblems.1.type"),
	    "urn:ietf:params:acme:error:rejectedIdentifier");
	assert_string_equal(
	    reply_text(r, "subproblems.1.identifier.type"), "dns");
	/* Two sorts of fault. */
	r = world_post(w, c, "/acme/new-order",
	    order_payload(w, "dns:denied.test,tel:1,dns:a.test",
		",\"profile\":\"short\""));
	assert_string_equal(reply_problem(r), "compound");
	assert_string_equal(reply_text(r, "subproblems.1.type"),
	    "urn:ietf:params:acme:error:unsupportedIdentifier");
	/* One fault is the problem itself. */
	r = world_post(w, c, "/acme/new-order",
	    order_payload(w, "dns:denied.test", ",\"profile\":\"short\""));
	assert_problem(r, 403, "rejectedIdentifier");
	assert_int_equal(json_array_size(reply_member(r, "subproblems")), 1);
	assert_int_equal(orders(w), 0);
}

static void
test_too_many_names(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	AUTO_BUF b = { 0 };

	for (unsigned i = 0; i < 20; i++)
		buf_printf(&b, "%sdns:n%u.test", i == 0 ? "" : ",", i);
	assert_status(order(w, c, buf_cstr(&b)), 201);
	buf_add_str(&b, ",dns:one-more.test");
	assert_problem(order(w, c, buf_cstr(&b)), 400, "malformed");
}

static void
test_other_accounts_orders_are_not_shown(void **state)
{
	struct world *w = *state;
	struct acme_client *a = world_client(w, "ES256"),
			   *b = world_client(w, "ES256");
	struct reply *o = order(w, a, "dns:secret.test"), *r;
	EVP_PKEY *key = acme_key_new("ES256");

	r = world_post(w, b, reply_header(o, "Location", 0), NULL);
	assert_problem(r, 403, "unauthorized");
	assert_null(memmem(r->body.p, r->body.n, "secret", 6));
	r = world_post(w, b, reply_text(o, "authorizations.0"), NULL);
	assert_problem(r, 403, "unauthorized");
	assert_null(memmem(r->body.p, r->body.n, "secret", 6));
	r = world_finalize(w, b, o, key, "dns:secret.test");
	assert_problem(r, 403, "unauthorized");
	assert_problem(
	    world_post(w, b, "/acme/order/AAAAAAAAAAAAAAAAAAAAAA", NULL), 404,
	    "malformed");
	assert_problem(world_post(w, a, reply_header(o, "Location", 0), "{}"),
	    400, "malformed");
	EVP_PKEY_free(key);
}

static void
test_expiry(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *o = order(w, c, "dns:a.test"), *r;
	EVP_PKEY *key = acme_key_new("ES256");
	const char *url = reply_header(o, "Location", 0);

	world_advance(w, 400 * 86400);
	r = world_post(w, c, url, NULL);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_non_null(reply_text(r, "error.detail"));
	r = world_finalize(w, c, o, key, "dns:a.test");
	assert_problem(r, 403, "orderNotReady");
	r = world_post(w, c, reply_text(o, "authorizations.0"), NULL);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "expired");
	r = world_post(w, c, reply_text(r, "challenges.0.url"), "{}");
	assert_problem(r, 400, "malformed");
	assert_int_equal(world_probes(w), 0);
	EVP_PKEY_free(key);
}

/* RFC 8555 section 7.1.6: it ends with the first of its authorizations, and
 * says so from the start. */
static void
test_order_ends_with_its_authorizations(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *o = order(w, c, "dns:a.test"), *r;
	const char *url = reply_header(o, "Location", 0);
	const char *proof = reply_text(o, "authorizations.0");

	assert_string_equal(reply_text(o, "expires"),
	    reply_text(world_post(w, c, proof, NULL), "expires"));
	world_authorize(w, c, o, "http-01");
	r = world_post(w, c, url, NULL);
	assert_string_equal(reply_text(r, "status"), "ready");
	assert_true(
	    strcmp(reply_text(r, "expires"), reply_text(o, "expires")) > 0);
	assert_true(
	    strcmp(reply_text(r, "expires"),
		reply_text(world_post(w, c, proof, NULL), "expires")) <= 0);
	o = order(w, c, "dns:b.test");
	world_advance(w, 3600);
	r = world_post(w, c, reply_header(o, "Location", 0), NULL);
	assert_string_equal(reply_text(r, "status"), "invalid");
	assert_non_null(reply_text(r, "error.type"));
	r = world_post(w, c, url, NULL);
	assert_string_equal(reply_text(r, "status"), "ready");
	world_advance(w, 6 * 3600 + 1800);
	r = world_post(w, c, url, NULL);
	assert_string_equal(reply_text(r, "status"), "invalid");
}

/* RFC 8555 section 7.4: an order is a promise, also about its times. */
static void
test_times_that_are_promised(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");
	char when[TIME_RFC3339_SIZE];
	struct reply *o, *r;

	/* The whole lifetime from now, finalized a while later. */
	time_format_rfc3339(world_now(w) + 90 * 86400, when);
	o = world_order(w, c, "dns:a.test",
	    arena_printf(world_arena(w), ",\"notAfter\":\"%s\"", when));
	world_authorize(w, c, o, "http-01");
	world_advance(w, 5000);
	r = world_finalize(w, c, o, key, "dns:a.test");
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_string_equal(reply_text(r, "notAfter"), when);
	/* A beginning that backdating allows for an hour. */
	time_format_rfc3339(world_now(w) - 600, when);
	o = world_order(w, c, "dns:a.test",
	    arena_printf(world_arena(w), ",\"notBefore\":\"%s\"", when));
	time_format_rfc3339(world_now(w) + 3000, when);
	assert_string_equal(reply_text(o, "expires"), when);
	world_advance(w, 2999);
	r = world_finalize(w, c, o, key, "dns:a.test");
	assert_string_equal(reply_text(r, "status"), "valid");
	/* One that is almost past, and one that is still to come. */
	for (int64_t ahead = -3590; ahead < 4000; ahead += 7000) {
		time_format_rfc3339(world_now(w) + ahead, when);
		assert_problem(world_post(w, c, "/acme/new-order",
				   order_payload(w, "dns:a.test",
				       arena_printf(world_arena(w),
					   ",\"notBefore\":\"%s\"", when))),
		    400, "malformed");
	}
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_location_is_the_order_url, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_lego_compares_identifiers, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_win_acme_wildcard_member, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_uacme_knows_pending_and_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_ansible_pending_has_challenges, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_ip_challenges, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bad_payloads, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bad_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_subproblems, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_too_many_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_other_accounts_orders_are_not_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expiry, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_order_ends_with_its_authorizations, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_times_that_are_promised, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
