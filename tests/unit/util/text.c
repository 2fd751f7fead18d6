#include "support/unit.h"
#include "util/text.h"

static void
test_utf8(void **state)
{
	static const char *const good[] = { "", "abc", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf",
		"\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf",
		"\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5",
		"\xc3", "\xe2\x82", "a\xff", "\xf0\x80\x80\x80" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(text_is_utf8(bytes_str(good[i])));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(text_is_utf8(bytes_str(bad[i])));
	assert_true(text_is_ascii_printable(bytes_str(" ~")));
	assert_false(text_is_ascii_printable(bytes_str("\x7f")));
	assert_false(text_is_ascii_printable(bytes_of("\0", 1)));
}

static void
test_case(void **state)
{
	char s[] = "MiXeD-09_\xc3\x89";

	(void)state;
	text_lower(s);
	assert_string_equal(s, "mixed-09_\xc3\x89");
	assert_true(text_equal_nocase("DNS", "dns"));
	assert_false(text_equal_nocase("DNS", "dn"));
	assert_false(text_equal_nocase("dn", "dns"));
	assert_false(text_equal_nocase("[", "{"));
	assert_true(text_has_suffix("a.example", ".example"));
	assert_true(text_has_suffix("x", ""));
	assert_false(text_has_suffix("x", "xx"));
}

static void
test_distance(void **state)
{
	char far[80];

	(void)state;
	memset(far, 'f', sizeof(far));
	far[79] = '\0';
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("lifetime", "liftime"), 1);
	assert_int_equal(text_distance("workers", "wrokers"), 1);
	assert_int_equal(text_distance("ca", "ac"), 1);
	assert_int_equal(text_distance(far, "f"), 79);
}

static void
test_match(void **state)
{
	(void)state;
	assert_true(text_match("*.example.com", "WWW.example.COM"));
	assert_false(text_match("*.example.com", "example.com"));
	assert_true(text_match("a?c*", "abc"));
	assert_true(text_match("*", ""));
	assert_true(text_match("", ""));
	assert_false(text_match("", "a"));
	assert_true(text_match("*a*b*c*", "xxaxxbxxcxx"));
	assert_false(text_match("*a*b*c", "xxaxxbxxcxx"));
	assert_true(text_match("*aab", "aaaaaaaaaaaaaaaab"));
}

static void
test_int(void **state)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "0x1",
		"9223372036854775808", "-9223372036854775809", "1e3" };
	struct err err = { 0 };
	int64_t v = 5;

	(void)state;
	assert_true(
	    text_parse_int("9223372036854775807", 0, INT64_MAX, &v, &err));
	assert_true(v == INT64_MAX);
	assert_true(
	    text_parse_int("-9223372036854775808", INT64_MIN, 0, &v, &err));
	assert_true(v == INT64_MIN);
	assert_false(text_parse_int("11", 0, 10, &v, &err));
	assert_non_null(strstr(err.shown, "0 to 10"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		err_clear(&err);
		assert_false(
		    text_parse_int(bad[i], INT64_MIN, INT64_MAX, &v, &err));
	}
	assert_true(v == INT64_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_int),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
