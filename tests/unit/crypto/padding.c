/* Key transport and CBC, against OpenSSL's own opinion of each padding: nothing
 * that was wrong may be told from what was right by more than the outcome. */
#include "support/unit.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include "crypto/own.h"
#include "crypto/random.h"
#include "crypto/rsa.h"

static struct lane *lane;

static const struct {
	enum cipher_alg alg;
	const char *name;
	unsigned block;
} ciphers[] = {
	{ CIPHER_AES_128_CBC, "AES-128-CBC", 16 },
	{ CIPHER_AES_256_CBC, "AES-256-CBC", 16 },
	{ CIPHER_DES3_CBC, "DES-EDE3-CBC", 8 },
};

/* Of the ciphers its first octets; what is wrapped has up to all of them. */
static const uint8_t key[48] =
    "a key of thirty-two octets or so, and then some";
static const uint8_t iv[CIPHER_IV_MAX] = "start here, then";

static int
run(const char *name, bool encrypt, bool padding, const uint8_t *in, int n,
    uint8_t *out)
{
	AUTO(EVP_CIPHER) *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	AUTO(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
	int done, last;

	assert_int_equal(
	    EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, padding), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &done, in, n), 1);
	if (EVP_CipherFinal_ex(ctx, out + done, &last) != 1) {
		ERR_clear_error();
		return -1;
	}
	return done + last;
}

/* A plaintext with its padding, as it stands. */
static void
check_padding(size_t row, const uint8_t *plain, size_t n)
{
	uint8_t text[64], theirs[64];
	static const uint8_t zero[64];
	AUTO_SECRET *ours = NULL;
	struct err err = { 0 };
	int left;

	assert_int_equal(
	    run(ciphers[row].name, true, false, plain, (int)n, text), n);
	left = run(ciphers[row].name, false, true, text, (int)n, theirs);
	assert_true(cipher_decrypt(
	    lane, ciphers[row].alg, key, iv, bytes_of(text, n), &ours, &err));
	if (left < 0)
		assert_true(
		    bytes_equal(secret_reveal(ours), bytes_of(zero, n)));
	else
		assert_true(bytes_equal(
		    secret_reveal(ours), bytes_of(theirs, (size_t)left)));
}

static void
test_every_padding(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT_OF(ciphers); row++)
		for (unsigned last = 0; last < 256; last++) {
			unsigned block = ciphers[row].block;
			uint8_t plain[48];
			size_t n = 3u * block;

			memset(plain, 0x30, sizeof(plain));
			for (unsigned i = 0; i < MIN_OF(last, n); i++)
				plain[n - 1 - i] = (uint8_t)last;
			plain[n - 1] = (uint8_t)last;
			check_padding(row, plain, n);
			/* The whole of one block, too. */
			check_padding(row, plain + n - block, block);
			/* One octet of it is another. */
			for (unsigned i = 1; i < block; i++) {
				plain[n - 1 - i] ^= 0x41;
				check_padding(row, plain, n);
				plain[n - 1 - i] ^= 0x41;
			}
		}
}

static void
test_whole_blocks(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 17, 31 };
	static const uint8_t text[32];
	AUTO_SECRET *out = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct err err = { 0 };

		assert_false(cipher_decrypt(lane, CIPHER_AES_128_CBC, key, iv,
		    bytes_of(text, sizes[i]), &out, &err));
		assert_int_equal(err.kind, ERR_REJECTED);
	}
	assert_null(out);
}

static void
test_every_length(void **state)
{
	uint8_t content[70];

	(void)state;
	memset(content, 'x', sizeof(content));
	for (size_t row = 0; row < COUNT_OF(ciphers); row++)
		for (size_t n = 0; n <= sizeof(content); n++) {
			AUTO_SECRET *back = NULL;
			struct err err = { 0 };
			AUTO_BUF b = { 0 };

			assert_true(cipher_encrypt(lane, ciphers[row].alg, key,
			    iv, bytes_of(content, n), &b, &err));
			assert_int_equal(b.n % ciphers[row].block, 0);
			assert_true(cipher_decrypt(lane, ciphers[row].alg, key,
			    iv, buf_bytes(&b), &back, &err));
			assert_true(bytes_equal(
			    secret_reveal(back), bytes_of(content, n)));
		}
}

/* ---- key transport ---- */

static size_t
wrap(EVP_PKEY *pkey, bool oaep, const uint8_t *in, size_t n, uint8_t *out)
{
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	size_t size = 512;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	EVP_PKEY_CTX_set_rsa_padding(
	    ctx, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &size, in, n), 1);
	return size;
}

/* What does not unwrap to a key of the length is a key, too, and another one
 * each time; never an error, and never what was wrapped. */
static void
test_wrong_keys_are_keys(void **state)
{
	static const size_t lengths[] = { 16, 0, 1, 15, 17, 24, 32, 48 };
	struct privkey *priv;
	struct err err = { 0 };

	(void)state;
	assert_true(privkey_generate(KEY_RSA, 2048, &priv, &err));
	AUTO(EVP_PKEY) *pkey = privkey_evp(priv);
	for (int oaep = 0; oaep < 2; oaep++)
		for (size_t i = 0; i < COUNT_OF(lengths) * 2; i++) {
			enum transport_alg alg =
			    oaep ? TRANSPORT_OAEP_SHA1 : TRANSPORT_PKCS1;
			size_t n = lengths[i / 2], size;
			uint8_t wrapped[512], one[16], two[16];

			size = wrap(pkey, oaep, key, n, wrapped);
			/* The other half of the rows: damaged. */
			if (i % 2 == 1)
				wrapped[100] ^= 1;
			assert_true(rsa_unwrap(
			    priv, alg, bytes_of(wrapped, size), one, 16, &err));
			assert_true(rsa_unwrap(
			    priv, alg, bytes_of(wrapped, size), two, 16, &err));
			if (i == 0) {
				assert_memory_equal(one, key, 16);
				continue;
			}
			assert_memory_not_equal(one, key, 8);
			/* OpenSSL 3.2 has its own implicit rejection: its key
			 * follows from the text, and has any length. */
			if (OPENSSL_VERSION_NUMBER < 0x30200000L || oaep)
				assert_memory_not_equal(one, two, 16);
		}
	/* Numbers and lengths that are no ciphertext of this key. */
	for (size_t n = 0; n <= 257; n += n < 255 ? 51 : 1) {
		uint8_t text[257], one[16], two[16];

		memset(text, 0xff, sizeof(text));
		assert_true(rsa_unwrap(
		    priv, TRANSPORT_PKCS1, bytes_of(text, n), one, 16, &err));
		assert_true(rsa_unwrap(
		    priv, TRANSPORT_PKCS1, bytes_of(text, n), two, 16, &err));
		if (OPENSSL_VERSION_NUMBER < 0x30200000L)
			assert_memory_not_equal(one, two, 16);
	}
	privkey_free(priv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_padding),
		cmocka_unit_test(test_whole_blocks),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_wrong_keys_are_keys),
	};
	int failed;

	lane = lane_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lane_free(lane);
	return failed;
}
