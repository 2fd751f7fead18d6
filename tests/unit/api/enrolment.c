/*
 * Tokens, operators and the approval queue over the API: who may call what.
 */
#include <unistd.h>
#include "world.h"
#include "ca/approval.h"
#include "ca/token.h"
#include "util/text.h"

#define OTHER_UID 54321u

static const char *
approval_new(struct world *w, const char *requester)
{
	static const char *const names[] = { "dns:a.example.net" };
	struct test_ca *t = w->t;
	struct csr *csr = test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false);
	struct approval_request req = { .protocol = "est",
		.label = "devices",
		.profile = "default",
		.requester = requester,
		.csr = csr->der,
		.names = csr->names,
		.subject = "CN=device",
		.lifetime = 86400 };
	struct approval row;

	assert_ok(t, ca_approval_submit(t->ca, &req, t->a, &row, &t->err));
	return row.id;
}

static const char *
decision(struct world *w, const char *id, const char *more)
{
	world_call(w, arena_printf(w->t->a, "/approvals/%s", id), NULL);
	assert_int_equal(w->status, 200);
	return arena_printf(w->t->a, "{\"sha256\": \"%s\"%s}",
	    world_text(w, "request_sha256"), more);
}

static void
decide(struct world *w, const char *id, const char *act, const char *body)
{
	world_call(w, arena_printf(w->t->a, "/approvals/%s/%s", id, act), body);
}

/* ---- tokens ---- */

static void
tokens(void **state)
{
	struct world *w = *state;
	struct test_ca *t = w->t;
	const char *id, *secret;
	struct token token;

	world_call(w, "/tokens",
	    "{\"profile\": \"default\", \"names\": [\"dns:A.example.net\"], "
	    "\"uses\": 3, \"expires\": \"2h\"}");
	assert_int_equal(w->status, 201);
	id = world_text(w, "id");
	secret = world_text(w, "secret");
	assert_int_equal(strlen(secret), TOKEN_SECRET_LENGTH);
	assert_string_equal(world_text(w, "status"), "usable");
	assert_string_equal(world_text(w, "created_by"),
	    arena_printf(t->a, "uid %u", (unsigned)geteuid()));
	assert_ok(t,
	    ca_token_check(t->ca, bytes_str(secret), "default", "est/x", t->a,
		&token, &t->err));
	assert_string_equal(token.id, id);
	assert_int_equal(token.uses_left, 3);
	assert_int_equal(token.expires_at, t->now + 7200);
	assert_string_equal(token.names.v[0].text, "a.example.net");
	/* Never again. */
	world_call(w, "/tokens", NULL);
	assert_int_equal(w->status, 200);
	assert_null(strstr(
	    (const char *)json_print_compact(w->answer, t->a).p, secret));
	assert_null(json_object_get(
	    json_array_get(json_object_get(w->answer, "tokens"), 0), "secret"));
	world_call(w, arena_printf(t->a, "/tokens/%s/revoke", id), "{}");
	assert_string_equal(world_text(w, "status"), "revoked");
	assert_fails(t,
	    ca_token_check(t->ca, bytes_str(secret), "default", "est/x", t->a,
		&token, &t->err),
	    ERR_UNAUTHORIZED);
	world_call(w, "/tokens/none/revoke", "{}");
	world_refused(w, 404, "not-found");
}

static void
token_refusals(void **state)
{
	static const struct {
		const char *body, *type;
		int status;
	} rows[] = {
		{ "{\"profile\": \"none\"}", "profile-invalid", 400 },
		{ "{\"uses\": 0}", "malformed", 400 },
		{ "{\"uses\": \"1\"}", "malformed", 400 },
		{ "{\"uses\": 1000001}", "malformed", 400 },
		{ "{\"expires\": \"0s\"}", "malformed", 400 },
		{ "{\"expires\": \"soon\"}", "malformed", 400 },
		{ "{\"expires\": \"367d\"}", "malformed", 400 },
		{ "{\"names\": \"dns:a\"}", "malformed", 400 },
		{ "{\"names\": [1]}", "malformed", 400 },
		{ "{\"names\": [\"a.example.net\"]}", "malformed", 400 },
		{ "{\"names\": [\"email:a@b.example\"]}", "identifier-rejected",
		    422 },
		{ "{\"as\": \"alice\"}", "unauthorized", 403 },
		{ "[]", "malformed", 400 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		world_call(w, "/tokens", rows[i].body);
		world_refused(w, rows[i].status, rows[i].type);
	}
	world_call(w, "/tokens", NULL);
	assert_int_equal(
	    json_array_size(json_object_get(w->answer, "tokens")), 0);
}

/* ---- operators ---- */

static void
operators(void **state)
{
	struct world *w = *state;
	const char *list;

	/* The first is added by the socket's owner … */
	world_call(w, "/operators",
	    arena_printf(
		w->t->a, "{\"name\": \"alice\", \"uid\": %u}", OTHER_UID));
	assert_int_equal(w->status, 201);
	assert_string_equal(world_text(w, "added_by"),
	    arena_printf(w->t->a, "uid %u", (unsigned)geteuid()));
	/* … the second by an operator, and root is not alice. */
	world_call(w, "/operators", "{\"name\": \"bob\"}");
	world_refused(w, 403, "unauthorized");
	world_call(w, "/operators", "{\"name\": \"bob\", \"as\": \"alice\"}");
	world_refused(w, 403, "unauthorized");
	w->peer_uid = OTHER_UID;
	world_call(w, "/operators", "{\"name\": \"bob\"}");
	world_refused(w, 403, "unauthorized");
	assert_non_null(strstr(world_text(w, "detail"), "only root"));
	world_call(w, "/operators", NULL);
	assert_int_equal(w->status, 200);
	list = (const char *)json_print_compact(w->answer, w->t->a).p;
	assert_non_null(strstr(list, "\"alice\""));
	assert_null(strstr(list, "\"bob\""));
}

static void
operators_without_uid(void **state)
{
	static const char *const bad[] = { "{\"name\": \"A\"}",
		"{\"name\": \"uid 0\"}", "{\"name\": \"a\", \"uid\": -1}",
		"{\"name\": \"a\", \"uid\": \"0\"}", "{}" };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		world_call(w, "/operators", bad[i]);
		world_refused(w, 400, "malformed");
	}
	world_call(w, "/operators", "{\"name\": \"alice\"}");
	assert_int_equal(w->status, 201);
	world_call(w, "/operators", "{\"name\": \"bob\"}");
	world_refused(w, 403, "unauthorized");
	world_call(w, "/operators", "{\"name\": \"bob\", \"as\": \"alice\"}");
	assert_int_equal(w->status, 201);
	assert_string_equal(world_text(w, "added_by"), "alice");
	world_call(w, "/operators", "{\"name\": \"bob\", \"as\": \"alice\"}");
	world_refused(w, 409, "conflict");
	world_call(w, "/operators/bob/remove", "{}");
	world_refused(w, 403, "unauthorized");
	world_call(w, "/operators/bob/remove", "{\"as\": \"alice\"}");
	assert_string_equal(world_text(w, "status"), "removed");
	world_call(w, "/operators/bob/remove", "{\"as\": \"alice\"}");
	world_refused(w, 404, "not-found");
	/* Who was removed acts no more. */
	world_call(w, "/operators", "{\"name\": \"carol\", \"as\": \"bob\"}");
	world_refused(w, 403, "unauthorized");
}

/* ---- approvals ---- */

static void
approvals(void **state)
{
	struct world *w = *state;
	const char *id = approval_new(w, "anonymous 192.0.2.1"), *body;

	/* Root without a row decides nothing, and is told how to. */
	body = decision(w, id, "");
	assert_non_null(strstr(world_text(w, "csr"), "CERTIFICATE REQUEST"));
	decide(w, id, "approve", body);
	world_refused(w, 403, "unauthorized");
	assert_non_null(strstr(world_text(w, "detail"), "operator add NAME"));
	world_call(w, "/operators",
	    arena_printf(w->t->a, "{\"name\": \"root\", \"uid\": %u}",
		(unsigned)geteuid()));
	decide(w, id, "approve",
	    "{\"sha256\": \"00000000000000000000000000000000000000000000000000"
	    "00000000000000\"}");
	world_refused(w, 409, "conflict");
	decide(w, id, "approve", "{\"sha256\": \"00\"}");
	world_refused(w, 400, "malformed");
	decide(w, id, "approve", "{}");
	world_refused(w, 400, "malformed");
	decide(w, id, "reject", body);
	world_refused(w, 400, "malformed");
	decide(w, id, "approve", body);
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "status"), "approved");
	assert_string_equal(world_text(w, "decided_by"), "root");
	decide(w, id, "reject", decision(w, id, ", \"reason\": \"no\""));
	world_refused(w, 409, "conflict");
	decide(w, "none", "approve", body);
	world_refused(w, 404, "not-found");
	id = approval_new(w, "user root");
	decide(w, id, "approve", decision(w, id, ""));
	world_refused(w, 403, "unauthorized");
	id = approval_new(w, "anonymous 192.0.2.1");
	decide(w, id, "reject", decision(w, id, ", \"reason\": \"no\""));
	assert_string_equal(world_text(w, "reason"), "no");
	world_call(w, "/approvals?status=pending", NULL);
	assert_int_equal(
	    json_array_size(json_object_get(w->answer, "approvals")), 1);
	world_call(w, "/approvals?limit=2", NULL);
	assert_int_equal(
	    json_array_size(json_object_get(w->answer, "approvals")), 2);
	assert_string_equal(world_text(w, "next"),
	    json_string_value(json_object_get(
		json_array_get(json_object_get(w->answer, "approvals"), 1),
		"id")));
	world_call(w, "/approvals?status=open", NULL);
	world_refused(w, 400, "malformed");
}

/* An operator of another uid reads and decides, and does nothing else. */
static void
operator_of_a_group(void **state)
{
	struct world *w = *state;
	static const char *const others[] = { "/certs", "/tokens", "/operators",
		"/tokens/x/revoke", "/operators/alice/remove",
		"/certs/00/revoke", "/accounts/x/deactivate" };
	const char *id = approval_new(w, "anonymous 192.0.2.1");

	w->peer_uid = OTHER_UID;
	world_call(w, "/approvals", NULL);
	world_refused(w, 403, "unauthorized");
	w->peer_uid = geteuid();
	world_call(w, "/operators",
	    arena_printf(
		w->t->a, "{\"name\": \"alice\", \"uid\": %u}", OTHER_UID));
	assert_int_equal(w->status, 201);
	/* A second one, who has no uid: alice cannot be him. */
	assert_ok(w->t,
	    ca_operator_add(
		w->t->ca, "bob", OPERATOR_UID_NONE, "alice", &w->t->err));
	w->peer_uid = OTHER_UID;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		world_call(w, others[i], "{}");
		world_refused(w, 403, "unauthorized");
	}
	world_call(w, "/certs", NULL);
	assert_int_equal(w->status, 200);
	decide(w, id, "approve", decision(w, id, ", \"as\": \"bob\""));
	world_refused(w, 403, "unauthorized");
	decide(w, id, "approve", decision(w, id, ""));
	assert_string_equal(world_text(w, "decided_by"), "alice");
	w->peer_uid = OTHER_UID + 1;
	world_call(w, "/status", NULL);
	world_refused(w, 403, "unauthorized");
}

/* No credentials: not even root's default of 0. */
static void
nobody(void **state)
{
	struct world *w = *state;

	w->no_peer = true;
	w->peer_uid = 0;
	world_call(w, "/status", NULL);
	world_refused(w, 403, "unauthorized");
	world_call(w, "/operators", "{\"name\": \"alice\"}");
	world_refused(w, 403, "unauthorized");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(tokens),
		TEST(token_refusals),
		TEST(operators),
		TEST(operators_without_uid),
		TEST(approvals),
		TEST(operator_of_a_group),
		TEST(nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
