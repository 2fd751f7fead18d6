#include "support/unit.h"
#include "support/test_ca.h"
#include "ca/status.h"

#define DAY ((int64_t)24 * 3600)

static struct status
status_of(struct test_ca *t, const struct cert_row *row)
{
	struct status st = { 0 };

	assert_ok(t,
	    ca_status_get(t->ca, row->issuer_key, row->serial, &st, &t->err));
	return st;
}

static void
digicert_2019_status_comes_before_the_certificate(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued issued = test_ca_issue(t, "default", "a.example.net");
	struct cert_row row = test_ca_row(t, issued.id);
	uint8_t other[SERIAL_SIZE];

	assert_int_equal(status_of(t, &row).kind, STATUS_GOOD);
	assert_int_equal(status_of(t, &row).not_after, row.not_after);
	test_ca_restart(t);
	assert_int_equal(status_of(t, &row).kind, STATUS_GOOD);
	memcpy(other, row.serial, sizeof(other));
	other[19] ^= 1;
	memcpy(row.serial, other, sizeof(other));
	assert_int_equal(status_of(t, &row).kind, STATUS_NOT_ISSUED);
}

static void
a_revocation_counts_when_it_is_acknowledged(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued issued = test_ca_issue(t, "default", "a.example.net");
	struct cert_row row = test_ca_row(t, issued.id);
	uint64_t before = status_of(t, &row).version;

	t->now += 60;
	assert_ok(t,
	    ca_revoke(
		t->ca, &row, REASON_SUPERSEDED, "operator", false, &t->err));
	for (int i = 0; i < 2; i++) {
		struct status st = status_of(t, &row);

		assert_int_equal(st.kind, STATUS_REVOKED);
		assert_int_equal(st.revoked_at, t->now);
		assert_int_equal(st.reason, REASON_SUPERSEDED);
		assert_true(st.version != before);
		test_ca_restart(t);
	}
}

/* Invariant 4: an intent is not issued; voided is revoked. */
static void
an_intent_is_not_issued(void **state)
{
	struct test_ca *t = *state;
	const char *names[] = { "dns:a.example.net" };
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(
		    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
	};
	struct cert_row *rows;
	struct ca_issued issued;
	unsigned finished, voided;
	size_t n;

	t->signing = SIGNING_LOST;
	assert_fails(
	    t, ca_issue(t->ca, &req, t->a, &issued, &t->err), ERR_SIGNER);
	assert_ok(
	    t, store_cert_list_intents(t->store, t->a, &rows, &n, &t->err));
	assert_int_equal(n, 1);
	assert_int_equal(status_of(t, &rows[0]).kind, STATUS_NOT_ISSUED);
	test_ca_restart(t);
	assert_int_equal(status_of(t, &rows[0]).kind, STATUS_NOT_ISSUED);
	t->signing = SIGNING_WORKS;
	assert_ok(t, ca_recover(t->ca, &finished, &voided, &t->err));
	assert_int_equal(finished, 1);
	assert_int_equal(status_of(t, &rows[0]).kind, STATUS_GOOD);

	t->signing = SIGNING_REFUSED;
	req.profile = ca_profile_find(t->ca, "default");
	assert_false(ca_issue(t->ca, &req, t->a, &issued, &t->err));
	err_clear(&t->err);
	{
		struct cert_filter f = {
			.status = CERT_VOIDED, .limit = 10, .now = t->now
		};

		assert_ok(
		    t, store_cert_list(t->store, &f, t->a, &rows, &n, &t->err));
	}
	assert_int_equal(n, 1);
	assert_int_equal(status_of(t, &rows[0]).kind, STATUS_REVOKED);
}

static void
what_expired_goes_and_comes_back_when_the_clock_was_wrong(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued issued = test_ca_issue(t, "default", "a.example.net");
	struct cert_row row = test_ca_row(t, issued.id);
	int64_t then = t->now;
	size_t n, octets;

	assert_ok(t,
	    ca_revoke(t->ca, &row, REASON_KEY_COMPROMISE, "operator", false,
		&t->err));
	t->now = row.not_after + CA_STATUS_KEPT - 1;
	assert_ok(t, ca_status_run(t->ca, &t->err));
	assert_int_equal(status_of(t, &row).kind, STATUS_REVOKED);
	t->now = row.not_after + CA_STATUS_KEPT + DAY;
	assert_ok(t, ca_status_run(t->ca, &t->err));
	assert_int_equal(status_of(t, &row).kind, STATUS_NOT_ISSUED);
	ca_status_usage(t->ca, &n, &octets);
	assert_int_equal(n, 0);
	t->now = then;
	assert_ok(t, ca_status_run(t->ca, &t->err));
	assert_int_equal(status_of(t, &row).kind, STATUS_REVOKED);
	assert_int_equal(status_of(t, &row).reason, REASON_KEY_COMPROMISE);
}

#define WITH_CA(f)                                                             \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CA(digicert_2019_status_comes_before_the_certificate),
		WITH_CA(a_revocation_counts_when_it_is_acknowledged),
		WITH_CA(an_intent_is_not_issued),
		WITH_CA(
		    what_expired_goes_and_comes_back_when_the_clock_was_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
