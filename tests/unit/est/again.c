/*
 * Who comes again with the same request, because the answer was lost or an
 * operator had to decide, gets the same certificate, and never a second one.
 */
#include "world.h"
#include "ca/approval.h"
#include "ca/token.h"

#define EST "/.well-known/est"
#define ENROLL EST "/simpleenroll"
#define QUEUE EST "/queue/simpleenroll"

static struct bytes
request(struct world *w)
{
	return world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE);
}

static struct bytes
got(struct world *w)
{
	return world_certificate(w).der;
}

static void
revoke_first(struct world *w)
{
	const struct cert_filter filter = {
		.status = CERT_ISSUED, .limit = 10, .now = w->t->now
	};
	struct cert_row *rows;
	size_t n;

	assert_ok(w->t,
	    store_cert_list(
		w->t->store, &filter, w->t->a, &rows, &n, &w->t->err));
	assert_int_equal(n, 1);
	assert_ok(
	    w->t, ca_revoke(w->t->ca, &rows[0], 4, "alice", false, &w->t->err));
}

static void
by_its_secret(void **state)
{
	struct world *w = *state;
	struct token_spec spec = { .profile = "device",
		.uses = 1,
		.expires_at = w->t->now + 3600,
		.by = "alice" };
	char secret[TOKEN_SECRET_LENGTH + 1];
	struct world_call call = { 0 };
	struct token token;
	struct bytes csr, first;

	assert_ok(w->t,
	    ca_token_create(
		w->t->ca, &spec, w->t->a, &token, secret, &w->t->err));
	call.authorization = arena_printf(w->t->a, "Bearer %s", secret);
	csr = request(w);
	assert_int_equal(world_post(w, ENROLL, csr, &call), 200);
	first = got(w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(world_post(w, ENROLL, csr, &call), 200);
		assert_true(bytes_equal(got(w), first));
	}
	/* The same key and names, signed once more: another request. */
	assert_int_equal(world_post(w, ENROLL, request(w), &call), 401);
	/* Nor is a key made for who has nothing left. */
	assert_int_equal(
	    world_post(w, EST "/secrets/serverkeygen", csr, &call), 401);
	assert_int_equal(world_issued(w), 1);
	revoke_first(w);
	assert_int_equal(world_post(w, ENROLL, csr, &call), 401);
	assert_int_equal(world_issued(w), 1);
}

static void
approve(struct world *w)
{
	struct approval *rows;
	size_t n;

	assert_ok(w->t,
	    ca_operator_add(
		w->t->ca, "alice", OPERATOR_UID_NONE, "root", &w->t->err));
	assert_ok(w->t,
	    ca_approval_list(w->t->ca, APPROVAL_PENDING, NULL, 10, w->t->a,
		&rows, &n, &w->t->err));
	assert_int_equal(n, 1);
	assert_ok(w->t,
	    ca_approval_decide(w->t->ca, rows[0].id, rows[0].request_sha256,
		true, "alice", NULL, &w->t->err));
}

static void
by_its_approval(void **state)
{
	struct world *w = *state;
	struct bytes csr = request(w), first;

	assert_int_equal(world_post(w, QUEUE, csr, NULL), 202);
	approve(w);
	assert_int_equal(world_post(w, QUEUE, csr, NULL), 200);
	first = got(w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(world_post(w, QUEUE, csr, NULL), 200);
		assert_true(bytes_equal(got(w), first));
	}
	assert_int_equal(world_issued(w), 1);
	revoke_first(w);
	assert_int_equal(world_post(w, QUEUE, csr, NULL), 403);
	assert_true(world_said(w, "revoked"));
	assert_int_equal(world_issued(w), 1);
}

int
main(void)
{
#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(by_its_secret),
		TEST(by_its_approval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
