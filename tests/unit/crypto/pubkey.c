#include "crypto/key_cache.h"
#include "crypto/lane_state.h"
#include "keys.h"
#include "support/unit.h"

static const struct {
	enum key_alg alg;
	unsigned rsa_bits;
} kinds[] = {
	{ KEY_RSA, 2048 },
	{ KEY_EC_P256, 0 },
	{ KEY_EC_P384, 0 },
	{ KEY_EC_P521, 0 },
	{ KEY_ED25519, 0 },
};

static bool
verify(struct lane *lane, bool cached, const struct pubkey *key,
    enum sig_alg alg, struct bytes msg, struct bytes sig, struct err *err)
{
	uint8_t id[32];

	err_clear(err);
	if (!cached)
		return pubkey_verify(lane, key, alg, msg, sig, err);
	digest_sha256(key->alg == KEY_RSA ? key->n : key->point, id);
	return pubkey_verify_cached(lane, id, key, alg, msg, sig, err);
}

static void
test_signatures_hold_and_others_do_not(void **state)
{
	struct lane *lane = lane_new();
	struct bytes msg = bytes_str("a message"), other = bytes_str("another");

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(kinds); i++) {
		bool cached = i % 2 != 0;
		AUTO_ARENA *a = arena_new();
		AUTO_PRIVKEY *priv = NULL;
		AUTO_BUF sig = { 0 };
		struct err err = { 0 };
		struct pubkey key;
		enum sig_alg alg;

		assert_true(privkey_generate(
		    kinds[i / 2].alg, kinds[i / 2].rsa_bits, &priv, &err));
		key = key_parts(priv, a);
		alg = privkey_sig_alg(priv);
		assert_true(privkey_sign(priv, msg, &sig, &err));
		for (int round = 0; round < 3; round++) {
			assert_true(verify(lane, cached, &key, alg, msg,
			    buf_bytes(&sig), &err));
			assert_false(verify(lane, cached, &key, alg, other,
			    buf_bytes(&sig), &err));
			assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
		}
		for (size_t k = 0; k < sig.n; k++) {
			sig.p[k] ^= 0x40;
			assert_false(verify(lane, cached, &key, alg, msg,
			    buf_bytes(&sig), &err));
			sig.p[k] ^= 0x40;
		}
		/* Trailing octets, a cut one, none at all. */
		buf_add_byte(&sig, 0);
		assert_false(verify(
		    lane, cached, &key, alg, msg, buf_bytes(&sig), &err));
		assert_false(verify(lane, cached, &key, alg, msg,
		    bytes_of(sig.p, sig.n - 2), &err));
		assert_false(
		    verify(lane, cached, &key, alg, msg, BYTES_NONE, &err));
		assert_true(verify(lane, cached, &key, alg, msg,
		    bytes_of(sig.p, sig.n - 1), &err));
	}
	lane_free(lane);
}

static void
test_algorithm_must_fit_the_key(void **state)
{
	struct lane *lane = lane_new();
	AUTO_ARENA *a = arena_new();
	struct bytes msg = bytes_str("m");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		AUTO_PRIVKEY *priv = NULL;
		AUTO_BUF sig = { 0 };
		struct err err = { 0 };
		struct pubkey key;

		assert_true(privkey_generate(
		    kinds[i].alg, kinds[i].rsa_bits, &priv, &err));
		key = key_parts(priv, a);
		assert_true(privkey_sign(priv, msg, &sig, &err));
		for (unsigned alg = 0; alg < 12; alg++) {
			bool good = verify(lane, alg % 2 == 0, &key,
			    (enum sig_alg)alg, msg, buf_bytes(&sig), &err);

			assert_int_equal(
			    good, alg == (unsigned)privkey_sig_alg(priv));
			if (!good &&
			    !sig_alg_is_for((enum sig_alg)alg, key.alg))
				assert_int_equal(
				    err.kind, ERR_BAD_SIGNATURE_ALG);
		}
	}
	lane_free(lane);
}

/* RFC 6979 section A.2.5: P-256 with other digests than its own. */
static void
test_known_answer_p256_sha512(void **state)
{
	static const uint8_t point[] =
	    "\x04"
	    "\x60\xfe\xd4\xba\x25\x5a\x9d\x31\xc9\x61\xeb\x74\xc6\x35\x6d\x68"
	    "\xc0\x49\xb8\x92\x3b\x61\xfa\x6c\xe6\x69\x62\x2e\x60\xf2\x9f\xb6"
	    "\x79\x03\xfe\x10\x08\xb8\xbc\x99\xa4\x1a\xe9\xe9\x56\x28\xbc\x64"
	    "\xf2\xf1\xb2\x0c\x2d\x7e\x9f\x51\x77\xa3\xc2\x94\xd4\x46\x22\x99";
	/* r and s of SHA-512 over "sample" as a DER SEQUENCE. */
	static const uint8_t sig[] =
	    "\x30\x45\x02\x21\x00"
	    "\x84\x96\xa6\x0b\x5e\x9b\x47\xc8\x25\x48\x88\x27\xe0\x49\x5b\x0e"
	    "\x3f\xa1\x09\xec\x45\x68\xfd\x3f\x8d\x10\x97\x67\x8e\xb9\x7f\x00"
	    "\x02\x20"
	    "\x23\x62\xab\x1a\xdb\xe2\xb8\xad\xf9\xcb\x9e\xda\xb7\x40\xea\x60"
	    "\x49\xc0\x28\x11\x4f\x24\x60\xf9\x65\x54\xf6\x1f\xae\x33\x02\xfe";
	struct lane *lane = lane_new();
	struct pubkey key = {
		.alg = KEY_EC_P256, .bits = 256, .point = bytes_of(point, 65)
	};
	struct err err = { 0 };

	(void)state;
	assert_true(pubkey_verify(lane, &key, SIG_ECDSA_SHA512,
	    bytes_str("sample"), bytes_of(sig, sizeof(sig) - 1), &err));
	assert_false(pubkey_verify(lane, &key, SIG_ECDSA_SHA256,
	    bytes_str("sample"), bytes_of(sig, sizeof(sig) - 1), &err));
	lane_free(lane);
}

static void
test_compressed_point(void **state)
{
	struct lane *lane = lane_new();
	AUTO_ARENA *a = arena_new();
	AUTO_PRIVKEY *priv = NULL;
	AUTO_BUF sig = { 0 };
	struct err err = { 0 };
	struct pubkey key;
	uint8_t half[33];

	(void)state;
	assert_true(privkey_generate(KEY_EC_P256, 0, &priv, &err));
	key = key_parts(priv, a);
	memcpy(half + 1, key.point.p + 1, 32);
	half[0] = (uint8_t)(2 + (key.point.p[64] & 1));
	key.point = bytes_of(half, sizeof(half));
	assert_true(privkey_sign(priv, bytes_str("m"), &sig, &err));
	assert_true(pubkey_verify(lane, &key, SIG_ECDSA_SHA256, bytes_str("m"),
	    buf_bytes(&sig), &err));
	half[0] ^= 1;
	assert_false(pubkey_verify(lane, &key, SIG_ECDSA_SHA256, bytes_str("m"),
	    buf_bytes(&sig), &err));
	lane_free(lane);
}

/* The cache forgets the oldest, and an id that changes its key is a miss. */
static void
test_cache(void **state)
{
	struct lane *lane = lane_new();
	struct key_cache *cache = key_cache_new(3);
	AUTO_ARENA *a = arena_new();
	struct pubkey keys[5];
	struct key_entry *entry;
	EVP_PKEY *first;
	uint8_t id[5][32];
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		AUTO_PRIVKEY *priv = NULL;

		assert_true(privkey_generate(KEY_ED25519, 0, &priv, &err));
		keys[i] = key_parts(priv, a);
		memset(id[i], i, sizeof(id[i]));
		assert_true(
		    key_cache_get(cache, lane, id[i], &keys[i], &entry, &err));
	}
	assert_int_equal(key_cache_count(cache), 3);
	assert_true(key_cache_get(cache, lane, id[2], &keys[2], &entry, &err));
	entry->form_checked = true;
	first = entry->pkey;
	/* 2 is now the newest: two more push 3 and 4 out. */
	for (int i = 0; i < 2; i++)
		assert_true(
		    key_cache_get(cache, lane, id[i], &keys[i], &entry, &err));
	assert_true(key_cache_get(cache, lane, id[2], &keys[2], &entry, &err));
	assert_ptr_equal(entry->pkey, first);
	assert_true(entry->form_checked);
	/* The same id, another key. */
	assert_true(key_cache_get(cache, lane, id[2], &keys[3], &entry, &err));
	assert_false(entry->form_checked);
	assert_int_equal(key_cache_count(cache), 3);
	key_cache_free(cache);
	lane_free(lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures_hold_and_others_do_not),
		cmocka_unit_test(test_algorithm_must_fit_the_key),
		cmocka_unit_test(test_known_answer_p256_sha512),
		cmocka_unit_test(test_compressed_point),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests_name("pubkey", tests, NULL, NULL);
}
