#include "fixture.h"

static bool
start(struct fixture *f, unsigned n, enum challenge_type type)
{
	bool started;

	assert_ok(f,
	    store_challenge_start(f->s, arena_printf(f->a, "authz-%u", n),
		"acct-1", type, f->now, &started, &f->err));
	return started;
}

static size_t
claim(struct fixture *f, unsigned limit, struct validation_job **jobs)
{
	size_t n;

	assert_ok(f,
	    store_validation_claim(
		f->s, f->now, f->now + 30, limit, f->a, jobs, &n, &f->err));
	return n;
}

static int64_t
next_due(struct fixture *f)
{
	int64_t at;

	assert_ok(f, store_validation_next_due(f->s, &at, &f->err));
	return at;
}

static void
test_start_is_idempotent(void **state)
{
	struct fixture *f = *state;
	struct authz_row z;

	account_add(f, 1);
	order_add(f, 1);
	assert_int_equal(next_due(f), 0);
	assert_true(start(f, 1, CHALLENGE_DNS_01));
	z = authz_read_back(f, 1);
	assert_true(z.processing);
	assert_int_equal(z.chosen, CHALLENGE_DNS_01);
	assert_int_equal(next_due(f), NOW);
	/* Another challenge does not start a second validation. */
	assert_false(start(f, 1, CHALLENGE_DNS_01));
	assert_false(start(f, 1, CHALLENGE_HTTP_01));
	assert_int_equal(authz_read_back(f, 1).chosen, CHALLENGE_DNS_01);
}

static void
test_start_refuses(void **state)
{
	struct fixture *f = *state;
	bool started = true;

	account_add(f, 1);
	account_add(f, 2);
	order_add(f, 1);
	assert_err(f, ERR_NOT_FOUND,
	    store_challenge_start(f->s, "authz-1", "acct-2", CHALLENGE_HTTP_01,
		NOW, &started, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_challenge_start(f->s, "authz-1", "acct-1",
		CHALLENGE_TLS_ALPN_01, NOW, &started, &f->err));
	f->now = NOW + 3600;
	assert_false(start(f, 1, CHALLENGE_HTTP_01));
	assert_int_equal(next_due(f), 0);
}

static void
test_claim_leases(void **state)
{
	struct fixture *f = *state;
	struct account_row account = account_make(f, 1);
	struct validation_job *jobs, one;

	account_add(f, 1);
	for (unsigned i = 1; i <= 3; i++) {
		order_add(f, i);
		start(f, i, CHALLENGE_HTTP_01);
		f->now++;
	}
	/* The oldest first. */
	assert_int_equal(claim(f, 2, &jobs), 2);
	assert_int_equal(jobs[0].attempt, 1);
	assert_int_equal(jobs[0].type, CHALLENGE_HTTP_01);
	assert_int_equal(jobs[0].name_type, 1);
	assert_string_equal(jobs[0].token, "token");
	assert_memory_equal(jobs[0].thumbprint, account.thumbprint, 32);
	assert_string_not_equal(jobs[0].authz_id, "authz-3");
	assert_string_not_equal(jobs[1].authz_id, "authz-3");
	assert_string_not_equal(jobs[0].authz_id, jobs[1].authz_id);
	assert_err(f, ERR_NOT_FOUND,
	    store_validation_claim_one(
		f->s, "authz-1", f->now, f->now + 30, f->a, &one, &f->err));
	assert_ok(f,
	    store_validation_claim_one(
		f->s, "authz-3", f->now, f->now + 30, f->a, &one, &f->err));
	assert_string_equal(one.name, "3.example");
	assert_int_equal(claim(f, 9, &jobs), 0);
	assert_int_equal(next_due(f), f->now + 30);
	/* A lease that ran out gives the job to the next. */
	f->now += 30;
	assert_int_equal(claim(f, 9, &jobs), 3);
	assert_int_equal(jobs[0].attempt, 2);
}

static void
test_valid(void **state)
{
	struct fixture *f = *state;
	struct authz_row z;

	account_add(f, 1);
	order_add(f, 1);
	authz_validate(f, 1);
	z = authz_read_back(f, 1);
	assert_int_equal(z.status, AUTHZ_VALID);
	assert_false(z.processing);
	assert_int_equal(z.validated_at, NOW);
	assert_int_equal(z.expires_at, NOW + 86400);
	assert_int_equal(z.attempts, 1);
	assert_string_equal(
	    z.records_json, "[{\"url\":\"http://n.example/\"}]");
	assert_null(z.error_json);
	assert_int_equal(order_read_back(f, 1).status, ORDER_READY);
	assert_int_equal(next_due(f), 0);
	assert_false(start(f, 1, CHALLENGE_HTTP_01));
}

static void
test_valid_needs_a_record(void **state)
{
	struct fixture *f = *state;
	struct validation_outcome o = {
		.authz_id = "authz-1",
		.what = VALIDATION_VALID,
		.at = NOW,
		.expires_at = NOW + 60,
	};

	account_add(f, 1);
	order_add(f, 1);
	start(f, 1, CHALLENGE_HTTP_01);
	assert_err(f, ERR_INTERNAL,
	    store_validation_post(f->s, &o, NULL, NULL, &f->err));
	o.record_json = "";
	assert_err(f, ERR_INTERNAL,
	    store_validation_post(f->s, &o, NULL, NULL, &f->err));
	o.record_json = "no JSON";
	assert_string_equal(outcome_post(f, &o), "store");
	assert_int_equal(authz_read_back(f, 1).status, AUTHZ_PENDING);
}

static void
test_valid_needs_a_start(void **state)
{
	struct fixture *f = *state;
	const struct validation_outcome o = {
		.authz_id = "authz-1",
		.what = VALIDATION_VALID,
		.at = NOW,
		.expires_at = NOW + 60,
		.record_json = "{}",
	};

	account_add(f, 1);
	order_add(f, 1);
	assert_string_equal(outcome_post(f, &o), "conflict");
	assert_int_equal(authz_read_back(f, 1).status, AUTHZ_PENDING);
}

static void
test_retry_then_invalid(void **state)
{
	struct fixture *f = *state;
	struct validation_job *jobs;
	struct validation_outcome o = {
		.authz_id = "authz-1",
		.what = VALIDATION_RETRY,
		.at = NOW,
		.next_at = NOW + 5,
		.record_json = "{\"try\":1}",
		.error_json = "{\"type\":\"dns\"}",
	};
	struct authz_row z;

	account_add(f, 1);
	order_add(f, 1);
	start(f, 1, CHALLENGE_HTTP_01);
	assert_int_equal(claim(f, 1, &jobs), 1);
	assert_string_equal(outcome_post(f, &o), "none");
	z = authz_read_back(f, 1);
	assert_int_equal(z.status, AUTHZ_PENDING);
	assert_true(z.processing);
	assert_int_equal(z.attempts, 1);
	assert_string_equal(z.error_json, "{\"type\":\"dns\"}");
	assert_int_equal(next_due(f), NOW + 5);
	assert_int_equal(claim(f, 1, &jobs), 0);
	f->now = NOW + 5;
	assert_int_equal(claim(f, 1, &jobs), 1);
	assert_int_equal(jobs[0].attempt, 2);
	o.what = VALIDATION_INVALID;
	o.at = f->now;
	o.record_json = "{\"try\":2}";
	assert_string_equal(outcome_post(f, &o), "none");
	z = authz_read_back(f, 1);
	assert_int_equal(z.status, AUTHZ_INVALID);
	assert_int_equal(z.attempts, 2);
	assert_int_equal(z.expires_at, NOW + 3600);
	assert_string_equal(z.records_json, "[{\"try\":1},{\"try\":2}]");
	assert_int_equal(order_read_back(f, 1).status, ORDER_INVALID);
	assert_string_equal(
	    order_read_back(f, 1).error_json, "{\"type\":\"dns\"}");
	/* The first outcome stands. */
	o.what = VALIDATION_VALID;
	assert_string_equal(outcome_post(f, &o), "conflict");
}

static void
test_find_and_cover(void **state)
{
	struct fixture *f = *state;
	const unsigned types[] = { 1, 1 };
	const char *const names[] = { "1.example", "2.example" };
	const bool wild[] = { false, false };
	struct authz_row z;
	bool covers;

	account_add(f, 1);
	order_add(f, 1);
	order_add(f, 2);
	authz_validate(f, 1);
	assert_ok(f,
	    store_authz_find_valid(f->s, "acct-1", 1, "1.example", false,
		NOW + 7200, f->a, &z, &f->err));
	assert_string_equal(z.id, "authz-1");
	assert_err(f, ERR_NOT_FOUND,
	    store_authz_find_valid(f->s, "acct-1", 1, "1.example", false,
		NOW + 86400, f->a, &z, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_authz_find_valid(
		f->s, "acct-1", 1, "1.example", true, NOW, f->a, &z, &f->err));
	assert_err(f, ERR_NOT_FOUND,
	    store_authz_find_valid(
		f->s, "acct-1", 1, "2.example", false, NOW, f->a, &z, &f->err));
	assert_ok(f,
	    store_authz_covers(
		f->s, "acct-1", types, names, wild, 1, NOW, &covers, &f->err));
	assert_true(covers);
	assert_ok(f,
	    store_authz_covers(
		f->s, "acct-1", types, names, wild, 2, NOW, &covers, &f->err));
	assert_false(covers);
	assert_ok(f,
	    store_authz_covers(
		f->s, "acct-1", types, names, wild, 0, NOW, &covers, &f->err));
	assert_false(covers);
}

static void
test_deactivate(void **state)
{
	struct fixture *f = *state;

	account_add(f, 1);
	account_add(f, 2);
	order_add(f, 1);
	order_add(f, 2);
	authz_validate(f, 1);
	start(f, 2, CHALLENGE_HTTP_01);
	assert_err(f, ERR_NOT_FOUND,
	    store_authz_deactivate(f->s, "authz-1", "acct-2", NOW, &f->err));
	/* A valid one, and one that is being validated. */
	assert_ok(
	    f, store_authz_deactivate(f->s, "authz-1", "acct-1", NOW, &f->err));
	assert_ok(
	    f, store_authz_deactivate(f->s, "authz-2", "acct-1", NOW, &f->err));
	assert_int_equal(authz_read_back(f, 1).status, AUTHZ_DEACTIVATED);
	assert_int_equal(authz_read_back(f, 2).status, AUTHZ_DEACTIVATED);
	assert_int_equal(order_read_back(f, 1).status, ORDER_INVALID);
	assert_int_equal(order_read_back(f, 2).status, ORDER_INVALID);
	assert_int_equal(next_due(f), 0);
	assert_err(f, ERR_CONFLICT,
	    store_authz_deactivate(f->s, "authz-1", "acct-1", NOW, &f->err));
}

static void
test_expired_jobs_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct validation_job *jobs;

	account_add(f, 1);
	order_add(f, 1);
	start(f, 1, CHALLENGE_HTTP_01);
	f->now = NOW + 3600;
	assert_int_equal(next_due(f), NOW);
	assert_int_equal(claim(f, 9, &jobs), 0);
	assert_int_equal(next_due(f), 0);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_start_is_idempotent),
		T(test_start_refuses),
		T(test_claim_leases),
		T(test_valid),
		T(test_valid_needs_a_record),
		T(test_valid_needs_a_start),
		T(test_retry_then_invalid),
		T(test_find_and_cover),
		T(test_deactivate),
		T(test_expired_jobs_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
