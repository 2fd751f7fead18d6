/* The validity that a CSR asks for in Microsoft's way; the octets are written
 * by hand after [MS-WCCE] section 2.2.2.7.10. */
#include "support/unit.h"
#include "unit/codec/made.h"
#include "codec/validity_asked.h"

static struct arena *arena;

#define OID_PAIR "06 0a 2b 06 01 04 01 82 37 0d 02 01 "
/* "ValidityPeriod" and "ValidityPeriodUnits" in UCS-2. */
#define PERIOD                                                                 \
	"1e 1c 0056 0061 006c 0069 0064 0069 0074 0079 0050 0065 0072 0069 "   \
	"006f 0064 "
#define UNITS                                                                  \
	"1e 26 0056 0061 006c 0069 0064 0069 0074 0079 0050 0065 0072 0069 "   \
	"006f 0064 0055 006e 0069 0074 0073 "
#define DAYS "1e 08 0044 0061 0079 0073 "
#define YEARS "1e 0a 0079 0045 0061 0072 0073 "
#define NUMBER_30 "1e 04 0033 0030 "
static struct bytes
pairs(const char *hex)
{
	return made_hex(arena, hex);
}

/* One attribute with these pairs in its SET; lengths are written here. */
static struct bytes
attribute(const char *const *list, size_t n)
{
	AUTO_BUF b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE), set;

	buf_add_bytes(&b, pairs(OID_PAIR));
	set = der_open(&b, DER_SET);
	for (size_t i = 0; i < n && list[i] != NULL; i++)
		der_put(&b, DER_SEQUENCE, pairs(list[i]));
	der_close(&b, set);
	der_close(&b, outer);
	return arena_take_buf(arena, &b);
}

static void
test_pairs(void **state)
{
	static const struct {
		const char *pairs[4];
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{ { NULL }, 0 },
		{ { PERIOD DAYS, UNITS NUMBER_30 }, 30 * 86400 },
		{ { UNITS NUMBER_30, PERIOD DAYS }, 30 * 86400 },
		/* Android's. */
		{ { PERIOD NUMBER_30, UNITS DAYS }, 30 * 86400 },
		{ { PERIOD YEARS, UNITS "1e 02 0031" }, 365 * 86400 },
		{ { "1e 02 0041 1e 02 0062", PERIOD DAYS, UNITS NUMBER_30 },
		    30 * 86400 },
		{ { "1e 02 0041 1e 02 0062" }, 0 },
		{ { "1e 02 0041 1e 00" }, 0 },
		{ { PERIOD DAYS }, -1 },
		{ { UNITS NUMBER_30 }, -1 },
		{ { PERIOD DAYS, UNITS DAYS }, -1 },
		{ { PERIOD NUMBER_30, UNITS NUMBER_30 }, -1 },
		{ { PERIOD DAYS, UNITS NUMBER_30, PERIOD DAYS }, -1 },
		{ { PERIOD DAYS, UNITS "1e 02 0030" }, -1 },
		{ { PERIOD DAYS, UNITS "1e 04 002d 0031" }, -1 },
		{ { PERIOD DAYS, UNITS "1e 04 0031 0020" }, -1 },
		{ { PERIOD DAYS, UNITS "1e 00" }, -1 },
		{ { PERIOD DAYS,
		      UNITS "1e 14 0039 0039 0039 0039 0039 0039 0039 0039 "
			    "0039 0039" },
		    -1 },
		/* Something behind the value; no BMPString; half a unit of
		 * one; a NUL. */
		{ { PERIOD DAYS "05 00", UNITS NUMBER_30 }, -1 },
		{ { PERIOD "0c 04 44617973", UNITS NUMBER_30 }, -1 },
		{ { PERIOD "1e 03 004400", UNITS NUMBER_30 }, -1 },
		{ { PERIOD "1e 0a 0044 0061 0079 0073 0000", UNITS NUMBER_30 },
		    -1 },
		{ { PERIOD }, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes in = attribute(rows[i].pairs, 4);
		struct err err = { 0 };
		int64_t seconds = -1;

		(void)!validity_asked_parse(in, arena, &seconds, &err);
		if (seconds != rows[i].seconds)
			fail_msg("row %zu: %lld, %s", i, (long long)seconds,
			    err.shown);
		assert_int_equal(
		    err.kind, rows[i].seconds < 0 ? ERR_BAD_CSR : ERR_NONE);
	}
}

/* Each pair in an attribute of its own, with others around them. */
static void
test_attributes(void **state)
{
	static const char *const period[] = { PERIOD DAYS };
	static const char *const units[] = { UNITS NUMBER_30 };
	AUTO_BUF b = { 0 };
	int64_t seconds = -1;

	(void)state;
	assert_true(validity_asked_parse(BYTES_NONE, arena, &seconds, NULL));
	assert_int_equal(seconds, 0);
	/* The version of Windows. */
	buf_add_bytes(&b,
	    pairs("30 1a 06 0a 2b 06 01 04 01 82 37 0d 02 03 31 0c 16 0a 31 30 "
		  "2e 30 2e 32 32 36 33 31"));
	buf_add_bytes(&b, attribute(period, 1));
	buf_add_bytes(&b, attribute(units, 1));
	assert_true(validity_asked_parse(buf_bytes(&b), arena, &seconds, NULL));
	assert_int_equal(seconds, 30 * 86400);
	buf_add_byte(&b, 0);
	assert_false(
	    validity_asked_parse(buf_bytes(&b), arena, &seconds, NULL));
}

/* What is too long to be ours is passed over as a name, refused as a value. */
static void
test_long_texts(void **state)
{
	AUTO_BUF name = { 0 };
	AUTO_BUF value = { 0 };
	AUTO_BUF text = { 0 };
	int64_t seconds = -1;

	(void)state;
	for (int i = 0; i < 200; i++)
		buf_add_str(&text, "00 41 ");
	buf_add_str(&name, "1e 82 0190 ");
	buf_add_bytes(&name, buf_bytes(&text));
	buf_add_str(&name, "1e 00");
	buf_add_str(&value, PERIOD "1e 82 0190 ");
	buf_add_bytes(&value, buf_bytes(&text));
	for (int i = 0; i < 2; i++) {
		const char *one[] = { buf_cstr(i == 0 ? &name : &value) };

		assert_int_equal(validity_asked_parse(
				     attribute(one, 1), arena, &seconds, NULL),
		    i == 0);
	}
	assert_int_equal(seconds, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_long_texts),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
