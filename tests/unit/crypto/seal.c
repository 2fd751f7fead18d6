#include "crypto/digest.h"
#include "support/unit.h"

static struct secret *
key_of(uint8_t fill, size_t n)
{
	uint8_t raw[64];

	memset(raw, fill, sizeof(raw));
	return secret_new(raw, n);
}

static void
test_round_trip(void **state)
{
	struct lane *lane = lane_new();
	AUTO_SECRET *key = key_of(1, 32);
	static const size_t sizes[] = { 0, 1, 32, 1000, 100000 };
	static uint8_t plain[100000];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		AUTO_BUF a = { 0 };
		AUTO_BUF b = { 0 };
		AUTO_SECRET *out = NULL;
		struct err err = { 0 };
		struct bytes in = bytes_of(plain, sizes[i]);

		assert_true(
		    seal_encrypt(lane, key, bytes_str("eab"), in, &a, &err));
		assert_true(
		    seal_encrypt(lane, key, bytes_str("eab"), in, &b, &err));
		assert_int_equal(a.n, sizes[i] + 28);
		assert_false(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
		assert_true(seal_decrypt(
		    lane, key, bytes_str("eab"), buf_bytes(&a), &out, &err));
		assert_true(bytes_equal(secret_reveal(out), in));
	}
	lane_free(lane);
}

static void
test_any_change_is_seen(void **state)
{
	struct lane *lane = lane_new();
	AUTO_SECRET *key = key_of(1, 32);
	AUTO_SECRET *other = key_of(2, 32);
	AUTO_SECRET *small = key_of(1, 16);
	struct secret *out = NULL;
	AUTO_BUF sealed = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(seal_encrypt(
	    lane, key, bytes_str("a"), bytes_str("text"), &sealed, &err));
	for (size_t i = 0; i < sealed.n; i++) {
		err_clear(&err);
		sealed.p[i] ^= 1;
		assert_false(seal_decrypt(
		    lane, key, bytes_str("a"), buf_bytes(&sealed), &out, &err));
		assert_int_equal(err.kind, ERR_REJECTED);
		sealed.p[i] ^= 1;
	}
	for (size_t n = 0; n < sealed.n; n++) {
		err_clear(&err);
		assert_false(seal_decrypt(lane, key, bytes_str("a"),
		    bytes_of(sealed.p, n), &out, &err));
	}
	err_clear(&err);
	assert_false(seal_decrypt(
	    lane, key, bytes_str("b"), buf_bytes(&sealed), &out, &err));
	err_clear(&err);
	assert_false(seal_decrypt(
	    lane, other, bytes_str("a"), buf_bytes(&sealed), &out, &err));
	err_clear(&err);
	assert_false(seal_decrypt(
	    lane, small, bytes_str("a"), buf_bytes(&sealed), &out, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_null(out);
	lane_free(lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_any_change_is_seen),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
