/*
 * kill -9 on the way of a token and of an approval to their certificate: at
 * each fault point, commit and write.  What a certificate takes is taken if and
 * only if its intent is there, and comes back if and only if it is void.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store/approval.h"
#include "store/operator.h"
#include "store/token.h"
#include "util/fault.h"
#include "util/own.h"
#include "fixture.h"

enum step {
	STEP_NONE,
	STEP_OPERATOR,
	STEP_TOKEN,
	STEP_SUBMITTED,
	STEP_DECIDED,
	STEP_INTENT, /* takes both */
	STEP_VOIDED, /* gives both back */
	STEP_SECOND, /* takes them again */
	STEP_ISSUED,
	STEPS
};

static const uint8_t csr_sha256[32] = { 7 };

static struct approval
approval_make(void)
{
	struct approval row = { .id = "appr-1",
		.protocol = "est",
		.label = "devices",
		.profile = "default",
		.requester = "anonymous 192.0.2.1",
		.subject = "",
		.names = "dns:1.example",
		.csr = bytes_str("csr"),
		.created_at = NOW,
		.expires_at = NOW + 86400 };

	memcpy(row.request_sha256, csr_sha256, sizeof(csr_sha256));
	return row;
}

static bool
step_submit(struct fixture *f)
{
	static const struct approval_limits limits = { 10, 10 };
	const struct approval row = approval_make();
	const char *id;

	return store_approval_submit(f->s, &row, &limits, f->a, &id, &f->err) &&
	    strcmp(id, "appr-1") == 0;
}

static bool
step_decide(struct fixture *f)
{
	const struct approval seen = approval_make();
	struct approval_decision d = {
		.id = "appr-1", .approve = true, .by = "alice", .at = NOW
	};

	memcpy(d.request_sha256, csr_sha256, sizeof(csr_sha256));
	return store_approval_decide(f->s, &d, &seen, &f->err);
}

static bool
step_intent(struct fixture *f, unsigned n)
{
	struct cert_row row = cert_make(f, n);
	uint64_t position;

	row.token_id = "tok-1";
	row.approval_id = "appr-1";
	return store_cert_intent(f->s, &row, csr_sha256, &position, &f->err);
}

static bool
step_run(struct fixture *f, int step)
{
	static const struct operator_row alice = {
		.name = "alice", .uid = 7, .added_at = NOW, .added_by = "uid 0"
	};
	static const struct token_row token = { .id = "tok-1",
		.secret_sha256 = { 9 },
		.profile = "default",
		.names = "",
		.uses = 1,
		.expires_at = NOW + 86400,
		.created_at = NOW,
		.created_by = "alice" };

	switch (step) {
	case STEP_OPERATOR:
		return store_operator_add(f->s, &alice, &f->err);
	case STEP_TOKEN:
		return store_token_insert(f->s, &token, &f->err);
	case STEP_SUBMITTED:
		return step_submit(f);
	case STEP_DECIDED:
		return step_decide(f);
	case STEP_INTENT:
		return step_intent(f, 1);
	case STEP_VOIDED:
		return store_cert_void(f->s, "cert-1", "{}", NOW, &f->err);
	case STEP_SECOND:
		return step_intent(f, 2);
	case STEP_ISSUED:
		return store_cert_issued(
		    f->s, "cert-2", bytes_str("sig"), NOW, &f->err);
	default:
		return false;
	}
}

static enum step
step_of_certificates(struct fixture *f)
{
	struct cert_row cert;

	if (store_cert_get(f->s, "cert-2", f->a, &cert, &f->err))
		return cert.status == CERT_ISSUED ? STEP_ISSUED : STEP_SECOND;
	if (store_cert_get(f->s, "cert-1", f->a, &cert, &f->err))
		return cert.status == CERT_VOIDED ? STEP_VOIDED : STEP_INTENT;
	return STEP_NONE;
}

/* How far the rows say that it came, and do they agree? */
static enum step
step_found(struct fixture *f)
{
	enum step step = step_of_certificates(f);
	bool taken = step != STEP_NONE && step != STEP_VOIDED;
	struct operator_row operator_row;
	struct token_row token;
	struct approval row;

	if (!store_operator_get(f->s, "alice", f->a, &operator_row, &f->err))
		return STEP_NONE;
	if (!store_token_get(f->s, "tok-1", f->a, &token, &f->err))
		return STEP_OPERATOR;
	assert_int_equal(token.uses_left, taken ? 0 : 1);
	if (!store_approval_get(f->s, "appr-1", f->a, &row, &f->err))
		return STEP_TOKEN;
	if (row.state == APPROVAL_PENDING) {
		assert_int_equal(step, STEP_NONE);
		return STEP_SUBMITTED;
	}
	assert_string_equal(row.decided_by, "alice");
	assert_int_equal(
	    row.state, taken ? APPROVAL_ISSUED : APPROVAL_APPROVED);
	if (taken)
		assert_string_equal(
		    row.cert_id, step == STEP_INTENT ? "cert-1" : "cert-2");
	return step == STEP_NONE ? STEP_DECIDED : step;
}

static int64_t
fixed_now(void *ctx)
{
	(void)ctx;
	return NOW * 1000000;
}

static bool
crash_at(void **state, const char *fault)
{
	struct fixture *f = *state;
	const struct store_options o = { .path = f->path,
		.clock = { .now_us = fixed_now } };
	enum step told, found;
	bool killed;

	store_close(TAKE(f->s));
	told = (enum step)killed_run(
	    f, fault, STEP_OPERATOR, STEPS, step_run, &killed);
	assert_ok(f, store_open(&o, &f->s, &f->err));
	found = step_found(f);
	if (found < told || found > told + 1)
		fail_msg("%s: told step %d, found %d", fault, told, found);
	/* A leaf for each step but the submission. */
	assert_int_equal(
	    log_count(f), found - (found >= STEP_SUBMITTED ? 1 : 0));
	/* Where it stopped, it goes on. */
	for (int step = (int)found + 1; step < STEPS; step++)
		assert_true(step_run(f, step));
	assert_int_equal(step_found(f), STEP_ISSUED);
	fixture_teardown(state);
	fixture_setup(state);
	return killed;
}

static void
test_points(void **state)
{
	static const char *const points[] = {
		"token.insert.before",
		"token.insert.after",
		"approval.submit.before",
		"approval.submit.after",
		"approval.decide.before",
		"approval.decide.after",
		"issue.intent.before",
		"issue.intent.after",
		"issue.issued.before",
		"issue.issued.after",
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
test_each_write(void **state)
{
	assert_true(crash_at_each(state, "vfs.write") > 2 * STEPS);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_points),
		T(test_each_commit),
		T(test_each_write),
	};

#ifdef CHANCERY_FAULTS
	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	(void)tests;
	return 0;
#endif
}
