/*
 * kill -9 at each fault point of the store, at each commit and at each write:
 * what a caller was told is there afterwards, at most one step more, and the
 * rows agree with each other.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util/fault.h"
#include "util/own.h"
#include "fixture.h"

enum step {
	STEP_NONE,
	STEP_ACCOUNT,
	STEP_ORDER,
	STEP_STARTED,
	STEP_CLAIMED,
	STEP_VALID,
	STEP_INTENT,
	STEP_ISSUED,
	STEP_REVOKED,
	STEPS
};

static bool
step_start(struct fixture *f)
{
	bool started;

	return store_challenge_start(f->s, "authz-1", "acct-1",
		   CHALLENGE_HTTP_01, NOW, &started, &f->err) &&
	    started;
}

static bool
step_claim(struct fixture *f)
{
	struct validation_job job;

	return store_validation_claim_one(
	    f->s, "authz-1", NOW, NOW + 30, f->a, &job, &f->err);
}

static bool
step_valid(struct fixture *f)
{
	const struct validation_outcome o = {
		.authz_id = "authz-1",
		.what = VALIDATION_VALID,
		.at = NOW,
		.expires_at = NOW + 86400,
		.record_json = "{}",
	};

	return strcmp(outcome_post(f, &o), "none") == 0;
}

static bool
step_intent(struct fixture *f)
{
	struct cert_row row = cert_make(f, 1);
	uint8_t csr[32] = { 1 };
	uint64_t position;

	row.account_id = "acct-1";
	row.order_id = "order-1";
	return store_cert_intent(f->s, &row, csr, &position, &f->err);
}

static bool
step_run(struct fixture *f, int step)
{
	switch (step) {
	case STEP_ACCOUNT:
		account_add(f, 1);
		return true;
	case STEP_ORDER:
		order_add(f, 1);
		return true;
	case STEP_STARTED:
		return step_start(f);
	case STEP_CLAIMED:
		return step_claim(f);
	case STEP_VALID:
		return step_valid(f);
	case STEP_INTENT:
		return step_intent(f);
	case STEP_ISSUED:
		return store_cert_issued(
		    f->s, "cert-1", bytes_str("sig"), NOW, &f->err);
	case STEP_REVOKED:
		return store_cert_revoke(
		    f->s, "cert-1", 0, NOW, "x", false, &f->err);
	default:
		return false;
	}
}

/* How far the rows say that it came, and do they agree? */
static enum step
step_found(struct fixture *f)
{
	struct account_row account;
	struct order_row order;
	struct cert_row cert;
	struct authz_row z;

	if (!store_account_get(f->s, "acct-1", f->a, &account, &f->err))
		return STEP_NONE;
	if (!store_order_get(f->s, "order-1", NOW, f->a, &order, &f->err))
		return STEP_ACCOUNT;
	z = authz_read_back(f, 1);
	if (!store_cert_get(f->s, "cert-1", f->a, &cert, &f->err)) {
		if (z.status == AUTHZ_VALID) {
			assert_int_equal(order.status, ORDER_READY);
			assert_string_equal(z.records_json, "[{}]");
			return STEP_VALID;
		}
		assert_int_equal(order.status, ORDER_PENDING);
		return z.processing ? STEP_STARTED : STEP_ORDER;
	}
	assert_string_equal(order.cert_id, "cert-1");
	assert_true(bytes_is(cert.tbs, "tbs 1"));
	assert_int_equal(order.status,
	    cert.status == CERT_INTENT ? ORDER_PROCESSING : ORDER_VALID);
	assert_int_equal(cert.signature.n, cert.status == CERT_INTENT ? 0 : 3);
	switch (cert.status) {
	case CERT_INTENT:
		return STEP_INTENT;
	case CERT_ISSUED:
		return STEP_ISSUED;
	default:
		return STEP_REVOKED;
	}
}

/* Leaves: account, intent, issued, revoked. */
static uint64_t
leaves_of(enum step step)
{
	static const enum step leaves[] = { STEP_ACCOUNT, STEP_INTENT,
		STEP_ISSUED, STEP_REVOKED };
	uint64_t n = 0;

	while (n < COUNT_OF(leaves) && step >= leaves[n])
		n++;
	return n;
}

static bool
crash_at(void **state, const char *fault)
{
	struct fixture *f = *state;
	const struct store_options o = { .path = f->path };
	enum step told, found;
	bool killed;

	store_close(TAKE(f->s));
	told = (enum step)killed_run(
	    f, fault, STEP_ACCOUNT, STEPS, step_run, &killed);
	assert_ok(f, store_open(&o, &f->s, &f->err));
	/* A claim leaves no mark but its lease. */
	found = step_found(f);
	if (found == STEP_STARTED && told == STEP_CLAIMED)
		found = STEP_CLAIMED;
	if (found < told || found > told + 1)
		fail_msg("%s: told step %d, found %d", fault, told, found);
	assert_int_equal(log_count(f), leaves_of(found));
	/* And life goes on. */
	account_add(f, 2);
	fixture_teardown(state);
	fixture_setup(state);
	return killed;
}

static void
test_points(void **state)
{
	static const char *const points[] = {
		"account.insert.before",
		"account.insert.after",
		"order.insert.before",
		"order.insert.after",
		"challenge.start.after",
		"validation.finish.before",
		"validation.finish.after",
		"issue.intent.before",
		"issue.intent.after",
		"issue.issued.before",
		"issue.issued.after",
		"revoke.before",
		"revoke.after",
	};

	for (size_t i = 0; i < COUNT_OF(points); i++) {
		char fault[64];

		snprintf(fault, sizeof(fault), "%s:1:kill", points[i]);
		assert_true(crash_at(state, fault));
	}
}

/* Until the flow gets through without being killed. */
static unsigned
crash_at_each(void **state, const char *point)
{
	char fault[64];
	unsigned n = 0;

	do {
		n++;
		assert_true(n < 200);
		snprintf(fault, sizeof(fault), "%s:%u:kill", point, n);
	} while (crash_at(state, fault));
	return n - 1;
}

static void
test_each_commit(void **state)
{
	assert_int_equal(
	    crash_at_each(state, "writer.commit.before"), STEPS - 1);
	assert_int_equal(
	    crash_at_each(state, "writer.commit.after"), STEPS - 1);
}

static void
test_each_write_and_fsync(void **state)
{
	assert_true(crash_at_each(state, "vfs.write") > 2 * STEPS);
	assert_true(crash_at_each(state, "vfs.sync") >= STEPS - 1);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_points),
		T(test_each_commit),
		T(test_each_write_and_fsync),
	};

#ifdef CHANCERY_FAULTS
	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	(void)tests;
	return 0;
#endif
}
