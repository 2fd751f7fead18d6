#include "support/unit.h"
#include "util/text.h"

/* RFC 4648 section 10. */
static const struct {
	const char *plain, *url, *std;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg", "Zg==" },
	{ "fo", "Zm8", "Zm8=" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xef\xff", "--__", "++//" },
};

static void
test_vectors(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes d;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct bytes plain = bytes_str(vectors[i].plain);
		AUTO_BUF b = { 0 };

		assert_string_equal(base64url_arena(a, plain), vectors[i].url);
		base64url_encode(plain, &b);
		assert_string_equal(buf_cstr(&b), vectors[i].url);
		b.n = 0;
		base64_encode(plain, 0, &b);
		assert_string_equal(buf_cstr(&b), vectors[i].std);
		assert_true(
		    base64url_decode(bytes_str(vectors[i].url), a, &d, &err));
		assert_true(bytes_equal(d, plain));
		assert_true(
		    base64_decode(bytes_str(vectors[i].std), a, &d, &err));
		assert_true(bytes_equal(d, plain));
	}
}

static void
test_url_refuses(void **state)
{
	static const char *const bad[] = { "Z", "Zg=", "Zg==", "Zh", "Zm9",
		"Zm 9v", "Zm9v\n", "++//", "Zm9vY", "Zm9v!AAA", "\xffZm9v",
		"=" };
	AUTO_ARENA *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err err = { 0 };
		struct bytes d = { NULL, 99 };

		assert_false(base64url_decode(bytes_str(bad[i]), a, &d, &err));
		assert_int_equal(err.kind, ERR_MALFORMED);
		assert_int_equal(d.n, 99);
	}
}

static void
test_url_padding_is_tolerated_on_request(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes d;

	(void)state;
	assert_true(base64url_decode_padded(bytes_str("Zg=="), a, &d, &err));
	assert_true(bytes_is(d, "f"));
	assert_true(base64url_decode_padded(bytes_str("Zg"), a, &d, &err));
	assert_false(base64url_decode_padded(bytes_str("Zg==="), a, &d, &err));
}

static void
test_std_lines(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	uint8_t in[100];
	AUTO_BUF b = { 0 };
	struct bytes d;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 37);
	base64_encode(bytes_of(in, 100), 64, &b);
	assert_int_equal(b.n, 136 + 3);
	assert_int_equal(b.p[64], '\n');
	assert_int_equal(b.p[b.n - 1], '\n');
	assert_true(base64_decode(buf_bytes(&b), a, &d, &err));
	assert_true(bytes_equal(d, bytes_of(in, 100)));
	assert_false(base64_decode(bytes_str("Zg"), a, &d, &err));
	err_clear(&err);
	assert_false(base64_decode(bytes_str("Z==="), a, &d, &err));
	err_clear(&err);
	assert_false(base64_decode(bytes_str("Zg==Zg=="), a, &d, &err));
}

static void
test_every_length_round_trips(void **state)
{
	AUTO_ARENA *a = arena_new();
	uint8_t in[257];

	(void)state;
	for (size_t n = 0; n < sizeof(in); n++) {
		struct err err = { 0 };
		struct bytes d;

		for (size_t i = 0; i < n; i++)
			in[i] = (uint8_t)(i * 151 + n);
		assert_true(base64url_decode(
		    bytes_str(base64url_arena(a, bytes_of(in, n))), a, &d,
		    &err));
		assert_true(bytes_equal(d, bytes_of(in, n)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_url_refuses),
		cmocka_unit_test(test_url_padding_is_tolerated_on_request),
		cmocka_unit_test(test_std_lines),
		cmocka_unit_test(test_every_length_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
