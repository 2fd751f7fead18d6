/*
 * The approval queue: who may decide, what an approval is worth, and that a
 * certificate takes it once.
 */
#include <pthread.h>
#include <stdatomic.h>
#include "support/unit.h"
#include "ca/approval.h"
#include "ca/core.h"
#include "support/test_ca.h"

#define DAY ((int64_t)24 * 3600)

static const char *const one[] = { "dns:a.example.net" };
static const char *const two[] = { "dns:b.example.net", "dns:a.example.net" };

static void
add_operators(struct test_ca *t)
{
	assert_ok(t, ca_operator_add(t->ca, "alice", 1001, "uid 0", &t->err));
	assert_ok(t, ca_operator_add(t->ca, "bob", -1, "alice", &t->err));
}

static struct approval_request
asked(struct test_ca *t, const char *const *names, size_t n)
{
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);

	return (struct approval_request){ .protocol = "est",
		.label = "devices",
		.profile = "default",
		.requester = "anonymous 192.0.2.1",
		.csr = test_ca_csr(t, key, NULL, names, n, false)->der,
		.names = test_ca_names(t, names, n),
		.subject = "CN=a device",
		.lifetime = 7 * DAY };
}

static struct approval
submit(struct test_ca *t, const struct approval_request *req)
{
	struct approval out;

	assert_ok(t, ca_approval_submit(t->ca, req, t->a, &out, &t->err));
	return out;
}

static struct approval
get(struct test_ca *t, const char *id)
{
	struct approval out;

	assert_ok(t, ca_approval_get(t->ca, id, t->a, &out, &t->err));
	return out;
}

static bool
decide(
    struct test_ca *t, const struct approval *row, bool approve, const char *by)
{
	return ca_approval_decide(t->ca, row->id, row->request_sha256, approve,
	    by, approve ? NULL : "not one of ours", &t->err);
}

static bool
issue_as(struct test_ca *t, const struct approval_request *asked_for,
    const char *profile, const char *id, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct csr csr;
	struct ca_issued out;
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, profile),
		.csr = &csr,
		.names = asked_for->names,
		.requester = "est",
		.approval_id = id,
	};

	return csr_parse(asked_for->csr, a, &csr, err) &&
	    ca_issue(t->ca, &req, a, &out, err);
}

static bool
issue(
    struct test_ca *t, const struct approval_request *asked_for, const char *id)
{
	return issue_as(t, asked_for, "default", id, &t->err);
}

/* ---- the way of a request ---- */

static void
approved_and_issued(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, two, 2);
	struct approval row, again;

	add_operators(t);
	row = submit(t, &req);
	assert_int_equal(row.state, APPROVAL_PENDING);
	assert_string_equal(row.names, "dns:a.example.net\ndns:b.example.net");
	assert_int_equal(row.expires_at, t->now + 7 * DAY);
	/* Nothing is issued before. */
	assert_fails(t, issue(t, &req, row.id), ERR_UNAUTHORIZED);
	again = submit(t, &req);
	assert_string_equal(again.id, row.id);
	assert_ok(t, decide(t, &row, true, "alice"));
	again = submit(t, &req);
	assert_string_equal(again.id, row.id);
	assert_int_equal(again.state, APPROVAL_APPROVED);
	assert_string_equal(again.decided_by, "alice");
	assert_int_equal(again.decided_at, t->now);
	assert_ok(t, issue(t, &req, row.id));
	again = submit(t, &req);
	assert_string_equal(again.id, row.id);
	assert_int_equal(again.state, APPROVAL_ISSUED);
	assert_string_equal(test_ca_row(t, again.cert_id).names,
	    "dns:b.example.net\ndns:a.example.net");
	/* Once. */
	assert_fails(t, issue(t, &req, row.id), ERR_UNAUTHORIZED);
}

/* Who comes with other bytes, names or another profile gets nothing of it. */
static void
binds_to_the_request(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, two, 2), other, fewer;
	struct approval row;

	add_operators(t);
	row = submit(t, &req);
	assert_ok(t, decide(t, &row, true, "alice"));
	other = asked(t, two, 2); /* another signature over the same names */
	assert_fails(t, issue(t, &other, row.id), ERR_UNAUTHORIZED);
	fewer = req;
	fewer.names = test_ca_names(t, one, 1);
	assert_fails(t, issue(t, &fewer, row.id), ERR_UNAUTHORIZED);
	assert_fails(
	    t, issue_as(t, &req, "server", row.id, &t->err), ERR_UNAUTHORIZED);
	assert_fails(t, issue(t, &req, "none"), ERR_UNAUTHORIZED);
	/* Nor is the same request under another label this one. */
	other = req;
	other.label = "printers";
	assert_string_not_equal(submit(t, &other).id, row.id);
	other = req;
	other.names = fewer.names;
	assert_string_not_equal(submit(t, &other).id, row.id);
	assert_ok(t, issue(t, &req, row.id));
}

static void
rejected(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1);
	struct approval row, again;

	add_operators(t);
	row = submit(t, &req);
	assert_fails(t,
	    ca_approval_decide(
		t->ca, row.id, row.request_sha256, false, "alice", "", &t->err),
	    ERR_MALFORMED);
	assert_ok(t, decide(t, &row, false, "alice"));
	assert_fails(t, issue(t, &req, row.id), ERR_UNAUTHORIZED);
	again = submit(t, &req);
	assert_string_equal(again.id, row.id);
	assert_int_equal(again.state, APPROVAL_REJECTED);
	assert_string_equal(again.reason, "not one of ours");
	/* It stays while the request lives, then it can be asked again. */
	t->now += 7 * DAY - 1;
	assert_string_equal(submit(t, &req).id, row.id);
	t->now += 1;
	assert_string_not_equal(submit(t, &req).id, row.id);
	again = get(t, row.id);
	assert_int_equal(again.state, APPROVAL_REJECTED);
}

/* What is decided stays so, both ways, for everybody. */
static void
does_not_flip(void **state)
{
	struct test_ca *t = *state;
	struct approval_request yes = asked(t, one, 1), no = asked(t, one, 1);
	struct approval a, b;

	add_operators(t);
	a = submit(t, &yes);
	b = submit(t, &no);
	assert_ok(t, decide(t, &a, true, "alice"));
	assert_ok(t, decide(t, &b, false, "bob"));
	for (int approve = 0; approve <= 1; approve++) {
		assert_fails(t, decide(t, &a, approve, "bob"), ERR_CONFLICT);
		assert_fails(t, decide(t, &b, approve, "alice"), ERR_CONFLICT);
	}
	assert_int_equal(get(t, a.id).state, APPROVAL_APPROVED);
	assert_int_equal(get(t, b.id).state, APPROVAL_REJECTED);
	assert_ok(t, issue(t, &yes, a.id));
	assert_fails(t, decide(t, &a, false, "bob"), ERR_CONFLICT);
	assert_int_equal(get(t, a.id).state, APPROVAL_ISSUED);
}

static void
expires(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1), got = asked(t, one, 1);
	struct approval row, approved;

	add_operators(t);
	row = submit(t, &req);
	approved = submit(t, &got);
	assert_ok(t, decide(t, &approved, true, "alice"));
	t->now += 7 * DAY;
	assert_int_equal(get(t, row.id).state, APPROVAL_EXPIRED);
	assert_fails(t, decide(t, &row, true, "alice"), ERR_CONFLICT);
	assert_fails(t, decide(t, &row, false, "alice"), ERR_CONFLICT);
	/* An approval does not wait for ever either. */
	assert_int_equal(get(t, approved.id).state, APPROVAL_EXPIRED);
	assert_fails(t, issue(t, &got, approved.id), ERR_UNAUTHORIZED);
}

/* ---- who decides ---- */

static void
requester_never_approves(void **state)
{
	static const struct {
		const char *requester, *operator_name;
		bool same;
	} rows[] = {
		{ "alice", "alice", true },
		{ "Alice", "alice", true },
		{ "user alice", "alice", true },
		{ "CN=alice,O=Example", "alice", true },
		{ "certificate CN=ALICE", "alice", true },
		{ "alice@example.net", "alice@example.net", true },
		{ "alice@example.net", "alice", false },
		{ "malice", "alice", false },
		{ "alice-2", "alice", false },
		{ "", "alice", false },
		{ "anonymous 192.0.2.1", "alice", false },
		{ "anonymous 192.0.2.1", "192.0.2.1", true },
	};
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1);
	struct approval row;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(approval_is_requester(
				     rows[i].requester, rows[i].operator_name),
		    rows[i].same);
	add_operators(t);
	req.requester = "user alice";
	row = submit(t, &req);
	assert_fails(t, decide(t, &row, true, "alice"), ERR_UNAUTHORIZED);
	assert_fails(t, decide(t, &row, false, "alice"), ERR_UNAUTHORIZED);
	assert_int_equal(get(t, row.id).state, APPROVAL_PENDING);
	assert_ok(t, decide(t, &row, true, "bob"));
}

static void
operators_alone(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1);
	struct approval row = submit(t, &req);

	assert_fails(t, decide(t, &row, true, "alice"), ERR_UNAUTHORIZED);
	add_operators(t);
	assert_fails(t, decide(t, &row, true, "carol"), ERR_UNAUTHORIZED);
	assert_fails(t, decide(t, &row, true, "uid 0"), ERR_UNAUTHORIZED);
	assert_ok(t, ca_operator_remove(t->ca, "bob", "alice", &t->err));
	assert_fails(t, decide(t, &row, true, "bob"), ERR_UNAUTHORIZED);
	assert_int_equal(get(t, row.id).state, APPROVAL_PENDING);
	assert_ok(t, decide(t, &row, true, "alice"));
}

static void
hash_that_was_seen(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1);
	struct approval row = submit(t, &req), changed = row;

	add_operators(t);
	changed.request_sha256[31] ^= 1;
	assert_fails(t, decide(t, &changed, true, "alice"), ERR_CONFLICT);
	assert_fails(t, decide(t, &changed, false, "alice"), ERR_CONFLICT);
	assert_int_equal(get(t, row.id).state, APPROVAL_PENDING);
	changed = row;
	changed.id = "none";
	assert_fails(t, decide(t, &changed, true, "alice"), ERR_NOT_FOUND);
	assert_ok(t, decide(t, &row, true, "alice"));
}

static void
acting(void **state)
{
	static const struct {
		int64_t uid;
		const char *as, *name; /* name NULL: refused */
	} rows[] = {
		{ 1001, NULL, "alice" },
		{ 1001, "alice", "alice" },
		{ 0, "alice", NULL }, /* root is not alice */
		{ 1002, "alice", NULL },
		{ 0, "bob", "bob" }, /* who owns the socket */
		{ 1001, "bob", NULL }, /* alice is not bob */
		{ 0, NULL, NULL },
		{ -1, NULL, NULL }, /* not bob, who has none */
		{ 0, "carol", NULL },
	};
	struct test_ca *t = *state;
	struct operator_row out;

	assert_fails(t,
	    ca_operator_acting(t->ca, 0, true, NULL, t->a, &out, &t->err),
	    ERR_UNAUTHORIZED);
	add_operators(t);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool ok = ca_operator_acting(t->ca, rows[i].uid,
		    rows[i].uid == 0, rows[i].as, t->a, &out, &t->err);

		assert_int_equal(ok, rows[i].name != NULL);
		if (ok)
			assert_string_equal(out.name, rows[i].name);
		else
			assert_int_equal(t->err.kind, ERR_UNAUTHORIZED);
		/* The refusal of an unknown uid says what to do. */
		if (!ok && rows[i].as == NULL)
			assert_non_null(
			    strstr(t->err.shown, "operator add NAME --uid"));
		err_clear(&t->err);
	}
}

static void
operators(void **state)
{
	static const char *const bad[] = { "", "Alice", "a b", ".a", "-a",
		"uid 0", "a\n", "\303\251" };
	struct test_ca *t = *state;
	struct operator_row *all;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_fails(t,
		    ca_operator_add(t->ca, bad[i], -1, "uid 0", &t->err),
		    ERR_MALFORMED);
	assert_fails(t, ca_operator_add(t->ca, "a", -2, "uid 0", &t->err),
	    ERR_MALFORMED);
	assert_fails(t,
	    ca_operator_add(t->ca, "a", INT64_C(4294967295), "uid 0", &t->err),
	    ERR_MALFORMED);
	add_operators(t);
	/* From the first one on, operators add operators. */
	assert_fails(t, ca_operator_add(t->ca, "carol", -1, "uid 0", &t->err),
	    ERR_UNAUTHORIZED);
	assert_fails(t, ca_operator_add(t->ca, "bob", 7, "alice", &t->err),
	    ERR_CONFLICT);
	assert_fails(t, ca_operator_add(t->ca, "carol", 1001, "bob", &t->err),
	    ERR_CONFLICT);
	assert_ok(t, ca_operator_add(t->ca, "carol", -1, "bob", &t->err));
	assert_fails(t, ca_operator_remove(t->ca, "bob", "uid 0", &t->err),
	    ERR_UNAUTHORIZED);
	assert_fails(t, ca_operator_remove(t->ca, "dave", "bob", &t->err),
	    ERR_NOT_FOUND);
	assert_ok(t, ca_operator_remove(t->ca, "bob", "bob", &t->err));
	assert_fails(t, ca_operator_add(t->ca, "bob", -1, "bob", &t->err),
	    ERR_UNAUTHORIZED);
	assert_ok(t, ca_operator_add(t->ca, "bob", 1002, "alice", &t->err));
	assert_ok(t, ca_operator_list(t->ca, t->a, &all, &n, &t->err));
	assert_int_equal(n, 4);
	assert_string_equal(all[0].name, "bob");
	assert_int_equal(all[0].uid, 1002);
	assert_string_equal(all[3].name, "bob");
	assert_true(all[3].removed_at != 0);
}

/* ---- bounds ---- */

static void
bounded(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct approval_request req = asked(t, one, 1), first = req;
	struct approval out;
	struct ca_counters counters;

	add_operators(t);
	submit(t, &first);
	for (unsigned i = 1; i < APPROVAL_OF_REQUESTER_MAX; i++) {
		req.csr = test_ca_csr(t, key, NULL, one, 1, false)->der;
		submit(t, &req);
	}
	req.csr = test_ca_csr(t, key, NULL, one, 1, false)->der;
	assert_fails(
	    t, ca_approval_submit(t->ca, &req, t->a, &out, &t->err), ERR_BUSY);
	/* What is in the queue is still found, and others come in. */
	out = submit(t, &first);
	req.requester = "anonymous 192.0.2.2";
	submit(t, &req);
	assert_ok(t, ca_approval_measure(t->ca, &t->err));
	ca_counters_get(t->ca, &counters);
	assert_int_equal(
	    counters.approvals_pending, APPROVAL_OF_REQUESTER_MAX + 1);
	/* Decided ones do not wait. */
	assert_ok(t, decide(t, &out, true, "alice"));
	req.requester = first.requester;
	req.csr = test_ca_csr(t, key, NULL, one, 1, false)->der;
	submit(t, &req);
	/* Nor do expired ones. */
	t->now += 7 * DAY;
	assert_ok(t, ca_approval_measure(t->ca, &t->err));
	ca_counters_get(t->ca, &counters);
	assert_int_equal(counters.approvals_pending, 0);
}

static void
refused_requests(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1), r;
	struct approval out;
	char *big = arena_alloc(t->a, APPROVAL_TEXT_MAX + 2);

	memset(big, 'a', APPROVAL_TEXT_MAX + 1);
#define REFUSED(kind)                                                          \
	assert_fails(                                                          \
	    t, ca_approval_submit(t->ca, &r, t->a, &out, &t->err), kind)
	r = req;
	r.transaction = big;
	REFUSED(ERR_TOO_LARGE);
	r = req;
	r.transaction = "\xff";
	REFUSED(ERR_MALFORMED);
	r = req;
	r.csr.n--;
	REFUSED(ERR_BAD_CSR);
	r = req;
	r.lifetime = 0;
	REFUSED(ERR_INTERNAL);
}

/* ---- many at once, and what fails in between ---- */

struct racer {
	struct test_ca *t;
	const struct approval_request *req;
	struct approval row;
	pthread_barrier_t *start;
	const char *by;
	bool approve;
	atomic_uint *won, *lost;
};

static void *
race_issue(void *arg)
{
	struct racer *r = arg;
	struct err err = { 0 };

	pthread_barrier_wait(r->start);
	if (issue_as(r->t, r->req, "default", r->row.id, &err))
		atomic_fetch_add(r->won, 1);
	else if (err.kind == ERR_UNAUTHORIZED)
		atomic_fetch_add(r->lost, 1);
	return NULL;
}

static void *
race_decide(void *arg)
{
	struct racer *r = arg;
	struct err err = { 0 };

	pthread_barrier_wait(r->start);
	if (ca_approval_decide(r->t->ca, r->row.id, r->row.request_sha256,
		r->approve, r->by, "because", &err))
		atomic_fetch_add(r->won, 1);
	else if (err.kind == ERR_CONFLICT)
		atomic_fetch_add(r->lost, 1);
	return NULL;
}

static void
race(struct test_ca *t, struct racer *racers, size_t n, void *run(void *))
{
	atomic_uint won = 0, lost = 0;
	pthread_barrier_t start;
	pthread_t threads[12];

	assert_true(n <= COUNT_OF(threads));
	pthread_barrier_init(&start, NULL, (unsigned)n);
	for (size_t i = 0; i < n; i++) {
		racers[i].t = t;
		racers[i].start = &start;
		racers[i].won = &won;
		racers[i].lost = &lost;
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run, &racers[i]), 0);
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	assert_int_equal(won, 1);
	assert_int_equal(lost, n - 1);
}

static void
one_approval_many_threads(void **state)
{
	struct test_ca *t = *state;

	add_operators(t);
	for (int round = 0; round < 10; round++) {
		struct approval_request req = asked(t, one, 1);
		struct approval row = submit(t, &req);
		struct racer racers[12];

		for (size_t i = 0; i < COUNT_OF(racers); i++)
			racers[i] = (struct racer){ .req = &req,
				.row = row,
				.by = i % 2 == 0 ? "alice" : "bob",
				.approve = i % 3 == 0 };
		/* One decision, whichever it is. */
		race(t, racers, COUNT_OF(racers), race_decide);
		if (get(t, row.id).state == APPROVAL_REJECTED)
			continue;
		race(t, racers, COUNT_OF(racers), race_issue);
		assert_int_equal(get(t, row.id).state, APPROVAL_ISSUED);
	}
}

static void
void_gives_back(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1);
	struct approval row;

	add_operators(t);
	row = submit(t, &req);
	assert_ok(t, decide(t, &row, true, "alice"));
	atomic_store(&t->signing, SIGNING_REFUSED);
	assert_fails(t, issue(t, &req, row.id), ERR_SIGNER_REFUSED);
	row = get(t, row.id);
	assert_int_equal(row.state, APPROVAL_APPROVED);
	assert_null(row.cert_id);
	atomic_store(&t->signing, SIGNING_WORKS);
	assert_ok(t, issue(t, &req, row.id));
	assert_int_equal(get(t, row.id).state, APPROVAL_ISSUED);
}

/* Dead between intent and issued: the next life issues that certificate and no
 * other. */
static void
restart_finishes(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1);
	struct approval row;
	struct bytes pem, der;
	struct cert_row cert;
	unsigned finished, voided;

	add_operators(t);
	row = submit(t, &req);
	assert_ok(t, decide(t, &row, true, "alice"));
	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	assert_fails(t, issue(t, &req, row.id), ERR_SIGNER);
	atomic_store(&t->signing, SIGNING_WORKS);
	row = submit(t, &req);
	assert_int_equal(row.state, APPROVAL_ISSUED);
	/* Taken, and not there yet: the client is told to wait. */
	cert = test_ca_row(t, row.cert_id);
	assert_int_equal(cert.status, CERT_INTENT);
	assert_fails(t, ca_cert_chain(t->ca, &cert, t->a, &pem, &der, &t->err),
	    ERR_NOT_FOUND);
	test_ca_restart(t);
	assert_ok(t, ca_recover(t->ca, &finished, &voided, &t->err));
	assert_int_equal(finished, 1);
	row = submit(t, &req);
	assert_int_equal(row.state, APPROVAL_ISSUED);
	cert = test_ca_row(t, row.cert_id);
	assert_ok(t, ca_cert_chain(t->ca, &cert, t->a, &pem, &der, &t->err));
	assert_fails(t, issue(t, &req, row.id), ERR_UNAUTHORIZED);
}

/* ---- finding ---- */

/* SCEP polls by its transaction: another key under the same id is another. */
static void
found_by_transaction(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1),
				other = asked(t, one, 1);
	struct approval row, shadow, out;
	uint8_t nobody[32] = { 0 };

	req.protocol = other.protocol = "scep";
	req.transaction = other.transaction = "0123ABCD";
	row = submit(t, &req);
	shadow = submit(t, &other);
	assert_ok(t,
	    ca_approval_find(t->ca, "scep", "devices", "0123ABCD",
		row.spki_sha256, t->a, &out, &t->err));
	assert_string_equal(out.id, row.id);
	assert_ok(t,
	    ca_approval_find(t->ca, "scep", "devices", "0123ABCD",
		shadow.spki_sha256, t->a, &out, &t->err));
	assert_string_equal(out.id, shadow.id);
	assert_fails(t,
	    ca_approval_find(t->ca, "scep", "devices", "0123ABCD", nobody, t->a,
		&out, &t->err),
	    ERR_NOT_FOUND);
	assert_fails(t,
	    ca_approval_find(t->ca, "est", "devices", "0123ABCD",
		row.spki_sha256, t->a, &out, &t->err),
	    ERR_NOT_FOUND);
}

static void
listed(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req[4];
	struct approval rows[4], *page;
	size_t n;

	add_operators(t);
	for (size_t i = 0; i < COUNT_OF(req); i++) {
		req[i] = asked(t, one, 1);
		req[i].lifetime = (int64_t)(i + 1) * DAY;
		rows[i] = submit(t, &req[i]);
	}
	assert_ok(t, decide(t, &rows[1], true, "alice"));
	assert_ok(t, decide(t, &rows[2], false, "alice"));
	t->now += DAY;
#define LIST(state, after, limit)                                              \
	assert_ok(t,                                                           \
	    ca_approval_list(                                                  \
		t->ca, state, after, limit, t->a, &page, &n, &t->err))
	LIST(0, NULL, 3);
	assert_int_equal(n, 3);
	assert_string_equal(page[0].id, rows[3].id);
	LIST(0, page[2].id, 3);
	assert_int_equal(n, 1);
	assert_string_equal(page[0].id, rows[0].id);
	LIST(APPROVAL_PENDING, NULL, 10);
	assert_int_equal(n, 1);
	assert_string_equal(page[0].id, rows[3].id);
	LIST(APPROVAL_EXPIRED, NULL, 10);
	assert_int_equal(n, 1);
	assert_string_equal(page[0].id, rows[0].id);
	LIST(APPROVAL_REJECTED, NULL, 10);
	assert_int_equal(n, 1);
	assert_string_equal(page[0].reason, "not one of ours");
}

static void
recorded(void **state)
{
	struct test_ca *t = *state;
	struct approval_request req = asked(t, one, 1), no = asked(t, one, 1);
	unsigned added = 0, removed = 0, approvals = 0, used = 0, refused = 0;
	struct approval row;
	struct log_row *rows;
	size_t n;

	add_operators(t);
	row = submit(t, &no);
	assert_ok(t, decide(t, &row, false, "bob"));
	row = submit(t, &req);
	assert_ok(t, decide(t, &row, true, "alice"));
	assert_ok(t, issue(t, &req, row.id));
	assert_ok(t, ca_operator_remove(t->ca, "bob", "alice", &t->err));
	assert_ok(
	    t, store_log_list(t->store, 1, 1000, t->a, &rows, &n, &t->err));
	for (size_t i = 0; i < n; i++) {
		const char *body = arena_str(t->a, rows[i].body);

#define IS(k, text) (strcmp(rows[i].kind, k) == 0 && strstr(body, text) != NULL)
		added += IS("operator-added", "\"uid\":1001");
		removed += IS("operator-removed", "\"name\":\"bob\"");
		approvals += IS("approval", "\"approved\":true") &&
		    strstr(body, row.id) != NULL;
		refused += IS("approval", "\"reason\":\"not one of ours\"");
		used += IS("cert-intent", row.id);
	}
	assert_int_equal(added, 1);
	assert_int_equal(removed, 1);
	assert_int_equal(approvals, 1);
	assert_int_equal(refused, 1);
	assert_int_equal(used, 1);
}

int
main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		TEST(approved_and_issued),
		TEST(binds_to_the_request),
		TEST(rejected),
		TEST(does_not_flip),
		TEST(expires),
		TEST(requester_never_approves),
		TEST(operators_alone),
		TEST(hash_that_was_seen),
		TEST(acting),
		TEST(operators),
		TEST(bounded),
		TEST(refused_requests),
		TEST(one_approval_many_threads),
		TEST(void_gives_back),
		TEST(restart_finishes),
		TEST(found_by_transaction),
		TEST(listed),
		TEST(recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
