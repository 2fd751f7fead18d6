#include "support/unit.h"
#include "ca/crl_gate.h"

#define NOW 1782907200

static const uint8_t key_id[] = { 1, 2, 3 };

/* A CRL (its bytes alone matter here) that lists these serials. */
static struct crl
make(struct arena *a, uint64_t number, int64_t this_update, const char *serials)
{
	struct subject name = { .common_name = "Gate" };
	struct crl_spec spec = { .sig_alg = SIG_ECDSA_SHA256,
		.aki = { key_id, sizeof(key_id) },
		.this_update = this_update,
		.next_update = this_update + 86400,
		.number = number };
	AUTO_BUF subject = { 0 };
	AUTO_BUF entries = { 0 };
	AUTO_BUF tbs = { 0 };
	struct crl out;
	struct err err = { 0 };

	subject_put(&subject, &name);
	spec.issuer = arena_take_buf(a, &subject);
	for (const char *s = serials; *s != '\0'; s++) {
		uint8_t id[SERIAL_SIZE] = { 1 };

		id[19] = (uint8_t)*s;
		crl_entry_put(&entries, bytes_of(id, sizeof(id)), this_update,
		    REASON_SUPERSEDED);
	}
	spec.entries = buf_bytes(&entries);
	crl_tbs_put(&tbs, &spec);
	if (!crl_parse_tbs(arena_take_buf(a, &tbs), &out, &err))
		fail_msg("%s", err.shown);
	return out;
}

/* Serials that may leave are those of this text. */
static bool
may_leave(void *ctx, struct bytes serial, int64_t prev_update, struct err *err)
{
	assert_int_equal(prev_update, NOW);
	if (strchr(ctx, serial.p[serial.n - 1]) != NULL)
		return true;
	return fail(err, ERR_INTERNAL, "it has not expired");
}

static bool
gate(const char *leavers, const struct crl *prev, const struct crl *next,
    struct err *err)
{
	char text[64];
	struct crl_gate g = { NOW, may_leave, text };

	snprintf(text, sizeof(text), "%s", leavers);
	return crl_gate_check(&g, prev, next, err);
}

static void
le_2026_older_lists_are_refused(void **state UNUSED)
{
	static const struct {
		const char *was, *is, *leavers;
		uint64_t number;
		int64_t later;
		bool passes;
	} cases[] = {
		{ "", "", "", 8, 1, true },
		{ "abc", "abc", "", 8, 1, true },
		{ "abc", "abcd", "", 8, 0, true },
		{ "b", "abc", "", 8, 1, true },
		{ "abc", "ac", "b", 8, 1, true },
		{ "abc", "", "abc", 8, 1, true },
		{ "abc", "ab", "", 8, 1, false },
		{ "abc", "bc", "", 8, 1, false },
		{ "abc", "", "ab", 8, 1, false },
		{ "abc", "abc", "", 7, 1, false },
		{ "abc", "abc", "", 6, 1, false },
		{ "abc", "abc", "", 8, -1, false },
		{ "abc", "acb", "", 8, 1, false },
		{ "abc", "abbc", "", 8, 1, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		struct crl prev = make(a, 7, NOW, cases[i].was);
		struct crl next =
		    make(a, cases[i].number, NOW + cases[i].later, cases[i].is);
		struct err err = { 0 };

		if (gate(cases[i].leavers, &prev, &next, &err) !=
		    cases[i].passes)
			fail_msg("case %zu: %s", i, err.shown);
	}
}

static void
other_issuer_or_scope(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl prev = make(a, 7, NOW, "a");
	struct crl next = make(a, 8, NOW + 1, "a");
	struct crl changed;
	struct err err = { 0 };

	assert_true(gate("", &prev, &next, &err));
	changed = next;
	changed.issuer.n--;
	assert_false(gate("", &prev, &changed, &err));
	changed = next;
	changed.aki.n--;
	assert_false(gate("", &prev, &changed, &err));
	changed = next;
	changed.has_idp = true;
	assert_false(gate("", &prev, &changed, &err));
	changed = next;
	changed.is_delta = true;
	assert_false(gate("", &prev, &changed, &err));
	changed = next;
	changed.next_update = changed.this_update;
	assert_false(gate("", &prev, &changed, &err));
}

static void
first_one(void **state UNUSED)
{
	AUTO_ARENA *a = arena_new();
	struct crl good = make(a, 1, NOW, "abc");
	struct crl bad = make(a, 1, NOW, "cb");
	struct err err = { 0 };

	assert_true(gate("", NULL, &good, &err));
	assert_false(gate("", NULL, &bad, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(le_2026_older_lists_are_refused),
		cmocka_unit_test(other_issuer_or_scope),
		cmocka_unit_test(first_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
