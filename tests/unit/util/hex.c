#include "support/unit.h"
#include "util/text.h"

static void
test_round_trip(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes d;

	(void)state;
	assert_string_equal(
	    hex_arena(a, bytes_of("\x00\x9f\xff", 3)), "009fff");
	assert_string_equal(hex_arena(a, BYTES_NONE), "");
	assert_true(hex_decode("009FfF", a, &d, &err));
	assert_true(bytes_equal(d, bytes_of("\x00\x9f\xff", 3)));
	assert_true(hex_decode("00:9f:ff", a, &d, &err));
	assert_true(bytes_equal(d, bytes_of("\x00\x9f\xff", 3)));
	assert_true(hex_decode("", a, &d, &err));
	assert_int_equal(d.n, 0);
}

static void
test_refuses(void **state)
{
	static const char *const bad[] = { "0", "0g", "00:", ":00", "00::00",
		"0:0", "00 11", "000" };
	AUTO_ARENA *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err err = { 0 };
		struct bytes d;

		assert_false(hex_decode(bad[i], a, &d, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
