#include "support/unit.h"
#include "unit/codec/made.h"
#include "codec/spki.h"
#include "util/text.h"

static struct arena *arena;

static void
test_every_key_type_against_openssl(void **state)
{
	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		struct bytes spki = made_spki(arena, made_key(made_algs[i]));
		struct err err = { 0 };
		struct pubkey key;
		AUTO_BUF again = { 0 };

		if (!spki_parse(spki, &key, &err))
			fail_msg("%s", err.shown);
		assert_int_equal(key.alg, made_algs[i]);
		assert_int_equal(key.bits,
		    made_algs[i] == KEY_ED25519
			? 256
			: EVP_PKEY_get_bits(made_key(made_algs[i])));
		spki_put(&again, &key);
		assert_true(bytes_equal(buf_bytes(&again), spki));
	}
}

static void
test_every_cut_and_every_octet_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < made_algs_n; i++) {
		struct bytes spki = made_spki(arena, made_key(made_algs[i]));
		struct pubkey key;
		AUTO_BUF more = { 0 };

		for (size_t n = 0; n < spki.n; n++)
			assert_false(
			    spki_parse(bytes_of(spki.p, n), &key, NULL));
		buf_add_bytes(&more, spki);
		buf_add_byte(&more, 0);
		assert_false(spki_parse(buf_bytes(&more), &key, NULL));
	}
}

#define P256 "30 13 06 07 2a8648ce3d0201 06 08 2a8648ce3d030107"
#define X32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
test_forms(void **state)
{
	static const struct {
		const char *hex;
		enum err_kind kind;
	} rows[] = {
		{ "30 59" P256 "03 42 00 04" X32 X32, ERR_NONE },
		/* Compressed, hybrid, too long, unused bits. */
		{ "30 39" P256 "03 22 00 02" X32, ERR_UNSUPPORTED },
		{ "30 59" P256 "03 42 00 06" X32 X32, ERR_BAD_PUBLIC_KEY },
		{ "30 5a" P256 "03 43 00 04" X32 X32 "00", ERR_BAD_PUBLIC_KEY },
		{ "30 59" P256 "03 42 01 04" X32 X32, ERR_BAD_PUBLIC_KEY },
		{ "30 18" P256 "03 01 00", ERR_BAD_PUBLIC_KEY },
		/* secp256k1; no curve; explicit parameters. */
		{ "30 56 30 10 06 07 2a8648ce3d0201 06 05 2b8104000a"
		  "03 42 00 04" X32 X32,
		    ERR_UNSUPPORTED },
		{ "30 4f 30 09 06 07 2a8648ce3d0201 03 42 00 04" X32 X32,
		    ERR_BAD_PUBLIC_KEY },
		{ "30 51 30 0b 06 07 2a8648ce3d0201 30 00 03 42 00 04" X32 X32,
		    ERR_BAD_PUBLIC_KEY },
		/* Ed25519, with parameters, too short; X25519. */
		{ "30 2a 30 05 06 03 2b6570 03 21 00" X32, ERR_NONE },
		{ "30 2c 30 07 06 03 2b6570 05 00 03 21 00" X32,
		    ERR_BAD_PUBLIC_KEY },
		{ "30 0d 30 05 06 03 2b6570 03 04 00 010203",
		    ERR_BAD_PUBLIC_KEY },
		{ "30 2a 30 05 06 03 2b656e 03 21 00" X32, ERR_UNSUPPORTED },
		/* RSA, with absent parameters, a negative modulus, a zero
		 * exponent, something behind the exponent. */
		{ "30 1b 30 0d 06 09 2a864886f70d010101 05 00 03 0a 00 30 07"
		  "02 02 00 c1 02 01 03",
		    ERR_NONE },
		{ "30 19 30 0b 06 09 2a864886f70d010101 03 0a 00 30 07"
		  "02 02 00 c1 02 01 03",
		    ERR_BAD_PUBLIC_KEY },
		{ "30 1a 30 0d 06 09 2a864886f70d010101 05 00 03 09 00 30 06"
		  "02 01 c1 02 01 03",
		    ERR_BAD_PUBLIC_KEY },
		{ "30 1b 30 0d 06 09 2a864886f70d010101 05 00 03 0a 00 30 07"
		  "02 02 00 c1 02 01 00",
		    ERR_BAD_PUBLIC_KEY },
		{ "30 1d 30 0d 06 09 2a864886f70d010101 05 00 03 0c 00 30 09"
		  "02 02 00 c1 02 01 03 05 00",
		    ERR_BAD_PUBLIC_KEY },
		{ "30 1d 30 0d 06 09 2a864886f70d010101 05 00 03 0c 00 30 07"
		  "02 02 00 c1 02 01 03 05 00",
		    ERR_BAD_PUBLIC_KEY },
		/* RSA-PSS. */
		{ "30 19 30 0b 06 09 2a864886f70d01010a 03 0a 00 30 07"
		  "02 02 00 c1 02 01 03",
		    ERR_UNSUPPORTED },
		{ "", ERR_BAD_PUBLIC_KEY },
		{ "30 00", ERR_BAD_PUBLIC_KEY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pubkey key = { .bits = 77 };
		struct err err = { 0 };

		(void)!spki_parse(made_hex(arena, rows[i].hex), &key, &err);
		if (err.kind != rows[i].kind)
			fail_msg("%s: %s", rows[i].hex, err.shown);
		if (err.kind != ERR_NONE)
			assert_int_equal(key.bits, 77);
	}
}

static void
test_too_large_rsa(void **state)
{
	static const uint8_t three[] = { 3 };
	AUTO_BUF n = { 0 };
	struct pubkey key, out;

	(void)state;
	buf_reserve(&n, 2049);
	memset(n.p, 0xff, 2049);
	key = (struct pubkey){ .alg = KEY_RSA, .e = bytes_of(three, 1) };
	for (size_t size = 2048; size <= 2049; size++) {
		AUTO_BUF b = { 0 };

		key.n = bytes_of(n.p, size);
		spki_put(&b, &key);
		assert_int_equal(
		    spki_parse(buf_bytes(&b), &out, NULL), size == 2048);
	}
	assert_int_equal(out.bits, 16384);
}

static void
test_signature_algorithms(void **state)
{
	static const struct {
		const char *hex;
		enum sig_alg alg;
		bool exact, tolerant;
	} rows[] = {
		{ "30 0d 06 09 2a864886f70d01010b 05 00", SIG_RSA_SHA256, true,
		    true },
		{ "30 0d 06 09 2a864886f70d01010c 05 00", SIG_RSA_SHA384, true,
		    true },
		{ "30 0d 06 09 2a864886f70d01010d 05 00", SIG_RSA_SHA512, true,
		    true },
		{ "30 0d 06 09 2a864886f70d010105 05 00", SIG_RSA_SHA1, true,
		    true },
		{ "30 0a 06 08 2a8648ce3d040302", SIG_ECDSA_SHA256, true,
		    true },
		{ "30 0a 06 08 2a8648ce3d040303", SIG_ECDSA_SHA384, true,
		    true },
		{ "30 0a 06 08 2a8648ce3d040304", SIG_ECDSA_SHA512, true,
		    true },
		{ "30 05 06 03 2b6570", SIG_ED25519, true, true },
		{ "30 0b 06 09 2a864886f70d01010b", SIG_RSA_SHA256, false,
		    true },
		{ "30 0c 06 08 2a8648ce3d040302 05 00", SIG_ECDSA_SHA256, false,
		    true },
		{ "30 0c 06 08 2a8648ce3d040302 30 00", SIG_ECDSA_SHA256, false,
		    false },
		{ "30 0d 06 08 2a8648ce3d040302 05 01 00", SIG_ECDSA_SHA256,
		    false, false },
		/* MD5 and RSA; nothing. */
		{ "30 0d 06 09 2a864886f70d010104 05 00", SIG_RSA_SHA256, false,
		    false },
		{ "30 00", SIG_RSA_SHA256, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes in = made_hex(arena, rows[i].hex);
		enum sig_alg alg;
		AUTO_BUF b = { 0 };

		if (sig_alg_parse(in, &alg, NULL) != rows[i].exact ||
		    sig_alg_parse_mode(in, SIG_ALG_TOLERANT, &alg, NULL) !=
			rows[i].tolerant)
			fail_msg("%s", rows[i].hex);
		if (!rows[i].exact)
			continue;
		assert_int_equal(alg, rows[i].alg);
		sig_alg_put(&b, alg);
		assert_true(bytes_equal(buf_bytes(&b), in));
	}
	assert_true(sig_alg_fits(SIG_ECDSA_SHA384, KEY_EC_P256));
	assert_true(sig_alg_fits(SIG_ED25519, KEY_ED25519));
	assert_false(sig_alg_fits(SIG_ED25519, KEY_EC_P256));
	assert_false(sig_alg_fits(SIG_RSA_SHA256, KEY_EC_P256));
	assert_false(sig_alg_fits(SIG_ECDSA_SHA256, KEY_RSA));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_type_against_openssl),
		cmocka_unit_test(test_every_cut_and_every_octet_more),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_too_large_rsa),
		cmocka_unit_test(test_signature_algorithms),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
