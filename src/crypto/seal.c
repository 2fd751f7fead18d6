#include <stdlib.h>
#include "crypto/lane_state.h"
#include "crypto/random.h"

#define SEAL_KEY 32u
#define SEAL_NONCE 12
#define SEAL_TAG 16
/* Sealed things are keys and tokens; the cap only keeps int lengths honest. */
#define SEAL_MAX (1u << 20)

static bool
seal_check(
    const struct secret *key, struct bytes aad, size_t n, struct err *err)
{
	if (secret_reveal(key).n != SEAL_KEY)
		return fail(err, ERR_INTERNAL,
		    "seal key has %zu octets, expected %u",
		    secret_reveal(key).n, SEAL_KEY);
	if (n > SEAL_MAX || aad.n > SEAL_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "%zu octets to seal, at most %u", n, SEAL_MAX);
	return true;
}

bool
seal_encrypt(struct lane *lane, const struct secret *key, struct bytes aad,
    struct bytes plain, struct buf *out, struct err *err)
{
	const struct random source = random_system();
	EVP_CIPHER_CTX *c = lane->gcm_ctx;
	AUTO_BUF sealed = { 0 };
	int n, last;

	if (!seal_check(key, aad, plain.n, err))
		return false;
	buf_reserve(&sealed, SEAL_NONCE + plain.n + SEAL_TAG);
	/* Random nonces: SP 800-38D section 8.2.2, far below 2^32 seals. */
	random_fill(&source, sealed.p, SEAL_NONCE);
	if (EVP_EncryptInit_ex2(
		c, lane->gcm, secret_reveal(key).p, sealed.p, NULL) != 1 ||
	    EVP_EncryptUpdate(c, NULL, &n, aad.p, (int)aad.n) != 1 ||
	    EVP_EncryptUpdate(
		c, sealed.p + SEAL_NONCE, &n, plain.p, (int)plain.n) != 1 ||
	    EVP_EncryptFinal_ex(c, sealed.p + SEAL_NONCE + n, &last) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG,
		sealed.p + SEAL_NONCE + plain.n) != 1) {
		EVP_CIPHER_CTX_reset(c);
		return fail_ossl(err, ERR_INTERNAL, "sealing failed");
	}
	/* The key schedule is not left behind. */
	EVP_CIPHER_CTX_reset(c);
	buf_add(out, sealed.p, SEAL_NONCE + plain.n + SEAL_TAG);
	return true;
}

bool
seal_decrypt(struct lane *lane, const struct secret *key, struct bytes aad,
    struct bytes sealed, struct secret **out, struct err *err)
{
	EVP_CIPHER_CTX *c = lane->gcm_ctx;
	uint8_t tag[SEAL_TAG], *plain;
	int n = 0, last, ok;
	size_t length;

	if (!seal_check(key, aad, sealed.n, err))
		return false;
	if (sealed.n < SEAL_NONCE + SEAL_TAG)
		return fail(err, ERR_MALFORMED,
		    "sealed value has %zu octets, expected at least %d",
		    sealed.n, SEAL_NONCE + SEAL_TAG);
	length = sealed.n - SEAL_NONCE - SEAL_TAG;
	memcpy(tag, sealed.p + SEAL_NONCE + length, SEAL_TAG);
	plain = mem_alloc(length + 1);
	ok = EVP_DecryptInit_ex2(
		 c, lane->gcm, secret_reveal(key).p, sealed.p, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, tag) == 1 &&
	    EVP_DecryptUpdate(c, NULL, &n, aad.p, (int)aad.n) == 1 &&
	    EVP_DecryptUpdate(
		c, plain, &n, sealed.p + SEAL_NONCE, (int)length) == 1 &&
	    EVP_DecryptFinal_ex(c, plain + n, &last) == 1;
	EVP_CIPHER_CTX_reset(c);
	if (ok)
		*out = secret_new(plain, length);
	secret_wipe(plain, length);
	free(plain);
	if (!ok)
		return fail_ossl(err, ERR_REJECTED,
		    "sealed value was made with another key or changed");
	return true;
}
