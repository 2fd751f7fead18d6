/*
 * Whatever an operator does over the control socket is recorded under the name
 * of the operator that the peer's uid is.
 */
#include "world.h"
#include "ca/approval.h"
#include "util/text.h"

static void
alice_is_here(struct world *w)
{
	assert_ok(w->t,
	    ca_operator_add(
		w->t->ca, "alice", (int64_t)w->peer_uid, "setup", &w->t->err));
}

static void
done(struct world *w, const char *target, const char *body, int status)
{
	world_call(w, target, body);
	assert_int_equal(w->status, status);
	assert_string_equal(w->account, "alice");
}

static void
of_certificates(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.com");

	alice_is_here(w);
	done(w, "/certs",
	    world_issue_body(w, "default", "dns:b.example.com", NULL), 201);
	assert_string_equal(
	    test_ca_row(w->t, world_text(w, "id")).requester, "operator alice");
	assert_int_equal(
	    world_leaves(w, "cert-intent", "\"requester\":\"operator alice\""),
	    1);
	done(w, arena_printf(w->t->a, "/certs/%s/revoke", c.id),
	    "{\"reason\": \"superseded\"}", 200);
	assert_int_equal(
	    world_leaves(w, "cert-revoked", "\"by\":\"alice\""), 1);
}

static void
of_many_certificates(void **state)
{
	struct world *w = *state;
	struct test_ca *t = w->t;

	test_ca_issue(t, "default", "a.example.com");
	alice_is_here(w);
	world_call(w, "/revocations",
	    "{\"reason\": \"superseded\", \"filter\": {\"profile\": "
	    "\"default\"}}");
	done(w, "/revocations",
	    arena_printf(t->a,
		"{\"reason\": \"superseded\", \"filter\": {\"profile\": "
		"\"default\"}, \"confirm\": \"%s\"}",
		world_text(w, "set_sha256")),
	    200);
	assert_string_equal(world_text(w, "by"), "alice");
	assert_int_equal(
	    world_leaves(w, "bulk-revocation", "\"by\":\"alice\""), 1);
}

static void
of_keys_and_crls(void **state)
{
	static const char *const names[] = { "dns:a.example.com" };
	struct world *w = *state;
	struct test_ca *t = w->t;
	struct csr *csr = test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false);
	AUTO_BUF b64 = { 0 };

	alice_is_here(w);
	base64_encode(csr->der, 0, &b64);
	done(w, "/keys/block",
	    arena_printf(t->a, "{\"csr\": \"%s\"}", buf_cstr(&b64)), 200);
	assert_int_equal(world_leaves(w, "key-blocked", "\"by\":\"alice\""), 1);
	done(w, "/crls/now", "{\"ca\": \"issuing\"}", 200);
	assert_int_equal(
	    world_leaves(w, "operator",
		"{\"act\":\"crl-now\",\"ca\":\"issuing\",\"operator\":"
		"\"alice\"}"),
	    1);
	world_call(w, "/crls/now", "{\"ca\": 1}");
	world_refused(w, 400, "malformed");
	world_call(w, "/crls/now", "{\"ca\": \"none\"}");
	world_refused(w, 404, "not-found");
	assert_int_equal(world_leaves(w, "operator", "crl-now"), 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(of_certificates),
		TEST(of_many_certificates),
		TEST(of_keys_and_crls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
