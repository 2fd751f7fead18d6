#include "world.h"

static void
test_round_trip(void **state)
{
	struct world w;
	struct signer_limits two[2], *out;
	struct err err = { 0 };
	struct bytes text;
	size_t n;

	(void)state;
	world_make(&w);
	two[0] = two[1] = w.limits;
	two[1].ca = "other";
	two[1].dns = false;
	two[1].dns_allow = (struct signer_strings){ 0 };
	two[1].name_constraints = bytes_of("\x30\x00", 2);
	two[1].node = 0x7f;
	text = signer_limits_encode(two, 2, w.arena);
	assert_true(signer_limits_decode(text, w.arena, &out, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(out[0].ca, "test");
	assert_string_equal(out[1].ca, "other");
	assert_memory_equal(out[0].issuer, w.issuer, 32);
	assert_true(bytes_equal(out[0].issuer_name, w.ca_name));
	assert_int_equal(out[0].max_lifetime, w.limits.max_lifetime);
	assert_int_equal(out[0].eku_allowed.n, 2);
	assert_string_equal(out[0].dns_allow.v[1], ".below.example");
	assert_true(out[0].dns);
	assert_false(out[1].dns);
	assert_int_equal(out[1].name_constraints.n, 2);
	assert_int_equal(out[1].node, 0x7f);
	/* Canonical: the same text again. */
	assert_true(bytes_equal(text, signer_limits_encode(out, n, w.arena)));
	text = signer_limits_encode(NULL, 0, w.arena);
	assert_true(signer_limits_decode(text, w.arena, &out, &n, &err));
	assert_int_equal(n, 0);
	world_free(&w);
}

/* Replaces the first occurrence of a text by another. */
static struct bytes
replaced(struct world *w, struct bytes text, const char *old, const char *new)
{
	const uint8_t *p = memmem(text.p, text.n, old, strlen(old));
	AUTO_BUF b = { 0 };

	assert_non_null(p);
	buf_add(&b, text.p, (size_t)(p - text.p));
	buf_add_str(&b, new);
	buf_add(
	    &b, p + strlen(old), text.n - (size_t)(p - text.p) - strlen(old));
	return arena_take_buf(w->arena, &b);
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char *old, *new, *says;
	} rows[] = {
		{ "\"limits\"", "\"limit\"", "expected one member" },
		{ "{\"limits\"", "{\"more\":1,\"limits\"", "expected one" },
		{ "\"ca\"", "\"caa\"", "\"ca\" is missing" },
		{ "\"ca\":\"test\"", "\"ca\":1", "\"ca\" is of the wrong" },
		{ "\"node\":17", "\"node\":0", "\"node\" is 0" },
		{ "\"node\":17", "\"node\":128", "\"node\" is 128" },
		{ "\"node\":17", "\"node\":17.5", "wrong type" },
		{ "\"node\":17", "\"node\":17,\"x\":1", "31 members" },
		{ "\"max_backdate\":3600", "\"max_backdate\":-1", "is -1" },
		{ "\"max_backdate\":3600",
		    "\"max_backdate\":9223372036854775807", "is 922337" },
		{ "\"dns\":true", "\"dns\":1", "\"dns\" is of the wrong" },
		{ "\"example.com\"", "7", "no text" },
		{ "\"issuer\":\"", "\"issuer\":\"AAAA", "35 octets" },
		{ "\"issuer\":\"", "\"issuer\":\"=", "" },
	};
	struct world w;
	struct bytes text;

	(void)state;
	world_make(&w);
	text = signer_limits_encode(&w.limits, 1, w.arena);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct signer_limits *out = NULL;
		struct err err = { 0 };
		size_t n;

		assert_false(signer_limits_decode(
		    replaced(&w, text, rows[i].old, rows[i].new), w.arena, &out,
		    &n, &err));
		if (strstr(err.shown, rows[i].says) == NULL)
			print_error("%s: %s\n", rows[i].new, err.shown);
		assert_non_null(strstr(err.shown, rows[i].says));
		assert_null(out);
	}
	w.limits.key_id = BYTES_NONE;
	{
		struct signer_limits *out;
		struct err err = { 0 };
		size_t n;

		assert_false(signer_limits_decode(
		    signer_limits_encode(&w.limits, 1, w.arena), w.arena, &out,
		    &n, &err));
		assert_non_null(strstr(err.shown, "no key identifier"));
	}
	world_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
