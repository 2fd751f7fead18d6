#include "fixture.h"

static void
test_insert_and_read(void **state)
{
	struct fixture *f = *state;
	struct order_row o;
	struct authz_row z;
	uint8_t hash[32];

	account_add(f, 1);
	order_add(f, 1);
	o = order_read_back(f, 1);
	assert_string_equal(o.account_id, "acct-1");
	assert_int_equal(o.status, ORDER_PENDING);
	/* Its authorization ends sooner than itself. */
	assert_int_equal(o.expires_at, NOW + 3600);
	assert_string_equal(
	    o.names_json, "[{\"type\":\"dns\",\"value\":\"1.example\"}]");
	assert_string_equal(o.profile, "default");
	fill_hash(hash, 7);
	assert_memory_equal(o.profile_hash, hash, 32);
	assert_null(o.error_json);
	assert_null(o.cert_id);
	assert_int_equal(o.authz_n, 1);
	assert_string_equal(o.authz_ids[0], "authz-1");
	z = authz_read_back(f, 1);
	assert_string_equal(z.name, "1.example");
	assert_int_equal(z.status, AUTHZ_PENDING);
	assert_int_equal(z.offered, CHALLENGE_HTTP_01 | CHALLENGE_DNS_01);
	assert_int_equal(z.chosen, 0);
	assert_false(z.processing);
	assert_false(z.wildcard);
	assert_string_equal(z.token, "token");
	/* Orders are no leaves. */
	assert_int_equal(log_count(f), 1);
}

static struct order_row
order_of(struct fixture *f, const char *id, const char *const *authz, size_t n)
{
	return (struct order_row){
		.id = id,
		.account_id = "acct-1",
		.expires_at = f->now + 600,
		.created_at = f->now,
		.names_json = "[]",
		.profile = "default",
		.authz_ids = authz,
		.authz_n = n,
	};
}

static void
test_status_from_authorizations(void **state)
{
	struct fixture *f = *state;
	const char *ids[2] = { "authz-2", "authz-1" };
	struct order_row o = order_of(f, "reuse", ids, 2);

	account_add(f, 1);
	order_add(f, 1);
	order_add(f, 2);
	authz_validate(f, 1);
	assert_ok(f, store_order_insert(f->s, &o, NULL, 0, &f->err));
	assert_ok(f, store_order_get(f->s, "reuse", NOW, f->a, &o, &f->err));
	assert_int_equal(o.status, ORDER_PENDING);
	assert_int_equal(o.authz_n, 2);
	assert_string_equal(o.authz_ids[0], "authz-2");
	/* The last one makes both orders ready in its own change. */
	authz_validate(f, 2);
	assert_int_equal(order_read_back(f, 2).status, ORDER_READY);
	assert_ok(f, store_order_get(f->s, "reuse", NOW, f->a, &o, &f->err));
	assert_int_equal(o.status, ORDER_READY);
	o = order_of(f, "all-valid", ids, 2);
	assert_ok(f, store_order_insert(f->s, &o, NULL, 0, &f->err));
	assert_ok(
	    f, store_order_get(f->s, "all-valid", NOW, f->a, &o, &f->err));
	assert_int_equal(o.status, ORDER_READY);
}

static void
test_refuses(void **state)
{
	struct fixture *f = *state;
	const char *ids[1] = { "authz-1" };
	struct order_row o = order_of(f, "x", ids, 1);

	account_add(f, 1);
	account_add(f, 2);
	order_add(f, 1);
	/* Another account's authorization. */
	o.account_id = "acct-2";
	assert_err(
	    f, ERR_CONFLICT, store_order_insert(f->s, &o, NULL, 0, &f->err));
	/* One that is over. */
	o = order_of(f, "x", ids, 1);
	o.created_at = NOW + 3600;
	assert_err(
	    f, ERR_CONFLICT, store_order_insert(f->s, &o, NULL, 0, &f->err));
	/* None at all. */
	o = order_of(f, "x", ids, 0);
	assert_err(
	    f, ERR_INTERNAL, store_order_insert(f->s, &o, NULL, 0, &f->err));
	/* The same id again. */
	o = order_of(f, "order-1", ids, 1);
	assert_err(
	    f, ERR_CONFLICT, store_order_insert(f->s, &o, NULL, 0, &f->err));
	/* An account that is over. */
	assert_ok(
	    f, store_account_deactivate(f->s, "acct-1", NOW, "test", &f->err));
	o = order_of(f, "x", ids, 1);
	assert_err(f, ERR_ACCOUNT_DEACTIVATED,
	    store_order_insert(f->s, &o, NULL, 0, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_order_get(f->s, "x", NOW, f->a, &o, &f->err));
}

static void
test_expired_reads_as_invalid(void **state)
{
	struct fixture *f = *state;

	account_add(f, 1);
	order_add(f, 1);
	order_add(f, 2);
	authz_validate(f, 2);
	assert_int_equal(order_read_back(f, 2).expires_at, NOW + 7200);
	f->now = NOW + 3599;
	assert_int_equal(order_read_back(f, 1).status, ORDER_PENDING);
	/* RFC 8555 section 7.1.6: with its authorization. */
	f->now = NOW + 3600;
	assert_int_equal(order_read_back(f, 1).status, ORDER_INVALID);
	assert_int_equal(authz_read_back(f, 1).status, AUTHZ_EXPIRED);
	assert_int_equal(order_read_back(f, 2).status, ORDER_READY);
	f->now = NOW + 7200;
	assert_int_equal(order_read_back(f, 1).status, ORDER_INVALID);
	assert_int_equal(order_read_back(f, 2).status, ORDER_INVALID);
	assert_int_equal(authz_read_back(f, 2).status, AUTHZ_VALID);
	f->now = NOW + 86400;
	assert_int_equal(authz_read_back(f, 2).status, AUTHZ_EXPIRED);
}

static void
test_list_in_pages(void **state)
{
	struct fixture *f = *state;
	struct order_row *rows;
	size_t n;

	account_add(f, 1);
	account_add(f, 2);
	for (unsigned i = 1; i <= 5; i++)
		order_add(f, i);
	assert_ok(f,
	    store_order_list(
		f->s, "acct-1", NULL, 2, NOW, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].id, "order-5");
	assert_string_equal(rows[0].authz_ids[0], "authz-5");
	assert_ok(f,
	    store_order_list(
		f->s, "acct-1", rows[1].id, 9, NOW, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 3);
	assert_string_equal(rows[2].id, "order-1");
	assert_ok(f,
	    store_order_list(
		f->s, "acct-2", NULL, 9, NOW, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 0);
	assert_ok(f,
	    store_order_list(
		f->s, NULL, NULL, 9, NOW + 9999, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 5);
	assert_int_equal(rows[0].status, ORDER_INVALID);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_insert_and_read),
		T(test_status_from_authorizations),
		T(test_refuses),
		T(test_expired_reads_as_invalid),
		T(test_list_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
