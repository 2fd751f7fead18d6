/*
 * Design section 3, invariant 4: whatever fails between intent and issued, the
 * record says what happened, and recovery ends it.
 */
#include <stdatomic.h>
#include "support/unit.h"
#include "ca/core.h"
#include "support/test_ca.h"
#include "util/blob.h"
#include "util/fault.h"
#include "util/log.h"

static struct cert_row
try_one(struct test_ca *t, enum test_signing how, enum err_kind kind)
{
	static const char *const names[] = { "dns:a.example.net" };
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
	};
	struct cert_filter filter = { .limit = 100, .now = t->now };
	struct ca_issued out;
	struct cert_row *rows;
	size_t n;

	atomic_store(&t->signing, how);
	assert_fails(t, ca_issue(t->ca, &req, t->a, &out, &t->err), kind);
	atomic_store(&t->signing, SIGNING_WORKS);
	assert_ok(
	    t, store_cert_list_intents(t->store, t->a, &rows, &n, &t->err));
	if (n == 1)
		return test_ca_row(t, rows[0].id);
	filter.status = CERT_VOIDED;
	assert_ok(
	    t, store_cert_list(t->store, &filter, t->a, &rows, &n, &t->err));
	assert_int_equal(n, 1);
	return test_ca_row(t, rows[0].id);
}

/*
 * The insert failed after the certificate had been issued, and OCSP said
 * unknown of it: with each fsync of an issuance failing in turn, what is handed
 * out is on record, and what is not on record is not handed out.
 */
static void
sslcom_2025_03_no_certificate_without_its_record(void **state UNUSED)
{
	unsigned refused = 0, issued = 0;

	log_set_level(LOG_ERROR + 1);
	for (unsigned n = 1; n <= 8; n++) {
		struct test_ca *t = test_ca_new(KEY_EC_P256, 0, test_ca_yaml);
		const char *names[] = { "dns:a.example.net" };
		struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
		struct ca_request req = {
			.profile = ca_profile_find(t->ca, "default"),
			.csr = test_ca_csr(t, key, NULL, names, 1, false),
			.names = test_ca_names(t, names, 1),
			.requester = "operator",
		};
		struct ca_issued out = { .der = BYTES_NONE };
		struct status st;
		bool ok;

		assert_true(
		    fault_init_from(arena_printf(t->a, "vfs.sync:%u:eio", n)));
		ok = ca_issue(t->ca, &req, t->a, &out, &t->err);
		assert_true(fault_init_from(NULL));
		err_clear(&t->err);
		if (ok)
			issued++;
		else
			refused++;
		assert_int_equal(out.der.n != 0, ok);
		test_ca_restart(t);
		if (ok) {
			assert_int_equal(
			    test_ca_row(t, out.id).status, CERT_ISSUED);
			assert_ok(t,
			    ca_status_get(t->ca,
				ca_view_find(t->ca, "issuing")->key, out.serial,
				&st, &t->err));
			assert_int_equal(st.kind, STATUS_GOOD);
		}
		test_ca_free(t);
	}
	log_set_level(LOG_ERROR);
	/* The intent's and the outcome's, at least. */
	assert_true(refused >= 2);
	assert_true(issued >= 1);
}

static void
recover(struct test_ca *t, unsigned finished, unsigned voided)
{
	unsigned f, v;

	assert_ok(t, ca_recover(t->ca, &f, &v, &t->err));
	assert_int_equal(f, finished);
	assert_int_equal(v, voided);
	assert_false(ca_recover_due(t->ca));
}

/* The signer was away: the same bytes are signed at the next start. */
static void
unreachable(void **state)
{
	struct test_ca *t = *state;
	struct cert_row was = try_one(t, SIGNING_UNREACHABLE, ERR_SIGNER), is;
	struct bytes pem, der;

	assert_int_equal(was.status, CERT_INTENT);
	assert_true(ca_recover_due(t->ca));
	assert_fails(t, ca_cert_chain(t->ca, &was, t->a, &pem, &der, &t->err),
	    ERR_NOT_FOUND);
	test_ca_restart(t);
	recover(t, 1, 0);
	is = test_ca_row(t, was.id);
	assert_int_equal(is.status, CERT_ISSUED);
	assert_true(bytes_equal(is.tbs, was.tbs));
	assert_ok(t, ca_cert_chain(t->ca, &is, t->a, &pem, &der, &t->err));
	recover(t, 0, 0);
}

/* It signed and the answer was lost: its journal lets the same bytes through
 * again, even much later. */
static void
lost_answer(void **state)
{
	struct test_ca *t = *state;
	struct cert_row was = try_one(t, SIGNING_LOST, ERR_SIGNER), is;

	t->now += 7200;
	test_ca_restart(t);
	recover(t, 1, 0);
	is = test_ca_row(t, was.id);
	assert_int_equal(is.status, CERT_ISSUED);
	assert_true(bytes_equal(is.tbs, was.tbs));
}

/* Never signed and now too old for the signer: voided and on the CRL. */
static void
too_late(void **state)
{
	struct test_ca *t = *state;
	struct cert_row was = try_one(t, SIGNING_UNREACHABLE, ERR_SIGNER), is;
	struct blob *blob;
	struct crl crl;
	struct bytes serial;
	enum crl_reason reason;
	int64_t at;
	size_t pos = 0;

	t->now += 7200;
	test_ca_restart(t);
	recover(t, 0, 1);
	is = test_ca_row(t, was.id);
	assert_int_equal(is.status, CERT_VOIDED);
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	blob = ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	assert_ok(t, crl_parse(blob_bytes(blob), &crl, &t->err));
	assert_int_equal(crl.entries_n, 1);
	assert_true(crl_entry_next(&crl, &pos, &serial, &at, &reason));
	assert_true(bytes_equal(serial, bytes_of(was.serial, SERIAL_SIZE)));
	blob_unref(blob);
}

static void
refused(void **state)
{
	struct test_ca *t = *state;
	struct cert_row row;
	struct bytes pem, der;

	/* Nobody has looked yet what the life before has left. */
	assert_true(ca_recover_due(t->ca));
	recover(t, 0, 0);
	row = try_one(t, SIGNING_REFUSED, ERR_SIGNER_REFUSED);
	assert_int_equal(row.status, CERT_VOIDED);
	assert_false(ca_recover_due(t->ca));
	assert_fails(t, ca_cert_chain(t->ca, &row, t->a, &pem, &der, &t->err),
	    ERR_NOT_FOUND);
	recover(t, 0, 0);
}

/* A signature with a flipped bit is never recorded. */
static void
broken_signature(void **state)
{
	struct test_ca *t = *state;
	struct cert_row row = try_one(t, SIGNING_BROKEN, ERR_SIGNER);

	assert_int_equal(row.status, CERT_INTENT);
	assert_int_equal(row.signature.n, 0);
	assert_true(ca_recover_due(t->ca));
	/* Without a restart, as housekeeping does it. */
	recover(t, 1, 0);
	assert_int_equal(test_ca_row(t, row.id).status, CERT_ISSUED);
}

static void
still_unreachable(void **state)
{
	struct test_ca *t = *state;
	struct cert_row row = try_one(t, SIGNING_UNREACHABLE, ERR_SIGNER);
	unsigned f, v;

	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	assert_fails(t, ca_recover(t->ca, &f, &v, &t->err), ERR_SIGNER);
	assert_true(ca_recover_due(t->ca));
	assert_int_equal(test_ca_row(t, row.id).status, CERT_INTENT);
	atomic_store(&t->signing, SIGNING_WORKS);
	recover(t, 1, 0);
}

/* What a thread is issuing right now is left to it. */
static void
inflight_is_left_alone(void **state)
{
	struct test_ca *t = *state;
	struct cert_row row = try_one(t, SIGNING_UNREACHABLE, ERR_SIGNER);
	struct inflight flight, other;

	inflight_begin(t->ca, &other, "other");
	inflight_begin(t->ca, &flight, row.id);
	recover(t, 0, 0);
	assert_int_equal(test_ca_row(t, row.id).status, CERT_INTENT);
	inflight_end(t->ca, &flight);
	recover(t, 1, 0);
	inflight_end(t->ca, &other);
	assert_null(t->ca->inflight);
}

int
main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sslcom_2025_03_no_certificate_without_its_record),
		TEST(unreachable),
		TEST(lost_answer),
		TEST(too_late),
		TEST(refused),
		TEST(broken_signature),
		TEST(still_unreachable),
		TEST(inflight_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
