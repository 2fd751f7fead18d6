#include "support/unit.h"
#include "util/secret.h"

static void
test_holds_a_copy(void **state)
{
	char plain[] = "a passphrase";
	AUTO_SECRET *s = secret_new(plain, strlen(plain));

	(void)state;
	secret_wipe(plain, sizeof(plain));
	for (size_t i = 0; i < sizeof(plain); i++)
		assert_int_equal(plain[i], 0);
	assert_true(bytes_is(secret_reveal(s), "a passphrase"));
}

static void
test_any_length(void **state)
{
	static uint8_t big[20000];

	(void)state;
	for (size_t n = 0; n < sizeof(big); n = n * 3 + 1) {
		AUTO_SECRET *s;

		memset(big, (int)n & 0xff, n);
		s = secret_new(big, n);
		assert_true(bytes_equal(secret_reveal(s), bytes_of(big, n)));
	}
	secret_free(NULL);
	secret_wipe(NULL, 0);
}

/* Pages are used again: nothing of what they held is left. */
static void
test_nothing_is_left(void **state)
{
	uint8_t plain[3000];
	struct secret *s;

	(void)state;
	memset(plain, 0x5a, sizeof(plain));
	for (unsigned round = 0; round < 4; round++) {
		s = secret_new(plain, sizeof(plain));
		secret_free(s);
		s = secret_new("x", 1);
		for (size_t i = 1; i < sizeof(plain); i++)
			assert_int_equal(secret_reveal(s).p[i], 0);
		secret_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_a_copy),
		cmocka_unit_test(test_any_length),
		cmocka_unit_test(test_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
