/* What was verified is known for a while, by a keyed hash alone. */
#include "support/unit.h"
#include "crypto/verified.h"

static void
what_was_verified_is_forgotten(void **state)
{
	struct random random = random_seeded(1);
	struct verified *v = verified_new(&random);
	uint8_t key[32], other[32];

	(void)state;
	verified_key(
	    v, 1, 0, VERIFIED_PASSWORD, bytes_str("ab"), bytes_str("c"), key);
	verified_key(
	    v, 1, 0, VERIFIED_PASSWORD, bytes_str("a"), bytes_str("bc"), other);
	assert_memory_not_equal(key, other, 32);
	assert_false(verified_has(v, key, 1000));
	verified_add(v, key, 1000);
	assert_true(verified_has(v, key, 1000 + VERIFIED_SECONDS - 1));
	assert_false(verified_has(v, key, 1000 + VERIFIED_SECONDS));
	/* A clock that was set back does not prolong it. */
	assert_false(verified_has(v, key, 10));
	assert_false(verified_has(v, other, 1000));
	/* After a reload it is another fact. */
	verified_key(
	    v, 2, 0, VERIFIED_PASSWORD, bytes_str("ab"), bytes_str("c"), other);
	assert_false(verified_has(v, other, 1000));
	verified_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_verified_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
