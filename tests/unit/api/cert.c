#include "world.h"
#include "util/text.h"

static size_t
listed(struct world *w, const char *target)
{
	world_call(w, target, NULL);
	assert_int_equal(w->status, 200);
	return json_array_size(json_object_get(w->answer, "certificates"));
}

static const char *
member(struct world *w, size_t i, const char *key)
{
	return json_string_value(json_object_get(
	    json_array_get(json_object_get(w->answer, "certificates"), i),
	    key));
}

static void
lists(void **state)
{
	struct world *w = *state;
	struct ca_issued a = test_ca_issue(w->t, "default", "a.example.com"),
			 b = test_ca_issue(w->t, "default", "b.example.com");
	struct cert_row row = test_ca_row(w->t, a.id);

	assert_int_equal(listed(w, "/certs"), 2);
	/* Newest first. */
	assert_string_equal(member(w, 0, "id"), b.id);
	assert_ok(w->t,
	    ca_revoke(
		w->t->ca, &row, REASON_SUPERSEDED, "test", false, &w->t->err));
	assert_int_equal(listed(w, "/certs?status=revoked"), 1);
	assert_string_equal(member(w, 0, "id"), a.id);
	assert_string_equal(member(w, 0, "reason"), "superseded");
	assert_int_equal(listed(w, "/certs?status=valid"), 1);
	assert_string_equal(member(w, 0, "status"), "valid");
	assert_int_equal(listed(w, "/certs?name=%2A.example.com"), 2);
	assert_int_equal(listed(w, "/certs?name=b.*"), 1);
	assert_int_equal(listed(w, "/certs?expires_within=1d"), 0);
	assert_int_equal(listed(w, "/certs?expires_within=1000d"), 1);
	assert_int_equal(listed(w, "/certs?profile=nope"), 0);
	w->t->now += INT64_C(3000) * 86400;
	assert_int_equal(listed(w, "/certs?status=expired"), 1);
	assert_string_equal(member(w, 0, "status"), "expired");
	assert_int_equal(listed(w, "/certs?status=valid"), 0);
}

static void
pages(void **state)
{
	struct world *w = *state;
	const char *next;

	for (int i = 0; i < 3; i++)
		test_ca_issue(w->t, "default", "a.example.com");
	assert_int_equal(listed(w, "/certs?limit=2"), 2);
	next = world_text(w, "next");
	assert_int_equal(
	    listed(w, arena_printf(w->t->a, "/certs?limit=2&after=%s", next)),
	    1);
	assert_true(json_is_null(json_object_get(w->answer, "next")));
}

static void
bad_queries(void **state)
{
	struct world *w = *state;
	static const char *const targets[] = { "/certs?status=odd",
		"/certs?limit=0", "/certs?limit=501", "/certs?limit=x",
		"/certs?expires_within=soon", "/certs?colour=red",
		"/certs?limit=1&limit=2", "/certs?limit", "/certs?name=%zz",
		"/certs?name=%ff" };

	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		world_call(w, targets[i], NULL);
		world_refused(w, 400, "malformed");
	}
}

static void
one(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.com");
	char *hex = hex_arena(w->t->a, bytes_of(c.serial, SERIAL_SIZE));
	const char *colons =
	    arena_printf(w->t->a, "/certs/%.2s:%s", hex, hex + 2);

	world_call(w, arena_printf(w->t->a, "/certs/%s", hex), NULL);
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "id"), c.id);
	assert_string_equal(world_text(w, "status"), "valid");
	assert_string_equal(world_text(w, "key"), "ec-p256");
	assert_int_equal(strlen(world_text(w, "profile_hash")), 64);
	assert_int_equal(strlen(world_text(w, "sha256")), 64);
	assert_true(
	    json_integer_value(json_object_get(w->answer, "issued_position")) >
	    json_integer_value(json_object_get(w->answer, "intent_position")));
	assert_true(bytes_is(c.pem_chain, world_text(w, "pem")));
	world_call(w, colons, NULL);
	assert_int_equal(w->status, 200);
	world_call(w, arena_printf(w->t->a, "/certs/%s", c.id), NULL);
	assert_int_equal(w->status, 200);
	world_call(w, "/certs/0102030405060708090a0b0c0d0e0f1011121314", NULL);
	world_refused(w, 404, "not-found");
	world_call(w, "/certs/nobody", NULL);
	world_refused(w, 404, "not-found");
}

static void
revocation(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.com");
	const char *target = arena_printf(w->t->a, "/certs/%s/revoke", c.id);
	static const char *const bad[] = { "{\"reason\": \"boredom\"}",
		"{\"reason\": \"certificateHold\"}",
		"{\"reason\": \"removeFromCRL\"}" };
	struct cert_row row;
	bool blocked;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		world_call(w, target, bad[i]);
		world_refused(w, 400, "bad-reason");
	}
	assert_int_equal(test_ca_row(w->t, c.id).status, CERT_ISSUED);
	world_call(w, target, "{\"reason\": \"keyCompromise\"}");
	assert_int_equal(w->status, 200);
	assert_string_equal(world_text(w, "status"), "revoked");
	assert_string_equal(world_text(w, "reason"), "keyCompromise");
	row = test_ca_row(w->t, c.id);
	assert_int_equal(row.status, CERT_REVOKED);
	assert_ok(w->t,
	    store_key_is_blocked(
		w->t->store, row.spki_sha256, &blocked, &w->t->err));
	assert_true(blocked);
	assert_true(json_is_true(json_object_get(w->answer, "changed")));
	/* A second time it is told, not done. */
	world_call(w, target, "{}");
	assert_int_equal(w->status, 200);
	assert_true(json_is_false(json_object_get(w->answer, "changed")));
	assert_string_equal(world_text(w, "reason"), "keyCompromise");
}

/* Revocation says in the record who asked for it. */
static void
the_record(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.com");

	world_call(w, arena_printf(w->t->a, "/certs/%s/revoke", c.id),
	    "{\"reason\": \"superseded\"}");
	assert_int_equal(w->status, 200);
	assert_int_equal(world_leaves(w, "cert-revoked", "\"by\":\"uid "), 1);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(lists),
		T(pages),
		T(bad_queries),
		T(one),
		T(revocation),
		T(the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
