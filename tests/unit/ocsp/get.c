/*
 * Each way of writing the path that a client or a proxy has been seen to use;
 * reference section 6: Let's Encrypt 2017-05-19, a changed handling of "//"
 * took 80 % of OCSP down.
 */
#include "support/unit.h"
#include "codec/ocsp.h"
#include "ocsp/get.h"
#include "util/text.h"

/* A request whose base64 has "+", "/", "//" and padding. */
static const char plain[] =
    "MHEwbzBtMGswaTANBglghkgBZQMEAgEFAAQggqNTf/Dbzn7sNdae3DoYnubx"
    "fYLzU6VT+aqWywvjzokEICxw4St6Bkb5Inn0J8ezjnM02OU4nP8Weh3DDnP4"
    "JraDAhQB7fpbZ5Rg74ChHxQrrO//ohoJBw==";

static char *
replace(struct arena *a, const char *s, const char *from, const char *to)
{
	char *out = arena_alloc(a, strlen(s) * 3 + 1), *o = out;

	while (*s != '\0') {
		if (strncmp(s, from, strlen(from)) == 0) {
			o = stpcpy(o, to);
			s += strlen(from);
		} else {
			*o++ = *s++;
		}
	}
	return out;
}

static void
check(struct arena *a, const char *path)
{
	struct bytes want, got = BYTES_NONE;
	struct ocsp_request request;
	struct err err = { 0 };

	assert_true(base64_decode(bytes_str(plain), a, &want, &err));
	if (!ocsp_get_decode(path, a, &got, &err))
		fail_msg("%s: %s", path, err.shown);
	assert_true(bytes_equal(got, want));
	assert_true(ocsp_request_parse(got, &request, &err));
}

static void
every_writing_of_a_request_is_read(void **state)
{
	AUTO_ARENA *a = arena_new();
	char *escaped = replace(a,
	    replace(a, replace(a, plain, "+", "%2B"), "/", "%2F"), "=", "%3D");

	(void)state;
	assert_non_null(strstr(plain, "//"));
	assert_non_null(strchr(plain, '+'));
	check(a, plain);
	check(a, escaped);
	check(a, replace(a, plain, "+", "%2b"));
	check(a, replace(a, plain, "=", "%3d"));
	check(a, replace(a, plain, "/", "%2f"));
	/* An AIA URL that ends in a slash, completed by the client. */
	check(a, arena_printf(a, "/%s", plain));
	check(a, arena_printf(a, "/%s", escaped));
	/* Decoded as a form on the way. */
	check(a, replace(a, plain, "+", "%20"));
	check(a, replace(a, plain, "+", " "));
	/* `openssl base64` ends lines. */
	check(a, arena_printf(a, "%s%%0A", plain));
	check(a, arena_printf(a, "%s%%0D%%0A", escaped));
	check(a, arena_printf(a, "%.64s%%0A%s%%0A", plain, plain + 64));
	/* RFC 4648 section 5, and without padding. */
	check(a, replace(a, replace(a, plain, "+", "-"), "/", "_"));
	check(a, replace(a, plain, "=", ""));
}

static void
anything_else_is_malformed(void **state)
{
	AUTO_ARENA *a = arena_new();
	const char *bad[] = { "", "/", "////", "%0A", "%", "%2", "%zz", "%00",
		"hello world!", "MA*=", arena_printf(a, "%s%%00", plain),
		arena_printf(a, "%.9s=%s", plain, plain + 9),
		arena_printf(a, "%s====", plain) };
	struct err err;
	struct bytes out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		err = (struct err){ 0 };
		if (ocsp_get_decode(bad[i], a, &out, &err))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

/* "//" is data; who merges it changes the request. */
static void
le_2017_05_merged_slashes_are_another_request(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct bytes want, got;
	struct err err = { 0 };

	(void)state;
	assert_true(base64_decode(bytes_str(plain), a, &want, &err));
	if (ocsp_get_decode(replace(a, plain, "//", "/"), a, &got, &err))
		assert_false(bytes_equal(got, want));
}

static void
a_path_has_its_limit(void **state)
{
	AUTO_ARENA *a = arena_new();
	size_t n = OCSP_REQUEST_MAX * 4 + 4;
	char *path = arena_alloc(a, n + 1);
	struct err err = { 0 };
	struct bytes out;

	(void)state;
	memset(path, 'M', n);
	assert_false(ocsp_get_decode(path, a, &out, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_writing_of_a_request_is_read),
		cmocka_unit_test(anything_else_is_malformed),
		cmocka_unit_test(le_2017_05_merged_slashes_are_another_request),
		cmocka_unit_test(a_path_has_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
