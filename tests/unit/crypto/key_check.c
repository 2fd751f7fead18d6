#include "crypto/key_check.h"
#include "crypto/digest.h"
#include <time.h>
#include "keys.h"
#include "rsa_moduli.h"
#include "support/unit.h"
#include "util/text.h"

static struct bytes
octets(const char *hex, struct arena *a)
{
	struct err err = { 0 };
	struct bytes out;

	assert_true(hex_decode(hex, a, &out, &err));
	return out;
}

static struct pubkey
rsa(const char *n, const char *e, struct arena *a)
{
	return (struct pubkey){
		.alg = KEY_RSA, .n = octets(n, a), .e = octets(e, a)
	};
}

static void
assert_check(const struct pubkey *key, const char *says)
{
	struct lane *lane = lane_new();

	/* Twice: a good key is remembered, a bad one is refused again. */
	for (int i = 0; i < 2; i++) {
		struct err err = { 0 };
		bool good = pubkey_check(lane, key, 2048, 4096, &err);

		if (says == NULL && !good)
			print_error("refused: %s\n", err.shown);
		if (good && says != NULL)
			print_error("not refused: %s\n", says);
		assert_int_equal(good, says == NULL);
		if (says == NULL)
			continue;
		assert_int_equal(err.kind, ERR_BAD_PUBLIC_KEY);
		if (strstr(err.shown, says) == NULL)
			print_error(
			    "\"%s\", expected \"%s\"\n", err.shown, says);
		assert_non_null(strstr(err.shown, says));
	}
	lane_free(lane);
}

static void
test_moduli(void **state)
{
	static const struct {
		const char *n, *says;
	} rows[] = {
		{ good_2048, NULL },
		{ good_3072, NULL },
		{ roca_2048, "ROCA" },
		{ roca_4096, "ROCA" },
		{ close_2048, "too close" },
		{ close_rounds_2048, "too close" },
		{ far_2048, NULL },
		{ factor_3, "divisible by 3" },
		{ factor_751, "divisible by 751" },
		{ factor_757, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct pubkey key = rsa(rows[i].n, "010001", a);

		assert_check(&key, rows[i].says);
	}
}

static void
test_sizes_and_exponents(void **state)
{
	AUTO_ARENA *a = arena_new();
	static const struct {
		const char *e, *says;
	} rows[] = {
		{ "010001", NULL },
		{ "010003", NULL },
		{ "ffffffffffffffffffffffffffffffff"
		  "ffffffffffffffffffffffffffffffff",
		    NULL },
		{ "03", "65537" },
		{ "ffff", "65537" },
		{ "01", "65537" },
		{ "010000", "odd" },
		{ "0010001f", "odd" },
		{ "01ffffffffffffffffffffffffffffffff"
		  "ffffffffffffffffffffffffffffffff",
		    "odd" },
	};
	struct pubkey key;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		key = rsa(good_2048, rows[i].e, a);
		assert_check(&key, rows[i].says);
	}
	key = rsa(good_2048, "010001", a);
	key.e.n = 0;
	assert_check(&key, "odd");
	/* One bit fewer, one octet fewer, a leading zero, nothing. */
	key = rsa(good_2048, "010001", a);
	((uint8_t *)(uintptr_t)key.n.p)[0] = 0x7f;
	assert_check(&key, "2047 bits");
	key = rsa(good_2048, "010001", a);
	key.n = bytes_of(key.n.p + 1, key.n.n - 1);
	assert_check(&key, "bits");
	key = rsa(good_2048, "010001", a);
	((uint8_t *)(uintptr_t)key.n.p)[0] = 0;
	assert_check(&key, "leading zero");
	key.n.n = 0;
	assert_check(&key, "0 octets");
	key = rsa(good_2048, "010001", a);
	((uint8_t *)(uintptr_t)key.n.p)[255] &= 0xfe;
	assert_check(&key, "divisible by 2");
}

static void
test_points(void **state)
{
	static const enum key_alg algs[] = { KEY_EC_P256, KEY_EC_P384,
		KEY_EC_P521 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		AUTO_ARENA *a = arena_new();
		AUTO_PRIVKEY *priv = NULL;
		struct err err = { 0 };
		struct pubkey key;
		uint8_t *p;

		assert_true(privkey_generate(algs[i], 0, &priv, &err));
		key = key_parts(priv, a);
		assert_check(&key, NULL);
		p = (uint8_t *)(uintptr_t)key.point.p;
		p[key.point.n - 1] ^= 1;
		assert_check(&key, "not a point");
		p[key.point.n - 1] ^= 1;
		p[0] = 0x06; /* the hybrid form */
		assert_check(&key, "octets");
		p[0] = 0x04;
		key.point.n--;
		assert_check(&key, "octets");
		/* The point at infinity. */
		p[0] = 0;
		key.point.n = 1;
		assert_check(&key, "octets");
		key.point.n = 0;
		assert_check(&key, "octets");
	}
}

static void
test_ed25519(void **state)
{
	static const struct {
		const char *hex, *says;
	} rows[] = {
		{ "00000000000000000000000000000000"
		  "00000000000000000000000000000000",
		    "small order" },
		{ "01000000000000000000000000000000"
		  "00000000000000000000000000000000",
		    "small order" },
		{ "01000000000000000000000000000000"
		  "00000000000000000000000000000080",
		    "small order" },
		{ "26e8958fc2b227b045c3f489f2ef98f0"
		  "d5dfac05d3c63339b13802886d53fc05",
		    "small order" },
		{ "26e8958fc2b227b045c3f489f2ef98f0"
		  "d5dfac05d3c63339b13802886d53fc85",
		    "small order" },
		{ "c7176a703d4dd84fba3c0b760d10670f"
		  "2a2053fa2c39ccc64ec7fd7792ac037a",
		    "small order" },
		{ "ecffffffffffffffffffffffffffffff"
		  "ffffffffffffffffffffffffffffff7f",
		    "small order" },
		/* p and p + 1: other ways to write 0 and 1. */
		{ "edffffffffffffffffffffffffffffff"
		  "ffffffffffffffffffffffffffffff7f",
		    "one form" },
		{ "eeffffffffffffffffffffffffffffff"
		  "ffffffffffffffffffffffffffffff7f",
		    "one form" },
		/* y = 2 has no x, y = 3 has one. */
		{ "02000000000000000000000000000000"
		  "00000000000000000000000000000000",
		    "not a point" },
		{ "0300000000000000000000000000000000000000000000000000000000"
		  "000000",
		    NULL },
		{ "03000000", "octets" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ARENA *a = arena_new();
		struct pubkey key = { .alg = KEY_ED25519,
			.point = octets(rows[i].hex, a) };

		assert_check(&key, rows[i].says);
	}
	for (int i = 0; i < 40; i++) {
		AUTO_ARENA *a = arena_new();
		AUTO_PRIVKEY *priv = NULL;
		struct err err = { 0 };
		struct pubkey key;

		assert_true(privkey_generate(KEY_ED25519, 0, &priv, &err));
		key = key_parts(priv, a);
		assert_check(&key, NULL);
	}
}

/* What any generator makes passes: the checks find weakness, not keys. */
static void
test_drawn_keys_pass(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		AUTO_ARENA *a = arena_new();
		AUTO_PRIVKEY *priv = NULL;
		struct err err = { 0 };
		struct pubkey key;

		assert_true(privkey_generate(KEY_RSA, 2048, &priv, &err));
		key = key_parts(priv, a);
		assert_check(&key, NULL);
	}
}

/* RFC 6979 section A.2.5 and RFC 8032 section 7.1 print the private halves. */
static void
test_keys_of_standards(void **state)
{
	AUTO_ARENA *a = arena_new();
	const struct pubkey ec = { .alg = KEY_EC_P256,
		.point = octets("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61"
				"fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e956"
				"28bc64f2f1b20c2d7e9f5177a3c294d4462299",
		    a) };
	const struct pubkey ed = { .alg = KEY_ED25519,
		.point = octets("d75a980182b10ab7d54bfed3c964073a"
				"0ee172f3daa62325af021a68f707511a",
		    a) };

	(void)state;
	assert_check(&ec, "private half is public");
	assert_check(&ed, "private half is public");
}

/* Last of all: what is loaded stays. */
static void
test_loaded_list(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct lane *lane = lane_new();
	struct pubkey good = rsa(good_2048, "010001", a);
	AUTO_BUF text = { 0 };
	AUTO_BUF list = { 0 };
	struct err err = { 0 };
	uint8_t sha1[20];
	char hex[41];

	(void)state;
	/* As `openssl rsa -modulus | sha1sum` gives it. */
	buf_add_str(&text, "Modulus=");
	for (const char *p = good_2048; *p != '\0'; p++)
		buf_add_byte(&text, (uint8_t)(*p >= 'a' ? *p - 32 : *p));
	buf_add_str(&text, "\n");
	digest_compute(lane, DIGEST_SHA1, buf_bytes(&text), sha1);
	hex_encode(bytes_of(sha1, sizeof(sha1)), hex);
	assert_true(key_blocklist_load(
	    bytes_str("# comment\n\n00112233445566778899\r\n"), &err));
	assert_check(&good, NULL);
	buf_printf(&list, "# more\nffeeddccbbaa99887766\n%s", hex + 20);
	assert_true(key_blocklist_load(buf_bytes(&list), &err));
	assert_check(&good, "private half is public");
	assert_false(
	    key_blocklist_load(bytes_str("#\n0011223344556677889\n"), &err));
	assert_non_null(strstr(err.shown, "line 2"));
	lane_free(lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moduli),
		cmocka_unit_test(test_sizes_and_exponents),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_drawn_keys_pass),
		cmocka_unit_test(test_keys_of_standards),
		cmocka_unit_test(test_loaded_list),
	};

	return cmocka_run_group_tests_name("key_check", tests, NULL, NULL);
}
