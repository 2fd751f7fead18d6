#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "support/unit.h"
#include "util/times.h"

/* 1994-11-06T08:49:37Z, the example of RFC 9110 section 5.6.7. */
#define EXAMPLE 784111777

static void
test_formats(void **state)
{
	char rfc3339[TIME_RFC3339_SIZE], http[TIME_HTTP_SIZE];
	char asn1[TIME_ASN1_SIZE];

	(void)state;
	time_format_rfc3339(EXAMPLE, rfc3339);
	assert_string_equal(rfc3339, "1994-11-06T08:49:37Z");
	time_format_http(EXAMPLE, http);
	assert_string_equal(http, "Sun, 06 Nov 1994 08:49:37 GMT");
	time_format_generalized(EXAMPLE, asn1);
	assert_string_equal(asn1, "19941106084937Z");
	time_format_utctime(EXAMPLE, asn1);
	assert_string_equal(asn1, "941106084937Z");
	time_format_rfc3339(INT64_MAX, rfc3339);
	assert_string_equal(rfc3339, "9999-12-31T23:59:59Z");
	time_format_rfc3339(INT64_MIN, rfc3339);
	assert_string_equal(rfc3339, "0000-01-01T00:00:00Z");
	time_format_rfc3339(-1, rfc3339);
	assert_string_equal(rfc3339, "1969-12-31T23:59:59Z");
}

/* The C library is the oracle, over twelve thousand years. */
static void
test_agrees_with_gmtime(void **state)
{
	struct err err = { 0 };

	(void)state;
	for (int64_t t = -62167219200; t <= 253402300799; t += 8640000 - 7) {
		char got[TIME_RFC3339_SIZE], want[96], http[TIME_HTTP_SIZE];
		time_t tt = (time_t)t;
		struct tm tm;
		int64_t back;

		gmtime_r(&tt, &tm);
		time_format_rfc3339(t, got);
		snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02dZ",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
		assert_string_equal(got, want);
		assert_true(time_parse_rfc3339(got, &back, &err));
		assert_true(back == t);
		time_format_http(t, http);
		assert_true(time_parse_http(http, &back));
		assert_true(back == t);
	}
}

static void
test_rfc3339_forms(void **state)
{
	static const char *const bad[] = { "", "2026-01-02",
		"2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
		"2026-01-02T24:00:00Z", "2026-01-02T03:04:05",
		"2026-01-02T03:04:05.Z", "2026-01-02T03:04:05ZZ",
		"2026-01-02 03:04:05Z", "2026-1-2T03:04:05Z",
		"2026-01-02T03:04:05+0100" };
	struct err err = { 0 };
	int64_t t = 0;

	(void)state;
	assert_true(
	    time_parse_rfc3339("1994-11-06t09:49:37.123+01:00", &t, &err));
	assert_int_equal(t, EXAMPLE);
	assert_true(time_parse_rfc3339("2000-02-29T00:00:00z", &t, &err));
	assert_int_equal(t, 951782400);
	assert_true(time_parse_rfc3339("2016-12-31T23:59:60Z", &t, &err));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		err_clear(&err);
		assert_false(time_parse_rfc3339(bad[i], &t, &err));
	}
}

static void
test_asn1_forms(void **state)
{
	int64_t t = 0;

	(void)state;
	assert_true(time_parse_utctime(bytes_str("941106084937Z"), &t));
	assert_int_equal(t, EXAMPLE);
	assert_true(time_parse_utctime(bytes_str("491231235959Z"), &t));
	assert_true(t == 2524607999);
	assert_true(time_parse_utctime(bytes_str("500101000000Z"), &t));
	assert_true(t == -631152000);
	assert_true(time_parse_generalized(bytes_str("99991231235959Z"), &t));
	assert_true(t == 253402300799);
	assert_false(time_parse_utctime(bytes_str("9411060849Z"), &t));
	assert_false(time_parse_utctime(bytes_str("941106084937+"), &t));
	assert_false(time_parse_utctime(bytes_of("94110608493\0Z", 13), &t));
	assert_false(time_parse_generalized(bytes_str("20230229000000Z"), &t));
	assert_false(time_parse_generalized(bytes_str("2023010100000.5Z"), &t));
	assert_false(time_parse_http("Sun, 06 Nov 1994 08:49:37 UTC", &t));
	assert_false(time_parse_http("Sunday, 06-Nov-94 08:49:37 GMT", &t));
	assert_true(t == 253402300799);
}

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		const char *back;
	} good[] = {
		{ "90d", 7776000, "90d" },
		{ "12h", 43200, "12h" },
		{ "1h30m", 5400, "1h30m" },
		{ "0s", 0, "0s" },
		{ "1y", 31536000, "1y" },
		{ "2w", 1209600, "14d" },
		{ "398d", 34387200, "398d" },
		{ "90s", 90, "1m30s" },
		{ "1y1w1d1h1m1s", 31536000 + 604800 + 86400 + 3661,
		    "373d1h1m1s" },
	};
	static const char *const bad[] = { "", "90", "d", "-1d", "1 d", "1.5h",
		"30m1h", "1m1m", "1D", "99999999999999999999d", "300000000y",
		"9000y9000w365000d365000000h" };
	char text[32];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct err err = { 0 };
		int64_t v;

		assert_true(duration_parse(good[i].text, &v, &err));
		assert_true(v == good[i].seconds);
		duration_format(v, text);
		assert_string_equal(text, good[i].back);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err err = { 0 };
		int64_t v;

		assert_false(duration_parse(bad[i], &v, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
	duration_format(-5400, text);
	assert_string_equal(text, "-1h30m");
	duration_format(INT64_MIN, text);
}

static void
test_clock(void **state)
{
	struct clock now = clock_system(0), ahead = clock_system(86400);
	int64_t before = (int64_t)time(NULL);
	int64_t mono = clock_monotonic_us();

	(void)state;
	assert_true(clock_now(&now) >= before);
	assert_true(llabs(clock_now(&ahead) - clock_now(&now) - 86400) <= 5);
	assert_true(clock_now_us(&now) / 1000000 >= before);
	assert_true(clock_monotonic_us() >= mono);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_agrees_with_gmtime),
		cmocka_unit_test(test_rfc3339_forms),
		cmocka_unit_test(test_asn1_forms),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
