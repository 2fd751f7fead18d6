#include <stdatomic.h>
#include "support/unit.h"
#include "ca/responder.h"
#include "ca/ca.h"
#include "store/responder.h"
#include "support/test_ca.h"
#include "util/fault.h"
#include "util/text.h"

#define DAY ((int64_t)24 * 3600)

static const uint8_t *
issuing_key(struct test_ca *t)
{
	return ca_view_find(t->ca, "issuing")->key;
}

static size_t
on_record(struct test_ca *t)
{
	struct cert_row *rows;
	size_t n;

	assert_ok(t,
	    store_responder_list(
		t->store, issuing_key(t), 0, t->a, &rows, &n, &t->err));
	return n;
}

/* Housekeeping looks once a second of the monotonic clock; a restart looks at
 * once, and so do tests that move the other clock. */
static void
run_again(struct test_ca *t)
{
	test_ca_restart(t);
	assert_ok(t, ca_responder_run(t->ca, &t->err));
}

static struct bytes
answer_tbs(struct test_ca *t, const struct responder *r)
{
	const struct ca_view *v = ca_view_find(t->ca, "issuing");
	struct ocsp_issuer_hashes hashes;
	struct buf id = { 0 }, tbs = { 0 };
	const uint8_t serial = 7;
	struct ocsp_data d = { .key_hash = bytes_of(r->key_hash, 20),
		.produced_at = t->now,
		.n = 1 };

	ocsp_issuer_hash(v->cert.subject, &v->cert.key, &hashes);
	ocsp_cert_id_put(&id, OCSP_SHA256, &hashes, bytes_of(&serial, 1));
	d.singles[0] =
	    (struct ocsp_single){ .cert_id = arena_take_buf(t->a, &id),
		    .status = OCSP_UNKNOWN,
		    .reason = -1,
		    .this_update = t->now,
		    .next_update = t->now + DAY };
	ocsp_data_put(&tbs, &d);
	return arena_take_buf(t->a, &tbs);
}

static void
test_missing_one_is_issued(void **state)
{
	struct test_ca *t = *state;
	struct responder r, again;
	struct cert cert;

	assert_fails(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err),
	    ERR_NOT_FOUND);
	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_int_equal(on_record(t), 1);
	assert_ok(t, cert_parse(r.certificate, t->a, &cert, &t->err));
	assert_true(bytes_equal(cert.spki, privkey_spki(t->responder_key)));
	assert_true(cert.ocsp_nocheck);
	/* RFC 9919 section 3.2.2: neither is RECOMMENDED. */
	assert_null(cert.ocsp_url);
	assert_int_equal(cert.crl_urls_n, 0);
	assert_int_equal(r.not_after, cert.not_after);
	assert_int_equal(r.sig_alg, SIG_ECDSA_SHA256);
	r.certificate = arena_bytes(t->a, r.certificate);
	/* A restart finds it and issues no second. */
	run_again(t);
	assert_ok(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &again, &t->err));
	assert_true(bytes_equal(again.certificate, r.certificate));
	assert_int_equal(on_record(t), 1);
}

static void
test_signs_what_verifies(void **state)
{
	struct test_ca *t = *state;
	struct responder r;
	struct bytes tbs;
	AUTO_BUF signature = { 0 };
	AUTO_LANE loan = { 0 };
	struct cert cert;

	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	tbs = answer_tbs(t, &r);
	assert_ok(t,
	    ca_responder_sign(t->ca, issuing_key(t), tbs, &signature, &t->err));
	assert_ok(t, cert_parse(r.certificate, t->a, &cert, &t->err));
	loan = lane_lend(t->lanes);
	assert_ok(t,
	    pubkey_verify(loan.lane, &cert.key, r.sig_alg, tbs,
		buf_bytes(&signature), &t->err));
	/* What the signer does not agree to. */
	t->now += 3600;
	assert_fails(t,
	    ca_responder_sign(t->ca, issuing_key(t), tbs, &signature, &t->err),
	    ERR_SIGNER_REFUSED);
}

/* At two thirds; the old one is valid still, and the newest signs. */
static void
test_rotation_overlaps(void **state)
{
	struct test_ca *t = *state;
	struct responder first, second;

	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &first, &t->err));
	first.certificate = arena_bytes(t->a, first.certificate);
	t->now += 59 * DAY;
	run_again(t);
	assert_int_equal(on_record(t), 1);
	t->now += DAY;
	run_again(t);
	assert_int_equal(on_record(t), 2);
	assert_ok(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &second, &t->err));
	assert_false(bytes_equal(first.certificate, second.certificate));
	assert_true(second.not_before <= t->now);
	assert_true(second.not_before < first.not_after);
	assert_true(second.not_after > first.not_after);
	/* A clock that goes back finds the one that was valid then. */
	assert_ok(t,
	    ca_responder_get(
		t->ca, issuing_key(t), t->now - 30 * DAY, &second, &t->err));
	assert_true(bytes_equal(first.certificate, second.certificate));
}

static void
test_expired_one_never_signs(void **state)
{
	struct test_ca *t = *state;
	struct responder r;

	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_ok(t,
	    ca_responder_get(t->ca, issuing_key(t), r.not_after, &r, &t->err));
	assert_fails(t,
	    ca_responder_get(
		t->ca, issuing_key(t), r.not_after + 1, &r, &t->err),
	    ERR_NOT_FOUND);
	assert_fails(t,
	    ca_responder_get(
		t->ca, issuing_key(t), r.not_before - 1, &r, &t->err),
	    ERR_NOT_FOUND);
}

/* An operator put another key there: the old certificate is of no use, a new
 * one is issued at once. */
static void
test_replaced_key(void **state)
{
	struct test_ca *t = *state;
	struct responder r;
	struct cert cert;

	assert_ok(t, ca_responder_run(t->ca, &t->err));
	privkey_free(t->responder_key);
	assert_ok(
	    t, privkey_generate(KEY_EC_P384, 0, &t->responder_key, &t->err));
	test_ca_restart(t);
	assert_fails(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err),
	    ERR_NOT_FOUND);
	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_ok(t, cert_parse(r.certificate, t->a, &cert, &t->err));
	assert_true(bytes_equal(cert.spki, privkey_spki(t->responder_key)));
	assert_int_equal(r.sig_alg, SIG_ECDSA_SHA384);
	assert_int_equal(on_record(t), 2);
}

/* Valid from before it was made, so that a clock that is set back by hours
 * still has one that signs; no more than a day, and not from before its CA. */
static void
test_clock_steps_back(void **state)
{
	struct test_ca *t = *state;
	struct responder r;
	struct cert ca;

	assert_ok(t, cert_parse(t->issuing_der, t->a, &ca, &t->err));
	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_true(r.not_before >= ca.not_before);
	t->now += 61 * DAY;
	run_again(t);
	t->now -= 22 * 3600;
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	t->now += 22 * 3600;
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	/* Baseline Requirements 7.1.2.8.1. */
	assert_in_range(t->now - r.not_before, 22 * 3600, DAY);
	assert_int_equal(r.not_after - r.not_before + 1, 90 * DAY);
}

/* A revoked one signs no more; a compromised key gets no other. */
static void
test_revoked(void **state)
{
	struct test_ca *t = *state;
	struct responder first, r;
	struct cert_row *rows;
	size_t n;

	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(t,
	    store_responder_list(
		t->store, issuing_key(t), 0, t->a, &rows, &n, &t->err));
	assert_ok(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &first, &t->err));
	assert_int_equal(ca_responder_withdrawn(t->ca), 0);
	/* The next is there when the revocation is acknowledged. */
	assert_ok(t,
	    ca_revoke(t->ca, &rows[0], REASON_SUPERSEDED, "operator", false,
		&t->err));
	assert_int_equal(ca_responder_withdrawn(t->ca), 1);
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_false(bytes_equal(r.certificate, first.certificate));
	assert_ok(t,
	    store_responder_list(
		t->store, issuing_key(t), 0, t->a, &rows, &n, &t->err));
	assert_int_equal(n, 2);
	assert_ok(t,
	    ca_revoke(t->ca, &rows[0], REASON_KEY_COMPROMISE, "operator", true,
		&t->err));
	test_ca_restart(t);
	assert_fails(t, ca_responder_run(t->ca, &t->err), ERR_REJECTED);
	assert_fails(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err),
	    ERR_NOT_FOUND);
	assert_int_equal(on_record(t), 2);
}

/* It never outlives its CA, and is not replaced by one that ends as soon. */
static void
test_ends_with_the_ca(void **state)
{
	struct test_ca *t = *state;
	struct responder r;
	struct cert ca;

	assert_ok(t, cert_parse(t->issuing_der, t->a, &ca, &t->err));
	t->now = ca.not_after - 30 * DAY;
	run_again(t);
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_int_equal(r.not_after, ca.not_after);
	t->now = ca.not_after - DAY;
	run_again(t);
	assert_int_equal(on_record(t), 1);
}

/* An intent that was left open: recovery finishes it, and it is the one. */
static void
test_open_intent_is_not_doubled(void **state)
{
	struct test_ca *t = *state;
	struct responder r;
	unsigned finished, voided;

	atomic_store(&t->signing, SIGNING_LOST);
	assert_fails(t, ca_responder_run(t->ca, &t->err), ERR_SIGNER);
	assert_int_equal(on_record(t), 1);
	atomic_store(&t->signing, SIGNING_WORKS);
	run_again(t);
	assert_fails(t,
	    ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err),
	    ERR_NOT_FOUND);
	assert_int_equal(on_record(t), 1);
	test_ca_restart(t);
	assert_ok(t, ca_recover(t->ca, &finished, &voided, &t->err));
	assert_int_equal(finished, 1);
	assert_ok(t, ca_responder_run(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	assert_int_equal(on_record(t), 1);
}

/* Status-only: what is there is found, nothing is issued. */
static void
test_look_writes_nothing(void **state)
{
	struct test_ca *t = *state;
	struct responder r;

	assert_ok(t, ca_responder_look(t->ca, &t->err));
	assert_int_equal(on_record(t), 0);
	test_ca_restart(t);
	assert_ok(t, ca_responder_run(t->ca, &t->err));
	test_ca_restart(t);
	assert_ok(t, ca_responder_look(t->ca, &t->err));
	assert_ok(
	    t, ca_responder_get(t->ca, issuing_key(t), t->now, &r, &t->err));
	/* An offline CA has none. */
	assert_fails(t,
	    ca_responder_get(
		t->ca, ca_view_find(t->ca, "root")->key, t->now, &r, &t->err),
	    ERR_NOT_FOUND);
}

int
main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    test_##name, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		TEST(missing_one_is_issued),
		TEST(signs_what_verifies),
		TEST(rotation_overlaps),
		TEST(expired_one_never_signs),
		TEST(replaced_key),
		TEST(clock_steps_back),
		TEST(revoked),
		TEST(ends_with_the_ca),
		TEST(open_intent_is_not_doubled),
		TEST(look_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
