#include "support/unit.h"
#include "codec/der.h"
#include "unit/codec/made.h"
#include "util/text.h"

static struct arena *arena;

static void
test_headers(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} rows[] = {
		{ "04 00", true },
		{ "04 01 aa", true },
		{ "30 00", true },
		{ "1e 02 00 41", true },
		{ "", false },
		{ "04", false },
		{ "04 01", false },
		{ "04 02 aa", false },
		/* The indefinite length, and its end. */
		{ "30 80 00 00", false },
		{ "00 00", false },
		{ "20 00", false },
		/* Lengths that are not minimal. */
		{ "04 81 01 aa", false },
		{ "04 82 00 01 aa", false },
		{ "04 81 80", false },
		{ "04 85 00 00 00 00 01 aa", false },
		{ "04 ff", false },
		/* Beyond the input. */
		{ "04 84 ff ff ff ff", false },
		{ "04 88 ff ff ff ff ff ff ff ff", false },
		/* Tag numbers of 31 and more. */
		{ "1f 1f 00", false },
		{ "bf 81 00 00", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes in = made_hex(arena, rows[i].hex);
		struct der d = der_of(in);
		bool good = der_read_any(&d, NULL, NULL, NULL);

		if (good != rows[i].good)
			fail_msg("%s", rows[i].hex);
		/* A reader that fails has not moved. */
		assert_true(good ? der_at_end(&d) : d.p == in.p);
	}
}

static void
test_long_lengths(void **state)
{
	static const size_t sizes[] = { 127, 128, 255, 256, 65535, 65536,
		70000 };
	AUTO_BUF content = { 0 };

	(void)state;
	buf_reserve(&content, 70000);
	memset(content.p, 'x', 70000);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		AUTO_BUF opened = { 0 };
		AUTO_BUF put = { 0 };
		size_t mark = der_open(&opened, DER_OCTET_STRING);
		struct bytes out;
		struct der d;

		buf_add(&opened, content.p, sizes[i]);
		der_close(&opened, mark);
		der_put(&put, DER_OCTET_STRING, bytes_of(content.p, sizes[i]));
		assert_true(bytes_equal(buf_bytes(&opened), buf_bytes(&put)));
		assert_int_equal(put.n, der_header_size(sizes[i]) + sizes[i]);
		d = der_of(buf_bytes(&put));
		assert_true(der_read(&d, DER_OCTET_STRING, &out));
		assert_true(der_at_end(&d));
		assert_int_equal(out.n, sizes[i]);
		/* One octet less is cut off. */
		d = der_of(bytes_of(put.p, put.n - 1));
		assert_false(der_read(&d, DER_OCTET_STRING, &out));
	}
}

static void
test_integers(void **state)
{
	static const struct {
		const char *hex;
		const char *magnitude; /* NULL: refused */
	} rows[] = {
		{ "02 01 00", "" },
		{ "02 01 01", "01" },
		{ "02 01 7f", "7f" },
		{ "02 02 00 80", "80" },
		{ "02 02 01 00", "0100" },
		{ "02 00", NULL },
		{ "02 01 80", NULL },
		{ "02 02 ff 01", NULL },
		{ "02 02 00 7f", NULL },
		{ "02 03 00 00 80", NULL },
		{ "0a 01 01", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes in = made_hex(arena, rows[i].hex), m;
		struct der d = der_of(in);
		AUTO_BUF again = { 0 };

		if (der_read_uint(&d, &m) != (rows[i].magnitude != NULL))
			fail_msg("%s", rows[i].hex);
		if (rows[i].magnitude == NULL) {
			assert_true(d.p == in.p);
			continue;
		}
		assert_string_equal(hex_arena(arena, m), rows[i].magnitude);
		der_put_uint(&again, m);
		assert_true(bytes_equal(buf_bytes(&again), in));
	}
}

static void
test_small_integers(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 255, 256, 65535,
		1ull << 32, INT64_MAX, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		AUTO_BUF b = { 0 };
		struct der d;
		uint64_t v;

		der_put_small(&b, values[i]);
		d = der_of(buf_bytes(&b));
		assert_true(der_read_small(&d, UINT64_MAX, &v));
		assert_true(v == values[i] && der_at_end(&d));
		d = der_of(buf_bytes(&b));
		if (values[i] > 0)
			assert_false(der_read_small(&d, values[i] - 1, &v));
	}
	{
		struct der d =
		    der_of(made_hex(arena, "02 09 01 00 00 00 00 00 00 00 00"));
		uint64_t v;

		assert_false(der_read_small(&d, UINT64_MAX, &v));
	}
}

static void
test_booleans(void **state)
{
	static const char *const bad[] = { "01 01 01", "01 01 80", "01 00",
		"01 02 ff ff", "02 01 ff" };
	struct der d;
	bool v;

	(void)state;
	d = der_of(made_hex(arena, "01 01 ff 01 01 00"));
	assert_true(der_read_bool(&d, &v) && v);
	assert_true(der_read_bool(&d, &v) && !v);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		d = der_of(made_hex(arena, bad[i]));
		assert_false(der_read_bool(&d, &v));
	}
}

static void
test_bit_strings(void **state)
{
	static const struct {
		const char *hex;
		bool octets;
		int bits; /* -1: refused */
	} rows[] = {
		{ "03 01 00", true, 0 },
		{ "03 02 07 80", false, 1 },
		{ "03 02 05 a0", false, 5 },
		{ "03 02 01 06", false, 0x60 },
		{ "03 03 07 80 80", false, 0x101 },
		{ "03 02 00 01", true, 0x80 },
		/* A trailing zero bit, a bit that does not count. */
		{ "03 02 04 a0", false, -1 },
		{ "03 02 00 80", true, -1 },
		{ "03 02 05 b0", false, -1 },
		{ "03 02 08 80", false, -1 },
		{ "03 01 01", false, -1 },
		{ "03 00", false, -1 },
		{ "03 06 00 00 00 00 00 01", true, -1 },
		/* The constructed form. */
		{ "23 04 03 02 07 80", false, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes in = made_hex(arena, rows[i].hex), out;
		struct der d = der_of(in);
		AUTO_BUF again = { 0 };
		unsigned bits = 0;

		if (der_read_bit_octets(&d, &out) != rows[i].octets)
			fail_msg("octets of %s", rows[i].hex);
		d = der_of(in);
		if (der_read_named_bits(&d, &bits) != (rows[i].bits >= 0))
			fail_msg("bits of %s", rows[i].hex);
		if (rows[i].bits < 0)
			continue;
		assert_int_equal(bits, rows[i].bits);
		der_put_named_bits(&again, bits);
		assert_true(bytes_equal(buf_bytes(&again), in));
	}
}

static void
test_times(void **state)
{
	static const struct {
		int tag;
		const char *text;
		int64_t t;
	} good[] = {
		{ DER_UTCTIME, "700101000000Z", 0 },
		{ DER_UTCTIME, "500101000000Z", -631152000 },
		{ DER_UTCTIME, "491231235959Z", 2524607999 },
		{ DER_GENERALIZED_TIME, "20500101000000Z", 2524608000 },
		{ DER_GENERALIZED_TIME, "19491231235959Z", -631152001 },
		{ DER_GENERALIZED_TIME, "99991231235959Z", 253402300799 },
	};
	static const struct {
		int tag;
		const char *text;
	} bad[] = {
		/* RFC 5280 section 4.1.2.5: UTCTime through 2049. */
		{ DER_GENERALIZED_TIME, "20491231235959Z" },
		{ DER_GENERALIZED_TIME, "20500101000000.5Z" },
		{ DER_GENERALIZED_TIME, "20500101000000" },
		{ DER_GENERALIZED_TIME, "20500101000000+0000" },
		{ DER_UTCTIME, "7001010000Z" },
		{ DER_UTCTIME, "700101000000" },
		{ DER_UTCTIME, "700230000000Z" },
		{ DER_UTCTIME, "700101240000Z" },
		{ DER_UTCTIME, "700101000060Z" },
		{ DER_PRINTABLE_STRING, "700101000000Z" },
	};
	int64_t t;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		AUTO_BUF b = { 0 };
		AUTO_BUF again = { 0 };
		struct der d;

		der_put(&b, good[i].tag, bytes_str(good[i].text));
		d = der_of(buf_bytes(&b));
		assert_true(der_read_time(&d, &t));
		assert_true(t == good[i].t && der_at_end(&d));
		der_put_time(&again, t);
		assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&b)));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO_BUF b = { 0 };
		struct der d;

		der_put(&b, bad[i].tag, bytes_str(bad[i].text));
		d = der_of(buf_bytes(&b));
		if (der_read_time(&d, &t))
			fail_msg("%s", bad[i].text);
	}
}

static void
test_oids(void **state)
{
	static const struct {
		const char *text, *hex;
	} rows[] = {
		{ "0.0", "00" },
		{ "1.2.840.113549", "2a864886f70d" },
		{ "2.5.4.3", "550403" },
		{ "2.999.3", "883703" },
		{ "1.39", "4f" },
		{ "2.39", "77" },
		/* A UUID, X.667: 128 bits. */
		{ "2.25.340282366920938463463374607431768211455",
		    "6983ffffffffffffffffffffffffffffffffff7f" },
	};
	static const char *const bad_text[] = { "", "1", "1.", ".1", "1.2.",
		"3.1", "1.40", "1.02", "1.2.a", "1.2 ", "-1.2", "1..2",
		"2.25.340282366920938463463374607431768211456" };
	static const char *const bad_octets[] = { "", "80", "2a80", "2a8001",
		"2a86", "2a83ffffffffffffffffffffffffffffffffffff7f" };
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF b = { 0 };

		assert_true(der_oid_parse(rows[i].text, &b));
		assert_string_equal(
		    hex_arena(arena, buf_bytes(&b)), rows[i].hex);
		assert_true(der_oid_text(buf_bytes(&b), text));
		assert_string_equal(text, rows[i].text);
	}
	for (size_t i = 0; i < COUNT_OF(bad_text); i++) {
		AUTO_BUF b = { 0 };

		if (der_oid_parse(bad_text[i], &b) || b.n != 0)
			fail_msg("\"%s\"", bad_text[i]);
	}
	for (size_t i = 0; i < COUNT_OF(bad_octets); i++)
		if (der_oid_text(made_hex(arena, bad_octets[i]), text))
			fail_msg("%s", bad_octets[i]);
}

static void
test_optional(void **state)
{
	struct bytes out;
	struct der d;
	bool found;

	(void)state;
	d = der_of(made_hex(arena, "a0 02 05 00"));
	assert_true(
	    der_read_optional(&d, DER_CONTEXT_CONSTRUCTED(0), &found, &out));
	assert_true(found && out.n == 2 && der_at_end(&d));
	assert_true(
	    der_read_optional(&d, DER_CONTEXT_CONSTRUCTED(0), &found, &out));
	assert_false(found);
	d = der_of(made_hex(arena, "a1 00"));
	assert_true(
	    der_read_optional(&d, DER_CONTEXT_CONSTRUCTED(0), &found, &out));
	assert_false(found);
	d = der_of(made_hex(arena, "a0 03 05 00"));
	assert_false(
	    der_read_optional(&d, DER_CONTEXT_CONSTRUCTED(0), &found, &out));
}

static void
test_check_of_the_unknown(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} rows[] = {
		{ "05 00", true },
		{ "30 06 04 01 aa a0 01", false },
		{ "30 06 04 01 aa a0 00 05", false },
		{ "30 07 04 01 aa a0 02 05 00", true },
		{ "30 04 31 00 30 00", true },
		{ "05 00 05 00", false },
		{ "30 02 24 00", false },
		{ "10 00", false },
		{ "30 03 30 80 00", false },
		/* Primitive types that do not hold what they say. */
		{ "01 01 01", false },
		{ "02 01 80", true },
		{ "02 00", false },
		{ "02 02 ff 80", false },
		{ "02 02 00 7f", false },
		{ "0a 01 05", true },
		{ "03 01 00", true },
		{ "03 02 07 80", true },
		{ "03 02 07 81", false },
		{ "03 02 08 00", false },
		{ "03 01 01", false },
		{ "05 01 00", false },
		{ "06 02 2a 80", false },
		{ "0c 02 c3 a9", true },
		{ "0c 02 c3 28", false },
		{ "1e 02 20 ac", true },
		{ "1e 01 20", false },
		{ "1e 02 d8 00", false },
		{ "1c 04 00 11 00 00", false },
	};
	AUTO_BUF b = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (der_check(made_hex(arena, rows[i].hex)) != rows[i].good)
			fail_msg("%s", rows[i].hex);
	for (unsigned depth = 1; depth < DER_DEPTH_MAX + 3; depth++) {
		AUTO_BUF outer = { 0 };

		der_put(&outer, DER_SEQUENCE, buf_bytes(&b));
		b.n = 0;
		buf_add_bytes(&b, buf_bytes(&outer));
		assert_int_equal(
		    der_check(buf_bytes(&b)), depth <= DER_DEPTH_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_long_lengths),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_small_integers),
		cmocka_unit_test(test_booleans),
		cmocka_unit_test(test_bit_strings),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_oids),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_check_of_the_unknown),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
