#include <errno.h>
#include "support/unit.h"
#include <string.h>
#include "util/err.h"

static void
test_first_cause_wins(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_false(fail(&err, ERR_REJECTED, "found %d, expected %d", 1, 2));
	assert_false(fail(&err, ERR_STORE, "later"));
	assert_false(fail_detail(&err, ERR_STORE, "later", "d"));
	assert_int_equal(err.kind, ERR_REJECTED);
	assert_string_equal(err.shown, "found 1, expected 2");
	assert_string_equal(err.detail, "");
	err_clear(&err);
	assert_false(fail_detail(&err, ERR_STORE, "shown", "row %d", 7));
	assert_string_equal(err.shown, "shown");
	assert_string_equal(err.detail, "row 7");
	assert_false(fail(NULL, ERR_STORE, "nobody asks"));
}

static void
test_errno_goes_to_the_detail(void **state)
{
	struct err err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_false(fail_errno(&err, ERR_SYSTEM, "cannot open %s", "x"));
	assert_string_equal(err.shown, "cannot open x");
	assert_non_null(strstr(err.detail, "ENOENT"));
	assert_int_equal(errno, ENOENT);
}

static void
test_shown_is_always_text(void **state)
{
	struct err err = { 0 };
	char big[2000];

	(void)state;
	assert_false(fail(&err, ERR_MALFORMED, "a\nb\x01\xff%s", "\xc3\xa9"));
	assert_string_equal(err.shown, "a?b??\xc3\xa9");
	err_clear(&err);
	assert_false(fail(&err, ERR_MALFORMED, "%s", "caf\xc3\xa9"));
	assert_string_equal(err.shown, "caf\xc3\xa9");
	memset(big, 'z', sizeof(big));
	big[1999] = '\0';
	err_clear(&err);
	assert_false(fail(&err, ERR_MALFORMED, "%s", big));
	assert_int_equal(strlen(err.shown), sizeof(err.shown) - 1);
}

static void
test_every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ERR_KINDS; i++) {
		assert_string_not_equal(
		    err_kind_name((enum err_kind)i), "unknown");
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(err_kind_name((enum err_kind)i),
			    err_kind_name((enum err_kind)j));
	}
	assert_string_equal(err_kind_name(ERR_KINDS), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_cause_wins),
		cmocka_unit_test(test_errno_goes_to_the_detail),
		cmocka_unit_test(test_shown_is_always_text),
		cmocka_unit_test(test_every_kind_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
