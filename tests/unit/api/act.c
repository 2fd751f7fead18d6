#include "world.h"

static void
acts_are_leaves_of_the_log(void **state)
{
	struct world *w = *state;

	world_call(w, "/acts",
	    "{\"kind\":\"operator\",\"event\":{\"act\":\"ca-new\",\"ca\":"
	    "\"lab\"}}");
	assert_int_equal(w->status, 201);
	assert_true(
	    json_integer_value(json_object_get(w->answer, "position")) > 0);
	world_call(
	    w, "/acts", "{\"kind\":\"key\",\"event\":{\"act\":\"made\"}}");
	assert_int_equal(w->status, 201);
	assert_int_equal(world_leaves(w, "operator", "\"ca\":\"lab\""), 1);
	assert_int_equal(world_leaves(w, "key", "\"act\":\"made\""), 1);
	/* Whoever the caller says he is. */
	world_call(w, "/acts",
	    "{\"kind\":\"operator\",\"event\":{\"act\":\"ca-crl\","
	    "\"operator\":\"mallory\"}}");
	assert_int_equal(w->status, 201);
	assert_int_equal(world_leaves(w, "operator", "mallory"), 0);
	assert_int_equal(world_leaves(w, "operator", "\"operator\":\"uid "), 2);
}

/* A record of operators' acts is no way to write any leaf. */
static void
other_kinds_and_shapes_are_refused(void **state)
{
	static const char *const bodies[] = {
		"{\"kind\":\"cert-issued\",\"event\":{\"act\":\"x\"}}",
		"{\"kind\":\"operator\",\"event\":{\"ca\":\"x\"}}",
		"{\"kind\":\"operator\",\"event\":[\"act\"]}",
		"{\"kind\":\"operator\",\"event\":{\"act\":\"x\",\"n\":1}}",
		"{\"kind\":\"operator\"}",
		"{\"event\":{\"act\":\"x\"}}",
		"[]",
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		world_call(w, "/acts", bodies[i]);
		world_refused(w, 400, "malformed");
	}
	assert_int_equal(world_leaves(w, "operator", "act"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    acts_are_leaves_of_the_log, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    other_kinds_and_shapes_are_refused, world_setup,
		    world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
