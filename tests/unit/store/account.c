#include "fixture.h"

static void
test_insert_and_read(void **state)
{
	struct fixture *f = *state;
	struct account_row in = account_make(f, 1), out;
	const char *kind;

	in.terms_agreed_at = NOW - 1;
	in.contacts = "[\"mailto:a@example\"]";
	assert_ok(f, store_account_insert(f->s, &in, &f->err));
	assert_ok(f, store_account_get(f->s, "acct-1", f->a, &out, &f->err));
	assert_string_equal(out.id, "acct-1");
	assert_memory_equal(out.thumbprint, in.thumbprint, 32);
	assert_string_equal(out.jwk, in.jwk);
	assert_int_equal(out.status, ACCOUNT_VALID);
	assert_string_equal(out.contacts, in.contacts);
	assert_int_equal(out.terms_agreed_at, NOW - 1);
	assert_int_equal(out.created_at, NOW);
	assert_string_equal(out.created_from, "192.0.2.1");
	assert_ok(f,
	    store_account_get_by_key(f->s, in.thumbprint, f->a, &out, &f->err));
	assert_string_equal(out.id, "acct-1");
	/* Neither contacts nor addresses are in the log. */
	assert_string_equal(log_last(f, &kind),
	    "{\"at\":1800000000,\"id\":\"acct-1\","
	    "\"jwk\":\"{\\\"kty\\\":\\\"EC\\\",\\\"n\\\":1}\","
	    "\"kind\":\"account\",\"thumbprint\":\"01000000000000000000000000"
	    "00000000000000000000000000000000000001\"}");
	assert_string_equal(kind, "account");
}

static void
test_missing(void **state)
{
	struct fixture *f = *state;
	struct account_row out;
	uint8_t key[32] = { 9 };

	assert_err(f, ERR_NOT_FOUND,
	    store_account_get(f->s, "acct-9", f->a, &out, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_account_get_by_key(f->s, key, f->a, &out, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_account_set_contacts(f->s, "acct-9", "[]", &f->err));
}

static void
test_key_has_one_account(void **state)
{
	struct fixture *f = *state;
	struct account_row row = account_make(f, 1);

	account_add(f, 1);
	row.id = "acct-other";
	assert_err(f, ERR_CONFLICT, store_account_insert(f->s, &row, &f->err));
	/* The leaf went with the row. */
	assert_int_equal(log_count(f), 1);
}

static void
test_update(void **state)
{
	struct fixture *f = *state;
	struct account_row out;

	account_add(f, 1);
	assert_ok(
	    f, store_account_set_contacts(f->s, "acct-1", "[\"x\"]", &f->err));
	assert_ok(f, store_account_get(f->s, "acct-1", f->a, &out, &f->err));
	assert_string_equal(out.contacts, "[\"x\"]");
	/* Contacts are no leaf. */
	assert_int_equal(log_count(f), 1);
}

static void
test_deactivate_once(void **state)
{
	struct fixture *f = *state;
	struct account_row out;
	struct validation_job *jobs;
	const char *kind;
	bool started;
	size_t n;

	account_add(f, 1);
	order_add(f, 1);
	order_add(f, 2);
	authz_validate(f, 2);
	assert_ok(f,
	    store_challenge_start(f->s, "authz-1", "acct-1", CHALLENGE_HTTP_01,
		NOW, &started, &f->err));
	assert_int_equal(order_read_back(f, 2).status, ORDER_READY);
	assert_ok(f,
	    store_account_deactivate(
		f->s, "acct-1", NOW + 9, "account", &f->err));
	assert_ok(f, store_account_get(f->s, "acct-1", f->a, &out, &f->err));
	assert_int_equal(out.status, ACCOUNT_DEACTIVATED);
	assert_int_equal(order_read_back(f, 1).status, ORDER_INVALID);
	assert_int_equal(order_read_back(f, 2).status, ORDER_INVALID);
	assert_int_equal(authz_read_back(f, 1).status, AUTHZ_DEACTIVATED);
	assert_ok(f,
	    store_validation_claim(
		f->s, NOW + 100, NOW + 130, 10, f->a, &jobs, &n, &f->err));
	assert_int_equal(n, 0);
	assert_string_equal(log_last(f, &kind),
	    "{\"at\":1800000009,\"by\":\"account\",\"id\":\"acct-1\","
	    "\"kind\":\"account-deactivated\"}");
	assert_err(f, ERR_ACCOUNT_DEACTIVATED,
	    store_account_deactivate(f->s, "acct-1", NOW, "account", &f->err));
	assert_err(f, ERR_ACCOUNT_DEACTIVATED,
	    store_account_set_contacts(f->s, "acct-1", "[]", &f->err));
	assert_int_equal(log_count(f), 2);
}

static void
test_list_in_pages(void **state)
{
	struct fixture *f = *state;
	struct account_row *rows;
	size_t n;

	for (unsigned i = 1; i <= 5; i++)
		account_add(f, i);
	assert_ok(
	    f, store_account_list(f->s, NULL, 2, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].id, "acct-5");
	assert_ok(f,
	    store_account_list(f->s, rows[1].id, 10, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].id, "acct-3");
	assert_string_equal(rows[2].id, "acct-1");
	assert_ok(f,
	    store_account_list(f->s, "acct-1", 10, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 0);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_insert_and_read),
		T(test_missing),
		T(test_key_has_one_account),
		T(test_update),
		T(test_deactivate_once),
		T(test_list_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
