/* One certificate, a key with all that has it, many by one decision. */
#include "support/unit.h"
#include "ca/bulk.h"
#include "ca/core.h"
#include "crypto/secret_text.h"
#include "support/test_ca.h"
#include "util/fault.h"

static struct ca_issued
issue_for(struct test_ca *t, struct privkey *key, const char *profile,
    const char *dns)
{
	const char *names[] = { arena_printf(t->a, "dns:%s", dns) };
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, profile),
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
		.wants_secret = true,
	};
	struct ca_issued out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	return out;
}

static bool
may_issue(struct test_ca *t, struct privkey *key)
{
	const char *names[] = { "dns:again.example.net" };
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
	};
	struct ca_issued out;
	bool ok = ca_issue(t->ca, &req, t->a, &out, &t->err);

	if (!ok)
		assert_int_equal(t->err.kind, ERR_BAD_PUBLIC_KEY);
	err_clear(&t->err);
	return ok;
}

static bool
revoke(struct test_ca *t, const char *id, int reason, bool block)
{
	struct cert_row row = test_ca_row(t, id);

	return ca_revoke(t->ca, &row, reason, "test", block, &t->err);
}

/* Until nothing is left. */
static void
run(struct test_ca *t)
{
	bool more = true;

	while (more)
		assert_ok(t, ca_bulk_run(t->ca, 10, &more, &t->err));
}

static int
reason_on_crl(struct test_ca *t, const uint8_t serial[SERIAL_SIZE])
{
	struct blob *blob;
	enum crl_reason reason;
	struct bytes found;
	struct crl crl;
	int64_t at;
	size_t pos = 0;
	int seen = -1;

	assert_ok(t, ca_crl_run(t->ca, &t->err));
	blob = ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	assert_non_null(blob);
	assert_ok(t, crl_parse(blob_bytes(blob), &crl, &t->err));
	while (crl_entry_next(&crl, &pos, &found, &at, &reason))
		if (bytes_equal(found, bytes_of(serial, SERIAL_SIZE)))
			seen = (int)reason;
	blob_unref(blob);
	return seen;
}

static unsigned
events(struct test_ca *t, const char *kind, const char *with)
{
	struct log_row *rows;
	unsigned found = 0;
	size_t n;

	assert_ok(
	    t, store_log_list(t->store, 0, 10000, t->a, &rows, &n, &t->err));
	for (size_t i = 0; i < n; i++)
		found += strcmp(rows[i].kind, kind) == 0 &&
		    memmem(rows[i].body.p, rows[i].body.n, with,
			strlen(with)) != NULL;
	return found;
}

/* RFC 5280 section 5.3.1; no suspension, nothing unassigned. */
static void
reasons(void **state)
{
	struct test_ca *t = *state;

	for (int reason = -1; reason <= 11; reason++) {
		struct ca_issued c = test_ca_issue(t, "default", "a.example");
		bool good =
		    (reason >= 0 && reason <= 5) || reason == 9 || reason == 10;

		if (good)
			assert_ok(t, revoke(t, c.id, reason, false));
		else
			assert_fails(
			    t, revoke(t, c.id, reason, false), ERR_BAD_REASON);
		assert_int_equal(test_ca_row(t, c.id).status,
		    good ? CERT_REVOKED : CERT_ISSUED);
		if (good)
			assert_int_equal(reason_on_crl(t, c.serial), reason);
	}
}

/* BR 4.9.1.1: revoked for another reason, then proved to be compromised. */
static void
reason_becomes_compromise(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_issued c = issue_for(t, key, "default", "a.example.net");
	int64_t when = t->now;

	assert_ok(t, revoke(t, c.id, REASON_SUPERSEDED, false));
	assert_int_equal(reason_on_crl(t, c.serial), REASON_SUPERSEDED);
	t->now += 100;
	/* Nothing else changes it, nor does who cannot prove it. */
	assert_fails(
	    t, revoke(t, c.id, REASON_CESSATION, true), ERR_ALREADY_REVOKED);
	assert_fails(t, revoke(t, c.id, REASON_KEY_COMPROMISE, false),
	    ERR_ALREADY_REVOKED);
	assert_true(may_issue(t, key));
	assert_ok(t, revoke(t, c.id, REASON_KEY_COMPROMISE, true));
	assert_int_equal(test_ca_row(t, c.id).reason, REASON_KEY_COMPROMISE);
	assert_int_equal(test_ca_row(t, c.id).revoked_at, when);
	assert_int_equal(reason_on_crl(t, c.serial), REASON_KEY_COMPROMISE);
	assert_int_equal(events(t, "cert-compromised", c.id), 1);
	assert_false(may_issue(t, key));
	assert_fails(t, revoke(t, c.id, REASON_KEY_COMPROMISE, true),
	    ERR_ALREADY_REVOKED);
}

/* The CRL that a crash left behind with the old reason is made again. */
static void
reason_survives_a_crash(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued c = test_ca_issue(t, "default", "a.example");

	assert_ok(t, revoke(t, c.id, REASON_SUPERSEDED, false));
	assert_int_equal(reason_on_crl(t, c.serial), REASON_SUPERSEDED);
	t->now += 5;
	assert_ok(t, revoke(t, c.id, REASON_KEY_COMPROMISE, true));
	test_ca_restart(t);
	assert_int_equal(reason_on_crl(t, c.serial), REASON_KEY_COMPROMISE);
}

/* It was said to be compromised before it is proved: now the key is blocked. */
static void
proof_after_a_claim(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_issued c = issue_for(t, key, "default", "a.example.net");

	assert_ok(t, revoke(t, c.id, REASON_KEY_COMPROMISE, false));
	assert_true(may_issue(t, key));
	assert_ok(t, revoke(t, c.id, REASON_KEY_COMPROMISE, true));
	assert_false(may_issue(t, key));
	assert_int_equal(events(t, "key-blocked", c.id), 1);
}

/* Across profiles, and naming the cause; other keys are left alone. */
static void
compromise_takes_the_others(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_issued a = issue_for(t, key, "default", "a.example.net"),
			 b = issue_for(t, key, "server", "b.example.net"),
			 c = issue_for(t, key, "server", "c.example.net"),
			 other = test_ca_issue(t, "default", "d.example.net");

	run(t);
	assert_ok(t, revoke(t, c.id, REASON_SUPERSEDED, false));
	assert_ok(t, revoke(t, a.id, REASON_KEY_COMPROMISE, true));
	run(t);
	assert_int_equal(test_ca_row(t, b.id).status, CERT_REVOKED);
	assert_int_equal(test_ca_row(t, b.id).reason, REASON_KEY_COMPROMISE);
	assert_int_equal(reason_on_crl(t, b.serial), REASON_KEY_COMPROMISE);
	assert_int_equal(test_ca_row(t, c.id).reason, REASON_SUPERSEDED);
	assert_int_equal(test_ca_row(t, other.id).status, CERT_ISSUED);
	assert_int_equal(events(t, "cert-revoked",
			     arena_printf(t->a, "\"cause\":\"%s\"", a.id)),
	    1);
}

/* Acknowledged with the block, done after a crash too. */
static void
compromise_survives_a_crash(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_issued a = issue_for(t, key, "default", "a.example.net"),
			 b = issue_for(t, key, "default", "b.example.net");

	run(t);
	assert_ok(t, revoke(t, a.id, REASON_KEY_COMPROMISE, true));
	test_ca_restart(t);
	assert_int_equal(test_ca_row(t, b.id).status, CERT_ISSUED);
	run(t);
	assert_int_equal(test_ca_row(t, b.id).status, CERT_REVOKED);
}

/* Blocked between the check and the outcome of an issuance: the signer's answer
 * is lost, the key is blocked, and the intent is finished. */
static void
compromise_finds_what_was_in_flight(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	const char *names[] = { "dns:a.example.net" };
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
	};
	struct cert_filter all = { .status = CERT_REVOKED, .limit = 9 };
	unsigned finished, voided;
	struct ca_issued out;
	struct cert_row *rows;
	bool blocked;
	size_t n;

	t->signing = SIGNING_LOST;
	assert_fails(t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_SIGNER);
	t->signing = SIGNING_WORKS;
	assert_ok(t, ca_key_block(t->ca, req.csr, "test", &blocked, &t->err));
	assert_true(blocked);
	run(t);
	assert_ok(t, ca_recover(t->ca, &finished, &voided, &t->err));
	assert_int_equal(finished, 1);
	run(t);
	assert_ok(t, store_cert_list(t->store, &all, t->a, &rows, &n, &t->err));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].reason, REASON_KEY_COMPROMISE);
}

/* A request that it signed proves that somebody has the key; a CA's key is not
 * blocked this way. */
static void
key_by_its_proof(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	const char *names[] = { "dns:compromised.invalid" };
	struct csr *proof = test_ca_csr(t, key, NULL, names, 1, false);
	struct ca_issued c = issue_for(t, key, "default", "a.example.net");
	struct csr bad;
	bool blocked;

	bad = *proof;
	bad.spki = test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false)
		       ->spki;
	bad.key = test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false)
		      ->key;
	assert_false(ca_key_block(t->ca, &bad, "test", &blocked, &t->err));
	err_clear(&t->err);
	assert_ok(t, ca_key_block(t->ca, proof, "test", &blocked, &t->err));
	assert_true(blocked);
	assert_ok(t, ca_key_block(t->ca, proof, "test", &blocked, &t->err));
	assert_false(blocked);
	assert_int_equal(events(t, "key-blocked", "test"), 1);
	run(t);
	assert_int_equal(test_ca_row(t, c.id).status, CERT_REVOKED);
	proof = test_ca_csr(t, t->issuing_key, NULL, names, 1, false);
	assert_fails(t, ca_key_block(t->ca, proof, "test", &blocked, &t->err),
	    ERR_REJECTED);
}

/* ---- the secret ---- */

static bool
by_secret(struct test_ca *t, const char *id, const char *secret)
{
	struct cert_row row = test_ca_row(t, id);

	return ca_revoke_by_secret(
	    t->ca, &row, bytes_str(secret), REASON_SUPERSEDED, &t->err);
}

static void
secret_revokes_its_own(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_issued a = issue_for(t, key, "server", "a.example.net"),
			 b = issue_for(t, key, "server", "b.example.net"),
			 none = issue_for(t, key, "default", "c.example.net");
	char wrong[SECRET_TEXT_LENGTH + 1];

	assert_non_null(a.revocation_secret);
	assert_int_equal(strlen(a.revocation_secret), SECRET_TEXT_LENGTH);
	assert_string_not_equal(a.revocation_secret, b.revocation_secret);
	assert_null(none.revocation_secret);
	/* Who cannot hand one out gets none. */
	assert_null(
	    test_ca_issue(t, "server", "d.example.net").revocation_secret);
	memcpy(wrong, a.revocation_secret, sizeof(wrong));
	wrong[0] = wrong[0] == 'a' ? 'b' : 'a';
	assert_fails(t, by_secret(t, a.id, wrong), ERR_UNAUTHORIZED);
	assert_fails(
	    t, by_secret(t, a.id, b.revocation_secret), ERR_UNAUTHORIZED);
	assert_fails(t, by_secret(t, none.id, wrong), ERR_UNAUTHORIZED);
	assert_fails(t, by_secret(t, a.id, ""), ERR_UNAUTHORIZED);
	test_ca_restart(t);
	assert_int_equal(test_ca_row(t, a.id).status, CERT_ISSUED);
	assert_ok(t, by_secret(t, a.id, a.revocation_secret));
	assert_int_equal(test_ca_row(t, a.id).status, CERT_REVOKED);
	assert_int_equal(test_ca_row(t, b.id).status, CERT_ISSUED);
	assert_fails(
	    t, by_secret(t, a.id, a.revocation_secret), ERR_ALREADY_REVOKED);
	/* Neither the log nor the record has the text. */
	assert_int_equal(events(t, "cert-intent", a.revocation_secret), 0);
	assert_int_equal(events(t, "cert-revoked", a.revocation_secret), 0);
	assert_int_equal(events(t, "cert-intent", "secret_sha256"), 2);
}

/* ---- many ---- */

static struct bulk_request
many(struct test_ca *t, struct cert_filter filter)
{
	struct bulk_request req = {
		.filter = filter, .reason = REASON_SUPERSEDED, .by = "test"
	};

	req.filter.now = t->now;
	return req;
}
#define MANY(t, ...) many(t, (struct cert_filter){ __VA_ARGS__ })

static uint64_t
found(struct test_ca *t, struct bulk_request req)
{
	struct bulk_plan plan;

	assert_ok(t, ca_bulk_plan(t->ca, &req, t->a, &plan, &t->err));
	assert_int_equal(plan.sample_n, MIN_OF(plan.count, BULK_SAMPLE));
	return plan.count;
}

static void
choices(void **state)
{
	struct test_ca *t = *state;
	struct bulk_request none = MANY(t, .status = 0);
	struct bulk_plan plan;
	struct ca_issued old;

	old = test_ca_issue(t, "default", "old.example.net");
	t->now += 1000;
	test_ca_issue(t, "default", "a.example.net");
	test_ca_issue(t, "server", "b.example.net");
	assert_int_equal(found(t, MANY(t, .profile = "default")), 2);
	assert_int_equal(found(t, MANY(t, .profile = "server")), 1);
	assert_int_equal(found(t, MANY(t, .ca = "issuing")), 3);
	assert_int_equal(found(t, MANY(t, .ca = "other")), 0);
	assert_int_equal(found(t, MANY(t, .name_pattern = "*.example.net")), 3);
	assert_int_equal(found(t, MANY(t, .name_pattern = "a.*")), 1);
	assert_int_equal(found(t, MANY(t, .created_from = t->now)), 2);
	assert_int_equal(found(t, MANY(t, .created_before = t->now)), 1);
	assert_int_equal(
	    found(t, MANY(t, .created_before = t->now, .profile = "server")),
	    0);
	assert_int_equal(found(t, MANY(t, .account_id = "nobody")), 0);
	/* Revoked and expired ones are none of them. */
	assert_ok(t, revoke(t, old.id, REASON_SUPERSEDED, false));
	assert_int_equal(found(t, MANY(t, .ca = "issuing")), 2);
	t->now += (int64_t)31 * 24 * 3600;
	assert_int_equal(found(t, MANY(t, .ca = "issuing")), 1);
	/* Never all that there is, by leaving everything out. */
	assert_fails(
	    t, ca_bulk_plan(t->ca, &none, t->a, &plan, &t->err), ERR_MALFORMED);
	none = MANY(t, .ca = "issuing");
	none.reason = REASON_HOLD;
	assert_fails(t, ca_bulk_plan(t->ca, &none, t->a, &plan, &t->err),
	    ERR_BAD_REASON);
}

static void
set_is_confirmed(void **state)
{
	struct test_ca *t = *state;
	struct bulk_request req = MANY(t, .profile = "default");
	struct bulk_plan plan, again;
	struct ca_issued late;
	struct bulk_row row;

	test_ca_issue(t, "default", "a.example.net");
	assert_ok(t, ca_bulk_plan(t->ca, &req, t->a, &plan, &t->err));
	assert_ok(t, ca_bulk_plan(t->ca, &req, t->a, &again, &t->err));
	assert_memory_equal(plan.set_sha256, again.set_sha256, 32);
	late = test_ca_issue(t, "default", "b.example.net");
	assert_fails(t,
	    ca_bulk_begin(t->ca, &req, plan.set_sha256, t->a, &row, &t->err),
	    ERR_CONFLICT);
	assert_int_equal(test_ca_row(t, late.id).status, CERT_ISSUED);
	/* The reason is a part of what is confirmed. */
	assert_ok(t, ca_bulk_plan(t->ca, &req, t->a, &plan, &t->err));
	req.reason = REASON_KEY_COMPROMISE;
	assert_fails(t,
	    ca_bulk_begin(t->ca, &req, plan.set_sha256, t->a, &row, &t->err),
	    ERR_CONFLICT);
	/* Nothing is nothing. */
	req = MANY(t, .profile = "nobody");
	assert_ok(t, ca_bulk_plan(t->ca, &req, t->a, &plan, &t->err));
	assert_fails(t,
	    ca_bulk_begin(t->ca, &req, plan.set_sha256, t->a, &row, &t->err),
	    ERR_NOT_FOUND);
}

static void
begin(struct test_ca *t, struct bulk_request *req, struct bulk_row *row)
{
	struct bulk_plan plan;

	assert_ok(t, ca_bulk_plan(t->ca, req, t->a, &plan, &t->err));
	assert_ok(
	    t, ca_bulk_begin(t->ca, req, plan.set_sha256, t->a, row, &t->err));
}

/* Exactly the confirmed set, once each, over a restart in the middle. */
static void
exactly_these(void **state)
{
	enum { N = BULK_STEP + 20 };
	struct test_ca *t = *state;
	struct bulk_request req = MANY(t, .profile = "default");
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_issued mine[N], after;
	struct bulk_row row;
	bool more = false;

	for (unsigned i = 0; i < N; i++)
		mine[i] = issue_for(t, key, "default",
		    arena_printf(t->a, "n%u.example.net", i));
	run(t);
	begin(t, &req, &row);
	assert_int_equal(row.total, N);
	/* Issued after it was confirmed, and one that was revoked meanwhile. */
	after = test_ca_issue(t, "default", "after.example.net");
	assert_ok(t, revoke(t, mine[N - 1].id, REASON_CESSATION, false));
	assert_ok(t, ca_bulk_run(t->ca, 0, &more, &t->err));
	assert_true(more);
	assert_ok(t, store_bulk_get(t->store, row.id, t->a, &row, &t->err));
	assert_in_range(row.revoked, BULK_STEP - 1, BULK_STEP);
	assert_int_equal(row.finished_at, 0);
	test_ca_restart(t);
	run(t);
	assert_ok(t, store_bulk_get(t->store, row.id, t->a, &row, &t->err));
	assert_int_equal(row.revoked, N - 1);
	assert_int_equal(row.skipped, 1);
	assert_int_not_equal(row.finished_at, 0);
	assert_int_equal(test_ca_row(t, after.id).status, CERT_ISSUED);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(
		    test_ca_row(t, mine[i].id).status, CERT_REVOKED);
	assert_int_equal(events(t, "cert-revoked", row.id), N - 1);
	assert_int_equal(events(t, "bulk-revocation", row.id), 1);
	assert_int_equal(reason_on_crl(t, mine[0].serial), REASON_SUPERSEDED);
	assert_int_equal(
	    reason_on_crl(t, mine[N - 1].serial), REASON_CESSATION);
}

/* The link old → new, in the record and in the log. */
static void
renewal_link(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued old = test_ca_issue(t, "default", "a.example.net");
	const char *names[] = { "dns:a.example.net" };
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
		.replaces = old.id,
	};
	struct ca_issued new;
	struct cert_row row;

	assert_fails(t,
	    store_cert_replaced_by(t->store, old.id, t->a, &row, &t->err),
	    ERR_NOT_FOUND);
	assert_ok(t, ca_issue(t->ca, &req, t->a, &new, &t->err));
	assert_ok(
	    t, store_cert_replaced_by(t->store, old.id, t->a, &row, &t->err));
	assert_string_equal(row.id, new.id);
	assert_string_equal(test_ca_row(t, new.id).replaces, old.id);
	assert_int_equal(events(t, "cert-intent",
			     arena_printf(t->a, "\"replaces\":\"%s\"", old.id)),
	    1);
}

int
main(void)
{
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		T(reasons),
		T(reason_becomes_compromise),
		T(reason_survives_a_crash),
		T(proof_after_a_claim),
		T(compromise_takes_the_others),
		T(compromise_survives_a_crash),
		T(compromise_finds_what_was_in_flight),
		T(key_by_its_proof),
		T(secret_revokes_its_own),
		T(choices),
		T(set_is_confirmed),
		T(exactly_these),
		T(renewal_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
