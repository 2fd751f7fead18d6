#include <openssl/x509.h>
#include <stdatomic.h>
#include "support/unit.h"
#include "ca/core.h"
#include "support/test_ca.h"
#include "util/blob.h"

#define DAY ((int64_t)24 * 3600)

/* The published CRL, parsed; its bytes are copied into the arena. */
static struct crl
published(struct test_ca *t)
{
	struct blob *blob =
	    ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	struct crl crl;

	assert_non_null(blob);
	assert_ok(
	    t, crl_parse(arena_bytes(t->a, blob_bytes(blob)), &crl, &t->err));
	blob_unref(blob);
	return crl;
}

static bool
lists(const struct crl *crl, const uint8_t serial[SERIAL_SIZE],
    enum crl_reason *why)
{
	enum crl_reason reason;
	struct bytes found;
	int64_t at;
	size_t pos = 0;

	while (crl_entry_next(crl, &pos, &found, &at, &reason))
		if (bytes_equal(found, bytes_of(serial, SERIAL_SIZE))) {
			if (why != NULL)
				*why = reason;
			return true;
		}
	return false;
}

static struct crl
run(struct test_ca *t)
{
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	return published(t);
}

static void
revoke(struct test_ca *t, const struct ca_issued *cert, int reason)
{
	struct cert_row row = test_ca_row(t, cert->id);

	assert_ok(t, ca_revoke(t->ca, &row, reason, "test", false, &t->err));
}

static void
first_is_empty(void **state)
{
	struct test_ca *t = *state;
	struct crl crl;

	assert_false(ca_crl_current(t->ca, t->now));
	crl = run(t);
	assert_int_equal(crl.entries_n, 0);
	assert_int_equal(crl.this_update, t->now);
	/* Both ends count. */
	assert_int_equal(crl.next_update, t->now + 7 * DAY - 1);
	assert_int_equal(crl.number, (uint64_t)t->now * 1000000);
	assert_true(ca_crl_current(t->ca, t->now));
	assert_true(ca_crl_current(t->ca, crl.next_update));
	assert_false(ca_crl_current(t->ca, crl.next_update + 1));
}

static void
revocation_is_listed_at_once(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct ca_issued b = test_ca_issue(t, "default", "b.example");
	struct crl first = run(t), second, third;
	enum crl_reason reason;

	revoke(t, &a, REASON_KEY_COMPROMISE);
	second = run(t);
	assert_int_equal(second.entries_n, 1);
	assert_true(lists(&second, a.serial, &reason));
	assert_int_equal(reason, REASON_KEY_COMPROMISE);
	/* In the same second the number still rises. */
	assert_int_equal(second.number, first.number + 1);
	revoke(t, &b, REASON_UNSPECIFIED);
	third = run(t);
	assert_true(lists(&third, a.serial, NULL));
	assert_true(lists(&third, b.serial, &reason));
	assert_int_equal(reason, REASON_UNSPECIFIED);
	/* Nothing changed: nothing is made. */
	assert_int_equal(run(t).number, third.number);
}

static void
schedule_without_revocations(void **state)
{
	struct test_ca *t = *state;
	struct crl first = run(t), next;

	t->now += DAY - 1;
	assert_int_equal(run(t).number, first.number);
	t->now += 1;
	next = run(t);
	assert_true(next.number > first.number);
	assert_int_equal(next.this_update, t->now);
}

static void
reasons(void **state)
{
	struct test_ca *t = *state;

	for (int reason = -1; reason <= 11; reason++) {
		struct ca_issued c = test_ca_issue(t, "default", "r.example");
		struct cert_row row = test_ca_row(t, c.id);
		bool ok = reason >= 0 && reason <= 10 && reason != 6 &&
		    reason != 7 && reason != 8;

		if (ok)
			assert_ok(t,
			    ca_revoke(
				t->ca, &row, reason, "test", false, &t->err));
		else
			assert_fails(t,
			    ca_revoke(
				t->ca, &row, reason, "test", false, &t->err),
			    ERR_BAD_REASON);
	}
}

static void
twice(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct cert_row row = test_ca_row(t, a.id);

	revoke(t, &a, REASON_SUPERSEDED);
	assert_fails(t,
	    ca_revoke(t->ca, &row, REASON_SUPERSEDED, "test", false, &t->err),
	    ERR_ALREADY_REVOKED);
	assert_int_equal(run(t).entries_n, 1);
}

/* A restart loses nothing, also what was revoked and not yet listed. */
static void
survives_restart(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct ca_issued b = test_ca_issue(t, "default", "b.example");
	struct ca_issued c = test_ca_issue(t, "default", "c.example");
	struct crl before, after;

	revoke(t, &a, REASON_SUPERSEDED);
	before = run(t);
	revoke(t, &b, REASON_SUPERSEDED);
	test_ca_restart(t);
	/* Served again before anything is made. */
	assert_int_equal(published(t).number, before.number);
	t->now += 1;
	after = run(t);
	assert_int_equal(after.entries_n, 2);
	assert_true(lists(&after, a.serial, NULL));
	assert_true(lists(&after, b.serial, NULL));
	test_ca_restart(t);
	assert_int_equal(run(t).number, after.number);
	revoke(t, &c, REASON_SUPERSEDED);
	t->now += 1;
	assert_int_equal(run(t).entries_n, 3);
}

/* RFC 5280 section 3.3: an entry leaves only after it was on a scheduled CRL
 * issued beyond the certificate's validity. */
static void
le_certainly_2025_03_entries_leave_late(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct ca_issued other;
	struct crl crl;

	revoke(t, &a, REASON_SUPERSEDED);
	run(t);
	/* Scheduled ones up to the last day. */
	for (int day = 0; day < 89; day++) {
		t->now += DAY;
		crl = run(t);
		assert_true(lists(&crl, a.serial, NULL));
	}
	assert_true(t->now < a.not_after);
	/* It expires; an unscheduled CRL still lists it and proves nothing. */
	t->now = a.not_after + 1;
	other = test_ca_issue(t, "default", "b.example");
	revoke(t, &other, REASON_SUPERSEDED);
	crl = run(t);
	assert_true(lists(&crl, a.serial, NULL));
	/* The scheduled one beyond its end: once more … */
	t->now += DAY;
	crl = run(t);
	assert_true(lists(&crl, a.serial, NULL));
	/* … and then it may leave. */
	t->now += DAY;
	crl = run(t);
	assert_false(lists(&crl, a.serial, NULL));
	assert_true(lists(&crl, other.serial, NULL));
}

/* Thirty days without a server: what expired meanwhile is listed once more. */
static void
expired_while_away(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct crl crl;

	revoke(t, &a, REASON_SUPERSEDED);
	t->now = a.not_after - DAY;
	run(t);
	t->now = a.not_after + 30 * DAY;
	test_ca_restart(t);
	crl = run(t);
	assert_true(lists(&crl, a.serial, NULL));
	t->now += DAY;
	crl = run(t);
	assert_false(lists(&crl, a.serial, NULL));
	/* Long gone: it does not come back with a restart. */
	t->now += 30 * DAY;
	run(t);
	test_ca_restart(t);
	t->now += DAY;
	crl = run(t);
	assert_false(lists(&crl, a.serial, NULL));
}

static void
signer_away(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct crl before = run(t), after;

	revoke(t, &a, REASON_SUPERSEDED);
	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	assert_fails(t, ca_crl_run(t->ca, &t->err), ERR_SIGNER);
	/* Quiet for a second, not a line of log each 200 ms. */
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	assert_int_equal(published(t).number, before.number);
	atomic_store(&t->signing, SIGNING_WORKS);
	t->now += 1;
	after = run(t);
	assert_true(lists(&after, a.serial, NULL));
}

/* The publisher was dead and nobody heard of it: two runs may fail before a
 * list ends, and its end is told. */
static void
identrust_2024_08_two_runs_may_fail(void **state)
{
	struct test_ca *t = *state;
	struct crl before = run(t);

	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	for (int day = 0; day < 2; day++) {
		t->now += DAY;
		assert_fails(t, ca_crl_run(t->ca, &t->err), ERR_SIGNER);
		assert_true(ca_crl_current(t->ca, t->now));
	}
	t->now = before.next_update + 1;
	assert_fails(t, ca_crl_run(t->ca, &t->err), ERR_SIGNER);
	assert_false(ca_crl_current(t->ca, t->now));
	atomic_store(&t->signing, SIGNING_WORKS);
	t->now += 2;
	run(t);
	assert_true(ca_crl_current(t->ca, t->now));
}

/* A CRL whose signature does not hold is never published. */
static void
broken_signature(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct crl before = run(t);

	revoke(t, &a, REASON_SUPERSEDED);
	atomic_store(&t->signing, SIGNING_BROKEN);
	assert_false(ca_crl_run(t->ca, &t->err));
	err_clear(&t->err);
	assert_int_equal(published(t).number, before.number);
	atomic_store(&t->signing, SIGNING_WORKS);
	t->now += 1;
	assert_int_equal(run(t).entries_n, 1);
}

/* Entries vanish from memory (a bug of ours, say): the gate asks the record and
 * refuses, and what is published stays. */
static void
le_certainly_2025_03_gate_holds(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct issuer *issuer;
	struct crl before;
	uint32_t end;

	revoke(t, &a, REASON_SUPERSEDED);
	before = run(t);
	issuer = state_ca_find(ca_state(t->ca), "issuing")->issuer;
	end = issuer->scopes[0]->ends[0];
	issuer->scopes[0]->ends[0] = CRL_SETTLED;
	issuer->scopes[0]->dirty = true;
	t->now += 1;
	assert_fails(t, ca_crl_run(t->ca, &t->err), ERR_INTERNAL);
	assert_int_equal(published(t).number, before.number);
	issuer->scopes[0]->ends[0] = end;
	t->now += 2;
	assert_int_equal(run(t).entries_n, 1);
}

/* A revocation that memory never heard of is found in the record when the next
 * scheduled CRL is made. */
static void
le_2020_09_recomputed_from_the_record(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct crl crl;

	run(t);
	assert_ok(t,
	    store_cert_revoke(t->store, a.id, REASON_SUPERSEDED, t->now,
		"elsewhere", false, &t->err));
	assert_int_equal(run(t).entries_n, 0);
	t->now += DAY;
	crl = run(t);
	assert_true(lists(&crl, a.serial, NULL));
}

/* The clock goes back five minutes: thisUpdate does not. */
static void
clock_goes_back(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued a = test_ca_issue(t, "default", "a.example");
	struct crl before = run(t), after;

	t->now -= 300;
	revoke(t, &a, REASON_SUPERSEDED);
	after = run(t);
	assert_int_equal(after.this_update, before.this_update);
	assert_int_equal(after.number, before.number + 1);
}

static void
openssl_reads_it(void **state)
{
	struct test_ca *t = *state;
	AUTO(X509_CRL) *crl = NULL;
	const unsigned char *p;
	X509_REVOKED *entry;
	AUTO(X509) *issuing = NULL;
	struct crl mine;

	for (int i = 0; i < 20; i++) {
		struct ca_issued c = test_ca_issue(t, "default", "x.example");

		revoke(t, &c, i % 5);
	}
	mine = run(t);
	p = mine.der.p;
	crl = d2i_X509_CRL(NULL, &p, (long)mine.der.n);
	assert_non_null(crl);
	p = t->issuing_der.p;
	issuing = d2i_X509(NULL, &p, (long)t->issuing_der.n);
	assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuing)), 1);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 20);
	for (int i = 0; i < 20; i++) {
		AUTO(BIGNUM) *n = NULL;
		uint8_t serial[SERIAL_SIZE];

		entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), i);
		n = ASN1_INTEGER_to_BN(
		    X509_REVOKED_get0_serialNumber(entry), NULL);
		assert_int_equal(
		    BN_bn2binpad(n, serial, SERIAL_SIZE), SERIAL_SIZE);
		assert_true(lists(&mine, serial, NULL));
	}
}

int
main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		TEST(first_is_empty),
		TEST(revocation_is_listed_at_once),
		TEST(schedule_without_revocations),
		TEST(reasons),
		TEST(twice),
		TEST(survives_restart),
		TEST(le_certainly_2025_03_entries_leave_late),
		TEST(expired_while_away),
		TEST(signer_away),
		TEST(identrust_2024_08_two_runs_may_fail),
		TEST(broken_signature),
		TEST(le_certainly_2025_03_gate_holds),
		TEST(le_2020_09_recomputed_from_the_record),
		TEST(clock_goes_back),
		TEST(openssl_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
