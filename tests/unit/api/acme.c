#include "world.h"
#include "util/text.h"

#define JWK                                                                    \
	"{\"crv\":\"P-256\",\"kty\":\"EC\","                                   \
	"\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\","               \
	"\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}"

static void
add_account(struct world *w, const char *id, uint8_t thumbprint)
{
	const struct account_row row = { .id = id,
		.thumbprint = { thumbprint },
		.jwk = JWK,
		.status = ACCOUNT_VALID,
		.contacts = "[\"mailto:a@example.com\"]",
		.created_at = w->t->now,
		.created_from = "192.0.2.1" };

	assert_ok(w->t, store_account_insert(w->t->store, &row, &w->t->err));
}

static void
add_order(struct world *w, const char *id, const char *authz_id)
{
	const struct authz_row authz = { .id = authz_id,
		.account_id = "account-1",
		.name_type = NAME_DNS,
		.name = "www.example.com",
		.status = AUTHZ_PENDING,
		.expires_at = w->t->now + 3600,
		.created_at = w->t->now,
		.token = "token",
		.offered = CHALLENGE_HTTP_01 };
	const struct order_row order = { .id = id,
		.account_id = "account-1",
		.status = ORDER_PENDING,
		.expires_at = w->t->now + 3600,
		.created_at = w->t->now,
		.names_json =
		    "[{\"type\":\"dns\",\"value\":\"www.example.com\"}]",
		.profile = "default",
		.authz_ids = &authz_id,
		.authz_n = 1 };

	assert_ok(w->t,
	    store_order_insert(w->t->store, &order, &authz, 1, &w->t->err));
}

static void
accounts(void **state)
{
	struct world *w = *state;
	const json_t *list;

	add_account(w, "account-1", 1);
	add_account(w, "account-2", 2);
	world_call(w, "/accounts", NULL);
	assert_int_equal(w->status, 200);
	list = json_object_get(w->answer, "accounts");
	assert_int_equal(json_array_size(list), 2);
	world_call(w, "/accounts?limit=1", NULL);
	assert_non_null(world_text(w, "next"));
	world_call(w, "/accounts/account-1", NULL);
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "status"), "valid");
	assert_string_equal(world_text(w, "key"), "ec-p256");
	assert_string_equal(world_text(w, "created_from"), "192.0.2.1");
	world_call(w, "/accounts/account-9", NULL);
	assert_int_equal(w->status, 404);
}

static void
deactivation(void **state)
{
	struct world *w = *state;

	add_account(w, "account-1", 1);
	add_order(w, "order-1", "authz-1");
	world_call(w, "/accounts/account-1/deactivate", "{}");
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "status"), "deactivated");
	assert_int_equal(world_leaves(w, "account-deactivated",
			     arena_printf(w->t->a, "\"by\":\"uid %u\"",
				 (unsigned)w->peer_uid)),
	    1);
	world_call(w, "/orders/order-1", NULL);
	assert_string_equal(world_text(w, "status"), "invalid");
	world_call(w, "/accounts/account-1/deactivate", "{}");
	assert_int_equal(w->status, 409);
	world_call(w, "/accounts/account-9/deactivate", "{}");
	assert_true(w->status >= 400);
}

static bool
validate(struct world *w, const char *authz_id, const char *record)
{
	const struct validation_outcome o = { .authz_id = authz_id,
		.what = VALIDATION_VALID,
		.at = w->t->now,
		.expires_at = w->t->now + 3600,
		.record_json = record };
	bool started;

	return store_challenge_start(w->t->store, authz_id, "account-1",
		   CHALLENGE_HTTP_01, w->t->now, &started, &w->t->err) &&
	    store_validation_post(w->t->store, &o, NULL, NULL, &w->t->err);
}

static void
orders(void **state)
{
	struct world *w = *state;
	const json_t *authz, *records;

	add_account(w, "account-1", 1);
	add_order(w, "order-1", "authz-1");
	add_order(w, "order-2", "authz-2");
	world_call(w, "/orders", NULL);
	assert_int_equal(
	    json_array_size(json_object_get(w->answer, "orders")), 2);
	world_call(w, "/orders?account=account-2", NULL);
	assert_int_equal(
	    json_array_size(json_object_get(w->answer, "orders")), 0);
	world_call(w, "/orders?limit=1", NULL);
	assert_string_equal(world_text(w, "next"), "order-2");
	/* Nobody wrote why an order ended that nobody finalized. */
	world_call(w, "/orders/order-1", NULL);
	assert_true(json_is_null(json_object_get(w->answer, "error")));
	w->t->now += (int64_t)400 * 24 * 3600;
	world_call(w, "/orders/order-1", NULL);
	assert_string_equal(world_text(w, "status"), "invalid");
	w->answer = json_object_get(w->answer, "error");
	assert_non_null(strstr(world_text(w, "detail"), "expired at"));
	w->t->now -= (int64_t)400 * 24 * 3600;
	world_call(w, "/orders/order-9", NULL);
	world_refused(w, 404, "not-found");
	assert_ok(w->t, validate(w, "authz-1", "{\"used\":\"127.0.0.1\"}"));
	/* A change behind the outcome, so that it is committed. */
	add_account(w, "account-3", 3);
	world_call(w, "/orders/order-1", NULL);
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "status"), "ready");
	authz = json_array_get(json_object_get(w->answer, "authorizations"), 0);
	assert_string_equal(json_string_value(json_object_get(authz, "name")),
	    "dns:www.example.com");
	assert_string_equal(
	    json_string_value(json_object_get(authz, "challenge")), "http-01");
	records = json_object_get(authz, "records");
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(records, 0), "used")),
	    "127.0.0.1");
}

static void
cas(void **state)
{
	struct world *w = *state;
	const json_t *list;

	assert_ok(w->t, ca_crl_run(w->t->ca, &w->t->err));
	world_call(w, "/cas", NULL);
	assert_int_equal(w->status, 200);
	list = json_object_get(w->answer, "cas");
	assert_int_equal(json_array_size(list), w->t->config->cas_n);
	world_call(w, "/cas/issuing", NULL);
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "name"), "issuing");
	assert_true(json_is_true(json_object_get(w->answer, "online")));
	assert_true(json_integer_value(json_object_get(
			json_object_get(w->answer, "crl"), "number")) > 0);
	world_call(w, "/cas/nobody", NULL);
	world_refused(w, 404, "not-found");
	world_call(w, "/status", NULL);
	assert_int_equal(w->status, 200);
	assert_true(json_is_true(json_object_get(w->answer, "crls_current")));
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(accounts),
		T(deactivation),
		T(orders),
		T(cas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
