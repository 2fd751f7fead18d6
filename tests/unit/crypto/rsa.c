/* RSA as CMS uses it: kept contexts do not remember the former message, and one
 * key serves many threads. */
#include <pthread.h>

#include "crypto/rsa.h"
#include "keys.h"
#include "support/unit.h"

#define THREADS 6
#define ROUNDS 12

static struct privkey *key;
static struct pubkey public;
static struct arena *arena;

static int
setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	arena = arena_new();
	if (!privkey_generate(KEY_RSA, 2048, &key, &err))
		return -1;
	public = key_parts(key, arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	privkey_free(key);
	arena_free(arena);
	return 0;
}

static const enum transport_alg transports[] = { TRANSPORT_PKCS1,
	TRANSPORT_OAEP_SHA1, TRANSPORT_OAEP_SHA256 };
static const struct {
	enum digest_alg digest;
	enum sig_alg alg;
} signatures[] = {
	{ DIGEST_SHA1, SIG_RSA_SHA1 },
	{ DIGEST_SHA256, SIG_RSA_SHA256 },
	{ DIGEST_SHA384, SIG_RSA_SHA384 },
	{ DIGEST_SHA512, SIG_RSA_SHA512 },
};

/* Cmocka's assertions are the main thread's: false is a failure. */
static bool
unwraps(struct lane *lane, enum transport_alg alg, uint8_t fill)
{
	uint8_t content_key[32], out[32] = { 0 };
	AUTO_BUF wrapped = { 0 };
	struct err err = { 0 };

	memset(content_key, fill, sizeof(content_key));
	return rsa_wrap(lane, &public, alg,
		   bytes_of(content_key, sizeof(content_key)), &wrapped,
		   &err) &&
	    rsa_unwrap(key, alg, buf_bytes(&wrapped), out, sizeof(out), &err) &&
	    memcmp(out, content_key, sizeof(out)) == 0;
}

static bool
signs(struct lane *lane, size_t i, const char *text)
{
	AUTO_BUF signature = { 0 };
	struct err err = { 0 };

	return rsa_sign(lane, key, signatures[i].digest, bytes_str(text),
		   &signature, &err) &&
	    pubkey_verify(lane, &public, signatures[i].alg, bytes_str(text),
		buf_bytes(&signature), &err) &&
	    !pubkey_verify(lane, &public, signatures[i].alg,
		bytes_str("another"), buf_bytes(&signature), &err);
}

static void
test_each_algorithm(void **state)
{
	struct lane *lane = lane_new();

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT_OF(transports); i++)
			assert_true(unwraps(
			    lane, transports[i], (uint8_t)(round * 16 + i)));
		for (size_t i = 0; i < COUNT_OF(signatures); i++)
			assert_true(
			    signs(lane, i, round % 2 == 0 ? "even" : "odd"));
	}
	lane_free(lane);
}

/* What does not unwrap is a key of nobody, each time another; and the next
 * message opens as ever (CVE-2026-42768). */
static void
test_what_does_not_unwrap(void **state)
{
	uint8_t first[16], second[16], garbage[256] = { 1 };
	struct lane *lane = lane_new();
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(transports); i++) {
		assert_true(rsa_unwrap(key, transports[i],
		    bytes_of(garbage, sizeof(garbage)), first, sizeof(first),
		    &err));
		assert_true(rsa_unwrap(key, transports[i],
		    bytes_of(garbage, 10), second, sizeof(second), &err));
		assert_memory_not_equal(first, second, sizeof(first));
		assert_true(unwraps(lane, transports[i], 7));
	}
	lane_free(lane);
}

static void *
use(void *arg)
{
	struct lane *lane = lane_new();
	bool *good = arg;

	*good = true;
	for (unsigned round = 0; round < ROUNDS && *good; round++)
		*good = unwraps(lane, transports[round % 3], (uint8_t)round) &&
		    signs(lane, round % COUNT_OF(signatures), "a message");
	lane_free(lane);
	return NULL;
}

static void
test_one_key_many_threads(void **state)
{
	pthread_t threads[THREADS];
	bool good[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, use, &good[i]), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(good[i]);
}

/* A context keeps neither key nor start value of the message before. */
static void
test_each_cipher(void **state)
{
	static const uint8_t iv[CIPHER_IV_MAX] = { 9 };
	struct lane *lane = lane_new();
	uint8_t secret[CIPHER_KEY_MAX];

	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		enum cipher_alg alg = CIPHER_AES_128_CBC + round % 4;
		AUTO_BUF text = { 0 };
		AUTO_SECRET *plain = NULL, *wrong = NULL;
		struct err err = { 0 };

		memset(secret, (int)round + 1, sizeof(secret));
		assert_true(cipher_encrypt(
		    lane, alg, secret, iv, bytes_str("content"), &text, &err));
		assert_true(cipher_decrypt(
		    lane, alg, secret, iv, buf_bytes(&text), &plain, &err));
		assert_true(bytes_is(secret_reveal(plain), "content"));
		assert_false(cipher_decrypt(lane, alg, secret, iv,
		    bytes_of(text.p, text.n - 1), &wrong, &err));
		assert_int_equal(err.kind, ERR_REJECTED);
	}
	lane_free(lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_algorithm),
		cmocka_unit_test(test_what_does_not_unwrap),
		cmocka_unit_test(test_one_key_many_threads),
		cmocka_unit_test(test_each_cipher),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
