#include "crypto/secret_text.h"
#include "support/unit.h"

/* 124 000 characters: no one of them is seen much more than another. */
static void
test_every_character_equally_likely(void **state)
{
	struct random random = random_seeded(62);
	unsigned seen[256] = { 0 }, kinds = 0;
	char text[SECRET_TEXT_LENGTH + 1];

	(void)state;
	/* 3 875 texts of 32 characters are 2 000 for each of the 62. */
	for (int i = 0; i < 3875; i++) {
		secret_text_draw(&random, text);
		assert_int_equal(strlen(text), SECRET_TEXT_LENGTH);
		assert_true(secret_text_has_form(bytes_str(text)));
		for (size_t k = 0; k < SECRET_TEXT_LENGTH; k++)
			seen[(uint8_t)text[k]]++;
	}
	for (size_t c = 0; c < COUNT_OF(seen); c++) {
		if (seen[c] == 0)
			continue;
		kinds++;
		/* sqrt(2000) is 45: six of them either way. */
		assert_in_range(seen[c], 2000 - 270, 2000 + 270);
	}
	assert_int_equal(kinds, 62);
}

static void
test_form(void **state)
{
	static const char *const others[] = {
		"",
		"abcdefghijklmnopqrstuvwxyz01234",
		"abcdefghijklmnopqrstuvwxyz0123456",
		"abcdefghijklmnopqrstuvwxyz01234-",
		"abcdefghijklmnopqrstuvwxyz01234 ",
	};

	(void)state;
	assert_true(secret_text_has_form(
	    bytes_str("abcdefghijklmnopqrstuvwxyz012345")));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(secret_text_has_form(bytes_str(others[i])));
	/* A NUL is no character of the alphabet. */
	assert_false(secret_text_has_form(
	    bytes_of("abcdefghijklmnopqrstuvwxyz01234", 32)));
}

static void
test_hash_matches_its_text_alone(void **state)
{
	struct random random = random_system();
	char one[SECRET_TEXT_LENGTH + 1], other[SECRET_TEXT_LENGTH + 1];
	uint8_t hash[32];

	(void)state;
	secret_text_draw(&random, one);
	secret_text_draw(&random, other);
	assert_string_not_equal(one, other);
	secret_text_hash(bytes_str(one), hash);
	assert_true(secret_text_matches(bytes_str(one), hash));
	assert_false(secret_text_matches(bytes_str(other), hash));
	assert_false(secret_text_matches(bytes_of(one, 31), hash));
	hash[31] ^= 1;
	assert_false(secret_text_matches(bytes_str(one), hash));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_character_equally_likely),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_hash_matches_its_text_alone),
	};

	return cmocka_run_group_tests_name("secret_text", tests, NULL, NULL);
}
