#include "support/unit.h"
#include "util/bytes.h"

static void
test_order(void **state)
{
	(void)state;
	assert_int_equal(bytes_compare(BYTES_NONE, BYTES_NONE), 0);
	assert_true(bytes_compare(bytes_str("a"), bytes_str("b")) < 0);
	assert_true(bytes_compare(bytes_str("ab"), bytes_str("a")) > 0);
	assert_true(bytes_compare(BYTES_NONE, bytes_str("a")) < 0);
	assert_true(bytes_compare(bytes_of("\xff", 1), bytes_str("a")) > 0);
}

static void
test_secret_equality(void **state)
{
	(void)state;
	assert_true(bytes_equal_secret(bytes_str("key"), bytes_str("key")));
	assert_false(bytes_equal_secret(bytes_str("key"), bytes_str("kez")));
	assert_false(bytes_equal_secret(bytes_str("key"), bytes_str("ke")));
	assert_true(bytes_equal_secret(BYTES_NONE, BYTES_NONE));
}

static void
test_big_endian(void **state)
{
	uint8_t octets[9] = { 0 };

	(void)state;
	bytes_put_be(octets, 8, UINT64_C(0x0102030405060708));
	assert_memory_equal(octets, "\1\2\3\4\5\6\7\10", 9);
	assert_true(bytes_get_be(octets, 8) == UINT64_C(0x0102030405060708));
	assert_true(bytes_get_be(octets + 1, 5) == UINT64_C(0x0203040506));
	assert_true(bytes_get_be(octets, 0) == 0);
	/* The lowest octets, and nothing beside them. */
	bytes_put_be(octets + 2, 3, UINT64_C(0xffaabbcc));
	assert_memory_equal(octets, "\1\2\xaa\xbb\xcc\6\7\10", 9);
	bytes_put_be(octets, 8, UINT64_MAX);
	assert_true(bytes_get_be(octets, 8) == UINT64_MAX);
}

static void
test_buf_grows_and_drops(void **state)
{
	AUTO_BUF b = { 0 };

	(void)state;
	assert_string_equal(buf_cstr(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.n, 3890);
	assert_memory_equal(b.p + b.n - 4, "999,", 4);
	buf_drop(&b, 4);
	assert_memory_equal(b.p, "2,3,", 4);
	buf_drop(&b, 0);
	buf_drop(&b, 100000);
	assert_int_equal(b.n, 0);
	for (int i = 0; i < 300; i++)
		buf_add_byte(&b, (uint8_t)i);
	assert_int_equal(b.p[299], 299 & 0xff);
	buf_free(&b);
	assert_null(b.p);
}

static void
test_buf_printf_longer_than_its_guess(void **state)
{
	AUTO_BUF b = { 0 };
	char text[1000];

	(void)state;
	memset(text, 'y', sizeof(text));
	text[999] = '\0';
	buf_printf(&b, "<%s>", text);
	assert_int_equal(b.n, 1001);
	assert_int_equal(b.p[1000], '>');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_secret_equality),
		cmocka_unit_test(test_big_endian),
		cmocka_unit_test(test_buf_grows_and_drops),
		cmocka_unit_test(test_buf_printf_longer_than_its_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
