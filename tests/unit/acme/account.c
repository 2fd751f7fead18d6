/* Accounts, RFC 8555 section 7.3. */
#include <pthread.h>
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
setup_terms(void **state)
{
	*state =
	    world_new("acme: {terms_of_service: \"https://ca.test/terms\"}\n");
	return 0;
}

static int
setup_external(void **state)
{
	*state = world_new("acme: {external_account_required: true}\n");
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct reply *
new_account(struct world *w, struct acme_client *c, const char *payload)
{
	return world_post_jws(w, c, "/acme/new-account",
	    &(struct acme_jws){ .jwk = true, .payload = payload });
}

static size_t
accounts(struct world *w)
{
	struct account_row *rows;
	struct err err = { 0 };
	size_t n;

	assert_true(store_account_list(
	    world_store(w), NULL, 1000, world_arena(w), &rows, &n, &err));
	return n;
}

/* Rule 13: exactly 400 and this type. */
static void
test_uacme_probe_gets_account_does_not_exist(void **state)
{
	struct world *w = *state;
	struct acme_client *c = acme_client_new("ES256");
	struct reply *r = new_account(w, c, "{\"onlyReturnExisting\":true}");

	assert_problem(r, 400, "accountDoesNotExist");
	assert_int_equal(accounts(w), 0);
	r = new_account(w, c, "{\"termsOfServiceAgreed\":true}");
	assert_status(r, 201);
	r = new_account(w, c, "{\"onlyReturnExisting\":true}");
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "valid");
	acme_client_free(c);
}

static void
test_uacme_sees_created_or_existing(void **state)
{
	struct world *w = *state;
	struct acme_client *c = acme_client_new("RS256");
	struct reply *first = new_account(w, c,
	    "{\"contact\":[\"mailto:a@b.test\"],\"onlyReturnExisting\":"
	    "false,\"unknown\":[1,{}],\"orders\":\"x\"}");
	struct reply *second = new_account(w, c, "{\"contact\":[]}");

	assert_status(first, 201);
	assert_status(second, 200);
	assert_string_equal(reply_header(first, "Location", 0),
	    reply_header(second, "Location", 0));
	assert_string_equal(reply_text(first, "status"), "valid");
	assert_string_equal(reply_text(second, "contact.0"), "mailto:a@b.test");
	/* RFC 8555 section 7.3: neither is reflected. */
	assert_null(reply_member(first, "onlyReturnExisting"));
	assert_null(reply_member(first, "unknown"));
	assert_int_equal(strncmp(reply_text(first, "orders"),
			     reply_header(first, "Location", 0),
			     strlen(reply_header(first, "Location", 0))),
	    0);
	acme_client_free(c);
}

/* Rule 28: whatever else is in the body. */
static void
test_getssl_known_key_gets_200_with_a_body(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	static const char *const bodies[] = { NULL, "{}", "{\"contact\":3}",
		"{\"contact\":[\"ftp:x\"]}", "not json",
		"{\"termsOfServiceAgreed\":\"maybe\"}" };

	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct reply *r = new_account(w, c, bodies[i]);

		assert_status(r, 200);
		assert_string_equal(reply_text(r, "status"), "valid");
		assert_string_equal(reply_header(r, "Location", 0), c->kid);
	}
	assert_int_equal(accounts(w), 1);
}

/* Rule 35. */
static void
test_every_algorithm_opens_an_account(void **state)
{
	struct world *w = *state;
	static const char *const algs[] = { "RS256", "ES256", "ES384", "ES512",
		"EdDSA" };

	for (size_t i = 0; i < COUNT_OF(algs); i++)
		assert_non_null(world_client(w, algs[i])->kid);
	assert_int_equal(accounts(w), COUNT_OF(algs));
}

static void
test_contacts(void **state)
{
	static const struct {
		const char *contact, *type;
	} rows[] = {
		{ "[]", NULL },
		{ "null", NULL },
		{ "[\"mailto:a@b.test\",\"MAILTO:c@d.test\"]", NULL },
		{ "[\"mailto:a%2Bb@c.test\"]", NULL },
		{ "[\"mailto:a@b.test,c@d.test\"]", "invalidContact" },
		{ "[\"mailto:a@b.test%2Cc@d.test\"]", "invalidContact" },
		{ "[\"mailto:a@b.test?subject=x\"]", "invalidContact" },
		{ "[\"mailto:\"]", "invalidContact" },
		{ "[\"mailto:nobody\"]", "invalidContact" },
		{ "[\"mailto:a@b@c\"]", "invalidContact" },
		{ "[\"mailto:a@-b.test\"]", "invalidContact" },
		{ "[\"mailto:a%zz@b.test\"]", "invalidContact" },
		{ "[\"nobody\"]", "invalidContact" },
		{ "[\"\"]", "invalidContact" },
		{ "[\"mailto:\\u00e4@b.test\"]", "invalidContact" },
		{ "[\"tel:+12025551212\"]", "unsupportedContact" },
		{ "[\"https://b.test/\"]", "unsupportedContact" },
		{ "[1]", "malformed" },
		{ "\"mailto:a@b.test\"", "malformed" },
		{ "[\"mailto:a@b.test\",\"mailto:a@b.test\",\"mailto:a@b."
		  "test\",\"mailto:a@b.test\",\"mailto:a@b.test\",\"mailto:a@"
		  "b.test\",\"mailto:a@b.test\",\"mailto:a@b.test\",\"mailto:"
		  "a@b.test\",\"mailto:a@b.test\",\"mailto:a@b.test\"]",
		    "invalidContact" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct acme_client *c = acme_client_new("ES256");
		AUTO_STR *payload =
		    mem_printf("{\"contact\":%s}", rows[i].contact);
		size_t before = accounts(w);
		struct reply *r = new_account(w, c, payload);

		if (rows[i].type == NULL) {
			assert_status(r, 201);
		} else {
			if (r->status == 201)
				fail_msg("%s", rows[i].contact);
			assert_problem(r, 400, rows[i].type);
			assert_int_equal(accounts(w), before);
		}
		acme_client_free(c);
	}
}

static void
test_new_account_bad_payloads(void **state)
{
	static const char *const bodies[] = { NULL, "[]", "{", "3",
		"{\"onlyReturnExisting\":\"yes\"}",
		"{\"termsOfServiceAgreed\":1}",
		"{\"contact\":[],\"contact\":[]}",
		"{\"contact\":[\"mailto:\xff@b.test\"]}",
		"{\"a\":[[[[[[[[[[1]]]]]]]]]]}" };
	struct world *w = *state;
	struct acme_client *c = acme_client_new("ES256");

	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		assert_problem(new_account(w, c, bodies[i]), 400, "malformed");
	assert_int_equal(accounts(w), 0);
	acme_client_free(c);
}

/* RFC 8555 section 7.3.3. */
static void
test_terms_of_service(void **state)
{
	struct world *w = *state;
	struct acme_client *c = acme_client_new("ES256");
	struct reply *r = new_account(w, c, "{}");

	assert_string_equal(
	    reply_text(world_get(w, "/acme/directory"), "meta.termsOfService"),
	    "https://ca.test/terms");
	assert_problem(r, 403, "userActionRequired");
	assert_string_equal(reply_text(r, "instance"), "https://ca.test/terms");
	assert_true(reply_has_link(r, "terms-of-service"));
	assert_int_equal(accounts(w), 0);
	r = new_account(w, c, "{\"termsOfServiceAgreed\":true}");
	assert_status(r, 201);
	assert_true(json_is_true(reply_member(r, "termsOfServiceAgreed")));
	assert_true(reply_has_link(r, "terms-of-service"));
	/* Who has agreed need not again. */
	assert_status(new_account(w, c, "{}"), 200);
	acme_client_free(c);
}

static void
test_external_account_required(void **state)
{
	struct world *w = *state;
	struct acme_client *c = acme_client_new("ES256");

	assert_true(json_is_true(reply_member(
	    world_get(w, "/acme/directory"), "meta.externalAccountRequired")));
	assert_problem(new_account(w, c, "{\"termsOfServiceAgreed\":true}"),
	    403, "externalAccountRequired");
	assert_int_equal(accounts(w), 0);
	acme_client_free(c);
}

/* Rule 37: certbot and acmez send the object that they got. */
static void
test_certbot_update_with_read_only_members(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = world_post(w, c, c->kid,
	    "{\"status\":\"valid\",\"orders\":\"https://x/\","
	    "\"termsOfServiceAgreed\":false,\"key\":{\"kty\":\"EC\"},"
	    "\"contact\":[\"mailto:new@b.test\"],\"createdAt\":\"x\"}");

	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_string_equal(reply_text(r, "contact.0"), "mailto:new@b.test");
	assert_true(json_is_true(reply_member(r, "termsOfServiceAgreed")));
	r = world_post(w, c, c->kid, NULL);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "contact.0"), "mailto:new@b.test");
	assert_status(world_post(w, c, c->kid, "{}"), 200);
	assert_problem(
	    world_post(w, c, c->kid, "{\"contact\":[\"mailto:a@b,c@d\"]}"), 400,
	    "invalidContact");
	r = world_post(w, c, c->kid, "{\"contact\":[]}");
	assert_status(r, 200);
	assert_int_equal(json_array_size(reply_member(r, "contact")), 0);
}

static void
test_other_accounts_are_not_shown(void **state)
{
	struct world *w = *state;
	struct acme_client *a = world_client(w, "ES256"),
			   *b = world_client(w, "ES256");
	AUTO_STR *orders = mem_printf("%s/orders", b->kid);
	struct reply *r = world_post(w, a, b->kid, NULL);

	assert_problem(r, 403, "unauthorized");
	assert_null(reply_member(r, "contact"));
	assert_problem(world_post(w, a, b->kid, "{\"status\":\"deactivated\"}"),
	    403, "unauthorized");
	assert_problem(world_post(w, a, orders, NULL), 403, "unauthorized");
	assert_status(world_post(w, b, b->kid, NULL), 200);
}

/* Rule 16: 401; nothing can be done with the account or its key. */
static void
test_mod_md_deactivated_account_gets_401(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL), *r;
	struct order_row row;
	struct err err = { 0 };

	r = world_post(w, c, c->kid, "{\"status\":\"deactivated\"}");
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "deactivated");
	assert_problem(world_post(w, c, c->kid, NULL), 401, "unauthorized");
	assert_problem(world_post(w, c, "/acme/new-order",
			   order_payload(w, "dns:a.test", NULL)),
	    401, "unauthorized");
	assert_problem(
	    world_post(w, c, reply_text(order, "authorizations.0"), NULL), 401,
	    "unauthorized");
	assert_problem(new_account(w, c, "{}"), 401, "unauthorized");
	/* What was pending is cancelled. */
	assert_true(store_order_get(world_store(w),
	    strrchr(reply_header(order, "Location", 0), '/') + 1, world_now(w),
	    world_arena(w), &row, &err));
	assert_int_equal(row.status, ORDER_INVALID);
}

/* RFC 8555 section 7.1.2.1. */
static void
test_orders_list(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	AUTO_STR *url = mem_printf("%s/orders", c->kid);
	struct reply *r = world_post(w, c, url, NULL), *order;
	const char *link, *end;
	size_t seen;

	assert_status(r, 200);
	assert_int_equal(json_array_size(reply_member(r, "orders")), 0);
	assert_false(reply_has_link(r, "next"));
	order = world_order(w, c, "dns:gone.test", NULL);
	assert_status(world_post(w, c, reply_text(order, "authorizations.0"),
			  "{\"status\":\"deactivated\"}"),
	    200);
	for (unsigned i = 0; i < 120; i++)
		order = world_order(w, c, "dns:a.test", NULL);
	r = world_post(w, c, url, NULL);
	assert_status(r, 200);
	assert_string_equal(
	    reply_text(r, "orders.0"), reply_header(order, "Location", 0));
	seen = json_array_size(reply_member(r, "orders"));
	link = reply_header(r, "Link", 1);
	assert_true(reply_has_link(r, "next"));
	end = strchr(link, '>');
	r = world_post(w, c,
	    arena_printf(
		world_arena(w), "%.*s", (int)(end - link - 1), link + 1),
	    NULL);
	assert_status(r, 200);
	assert_false(reply_has_link(r, "next"));
	/* The invalid one is left out. */
	assert_int_equal(
	    seen + json_array_size(reply_member(r, "orders")), 120);
	assert_problem(world_post(w, c, url, "{}"), 400, "malformed");
}

struct racer {
	struct world *w;
	struct acme_client *c;
	int status;
	const char *location;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct reply *reply = new_account(r->w, r->c, "{}");

	r->status = reply->status;
	r->location = reply_header(reply, "Location", 0);
	return NULL;
}

/* Two newAccounts of one key at once: one account. */
static void
test_concurrent_new_account(void **state)
{
	struct world *w = *state;

	for (unsigned round = 0; round < 10; round++) {
		struct acme_client *c = acme_client_new("ES256");
		struct racer racers[2] = { { .w = w, .c = c },
			{ .w = w, .c = c } };
		pthread_t threads[2];

		for (size_t i = 0; i < 2; i++)
			assert_int_equal(
			    pthread_create(&threads[i], NULL, race, &racers[i]),
			    0);
		for (size_t i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		assert_string_equal(racers[0].location, racers[1].location);
		assert_int_equal(racers[0].status + racers[1].status, 401);
		assert_int_equal(accounts(w), round + 1);
		acme_client_free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_uacme_probe_gets_account_does_not_exist, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_uacme_sees_created_or_existing, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_getssl_known_key_gets_200_with_a_body, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_every_algorithm_opens_an_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contacts, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_new_account_bad_payloads, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_terms_of_service, setup_terms, teardown),
		cmocka_unit_test_setup_teardown(
		    test_external_account_required, setup_external, teardown),
		cmocka_unit_test_setup_teardown(
		    test_certbot_update_with_read_only_members, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_other_accounts_are_not_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_mod_md_deactivated_account_gets_401, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_orders_list, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_concurrent_new_account, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
