#include "crypto/digest.h"
#include <pthread.h>
#include "support/unit.h"
#include "util/text.h"

static void
assert_hex(const uint8_t *p, size_t n, const char *expected)
{
	char hex[2 * DIGEST_MAX + 1];

	hex_encode(bytes_of(p, n), hex);
	assert_string_equal(hex, expected);
}

/* FIPS 180-4's example "abc", twice: a kept context starts afresh. */
static void
test_digests(void **state)
{
	static const char *const abc[] = {
		[DIGEST_SHA1] = "a9993e364706816aba3e25717850c26c9cd0d89d",
		[DIGEST_SHA256] = "ba7816bf8f01cfea414140de5dae2223"
				  "b00361a396177a9cb410ff61f20015ad",
		[DIGEST_SHA384] = "cb00753f45a35e8bb5a03d699ac65007"
				  "272c32ab0eded1631a8b605a43ff5bed"
				  "8086072ba1e7cc2358baeca134c825a7",
		[DIGEST_SHA512] = "ddaf35a193617abacc417349ae204131"
				  "12e6fa4e89a97ea20a9eeee64b55d39a"
				  "2192992a274fc1a836ba3c23a3feebbd"
				  "454d4423643ce80e2a9ac94fa54ca49f",
	};
	struct lane *lane = lane_new();
	uint8_t out[DIGEST_MAX];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < COUNT_OF(abc); i++) {
			enum digest_alg alg = (enum digest_alg)i;

			digest_compute(lane, alg, bytes_str("abc"), out);
			assert_hex(out, digest_size(alg), abc[i]);
		}
	digest_sha256(bytes_str("abc"), out);
	assert_hex(out, 32, abc[DIGEST_SHA256]);
	digest_sha256(BYTES_NONE, out);
	assert_hex(out, 32,
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	lane_free(lane);
}

/* RFC 4231 sections 4.2 and 4.3. */
static void
test_mac(void **state)
{
	uint8_t key[20], out[32];
	struct mac *m;

	(void)state;
	memset(key, 0x0b, sizeof(key));
	m = mac_new(bytes_of(key, sizeof(key)));
	for (int i = 0; i < 2; i++) {
		mac_compute(m, bytes_str("Hi There"), out);
		assert_hex(out, 32,
		    "b0344c61d8db38535ca8afceaf0bf12b"
		    "881dc200c9833da726e9376c2e32cff7");
	}
	mac_free(m);
	m = mac_new(bytes_str("Jefe"));
	mac_compute(m, bytes_str("what do ya want for nothing?"), out);
	assert_hex(out, 32,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	mac_free(m);
	m = mac_new(BYTES_NONE);
	mac_compute(m, BYTES_NONE, out);
	assert_hex(out, 32,
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad");
	mac_free(m);
	mac_free(NULL);
}

static void *
thread_main(void *arg)
{
	uint8_t out[32];

	for (int i = 0; i < 1000; i++)
		digest_sha256(bytes_str("abc"), out);
	memcpy(arg, out, sizeof(out));
	return NULL;
}

static void
test_threads_have_their_own(void **state)
{
	pthread_t threads[4];
	uint8_t out[4][32];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, thread_main, out[i]), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_hex(out[i], 32,
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_threads_have_their_own),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
