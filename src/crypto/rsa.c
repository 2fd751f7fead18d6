#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include "crypto/lane_state.h"
#include "crypto/privkey_state.h"
#include "crypto/random.h"
#include "crypto/rsa.h"

/* Of the largest RSA key that anything is unwrapped with. */
#define MODULUS_MAX 1024u

/* ---- key transport ---- */

static bool
set_padding(EVP_PKEY_CTX *ctx, enum transport_alg alg)
{
	const char *digest = alg == TRANSPORT_OAEP_SHA256 ? "SHA2-256" : "SHA1";

	if (alg == TRANSPORT_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) ==
		    1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, digest, NULL) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest, NULL) == 1;
}

/* a if mask is all ones, b if it is zero; no branch to be timed. */
static void
select_bytes(uint8_t mask, const uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)((a[i] & mask) | (b[i] & (uint8_t)~mask));
}

bool
rsa_unwrap(const struct privkey *key, enum transport_alg alg,
    struct bytes wrapped, uint8_t *out, size_t n, struct err *err)
{
	const struct random random = random_system();
	uint8_t plain[MODULUS_MAX] = { 0 };
	size_t got = sizeof(plain);
	int rc;

	if (key->alg != KEY_RSA ||
	    EVP_PKEY_get_size(key->pkey) > (int)sizeof(plain))
		return fail(err, ERR_INTERNAL,
		    "the key to unwrap with is no RSA key of at most %u bits",
		    MODULUS_MAX * 8);
	AUTO(EVP_PKEY_CTX) *ctx =
	    EVP_PKEY_CTX_new_from_pkey(privkey_libctx(), key->pkey, NULL);
	if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
	    !set_padding(ctx, alg))
		return fail_ossl(
		    err, ERR_INTERNAL, "the key cannot be unwrapped with");
	random_fill(&random, out, n);
	rc = EVP_PKEY_decrypt(ctx, plain, &got, wrapped.p, wrapped.n);
	ERR_clear_error();
	select_bytes(
	    (uint8_t) - (uint8_t)((rc == 1) & (got == n)), plain, out, n);
	secret_wipe(plain, sizeof(plain));
	return true;
}

bool
rsa_wrap(struct lane *lane, const struct pubkey *to, enum transport_alg alg,
    struct bytes content_key, struct buf *out, struct err *err)
{
	uint8_t wrapped[2048];
	size_t n = sizeof(wrapped);

	if (to->alg != KEY_RSA)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "a %s key cannot be encrypted to, expected an RSA key",
		    key_alg_name(to->alg));
	AUTO(EVP_PKEY) *pkey = pubkey_load(lane, to, err);
	if (pkey == NULL)
		return false;
	AUTO(EVP_PKEY_CTX) *ctx =
	    EVP_PKEY_CTX_new_from_pkey(lane->libctx, pkey, NULL);
	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    !set_padding(ctx, alg) ||
	    EVP_PKEY_get_size(pkey) > (int)sizeof(wrapped) ||
	    EVP_PKEY_encrypt(ctx, wrapped, &n, content_key.p, content_key.n) !=
		1)
		return fail_ossl(err, ERR_BAD_PUBLIC_KEY,
		    "nothing can be encrypted to this RSA key");
	buf_add(out, wrapped, n);
	return true;
}

/* ---- signatures ---- */

bool
rsa_sign(const struct privkey *key, enum digest_alg alg, struct bytes msg,
    struct buf *sig, struct err *err)
{
	uint8_t made[MODULUS_MAX];
	size_t n = sizeof(made);
	EVP_PKEY_CTX *ctx;

	AUTO(EVP_MD_CTX) *md = EVP_MD_CTX_new();
	if (md == NULL || key->alg != KEY_RSA ||
	    EVP_PKEY_get_size(key->pkey) > (int)sizeof(made) ||
	    EVP_DigestSignInit_ex(md, &ctx, digest_name(alg), privkey_libctx(),
		NULL, key->pkey, NULL) != 1 ||
	    EVP_DigestSign(md, made, &n, msg.p, msg.n) != 1)
		return fail_ossl(err, ERR_INTERNAL, "RSA cannot sign");
	buf_add(sig, made, n);
	return true;
}

/* ---- ciphers ---- */

static const struct {
	const char *name;
	size_t key, iv;
} ciphers[] = {
	[CIPHER_AES_128_CBC] = { "AES-128-CBC", 16, 16 },
	[CIPHER_AES_192_CBC] = { "AES-192-CBC", 24, 16 },
	[CIPHER_AES_256_CBC] = { "AES-256-CBC", 32, 16 },
	[CIPHER_DES3_CBC] = { "DES-EDE3-CBC", 24, 8 },
	[CIPHER_DES_CBC] = { "DES-CBC", 8, 8 },
};

size_t
cipher_key_size(enum cipher_alg alg)
{
	return ciphers[alg].key;
}

size_t
cipher_iv_size(enum cipher_alg alg)
{
	return ciphers[alg].iv;
}

const char *
cipher_name(enum cipher_alg alg)
{
	return ciphers[alg].name;
}

static bool
cipher_fetch(
    struct lane *lane, enum cipher_alg alg, EVP_CIPHER **out, struct err *err)
{
	*out = EVP_CIPHER_fetch(lane->libctx, ciphers[alg].name, NULL);
	if (*out == NULL)
		return fail_ossl(err, ERR_UNSUPPORTED,
		    "cipher %s is not allowed here", ciphers[alg].name);
	return true;
}

/* Both ways; out has room for in.n and a block. */
static bool
cipher_run(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, bool encrypt, uint8_t *out, size_t *n,
    struct err *err)
{
	AUTO(EVP_CIPHER) *cipher = NULL;
	int done = 0, last = 0;

	if (!cipher_fetch(lane, alg, &cipher, err))
		return false;
	AUTO(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL || in.n > INT32_MAX - CIPHER_IV_MAX ||
	    EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, out, &done, in.p, (int)in.n) != 1 ||
	    EVP_CipherFinal_ex(ctx, out + done, &last) != 1)
		return fail_ossl(
		    err, ERR_REJECTED, "the content does not decrypt");
	*n = (size_t)done + (size_t)last;
	return true;
}

bool
cipher_encrypt(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, struct buf *out, struct err *err)
{
	size_t n;

	buf_reserve(out, in.n + CIPHER_IV_MAX);
	if (!cipher_run(lane, alg, key, iv, in, true, out->p + out->n, &n, err))
		return false;
	out->n += n;
	return true;
}

bool
cipher_decrypt(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, struct secret **out, struct err *err)
{
	AUTO_BUF plain = { 0 };
	size_t n = 0;
	bool ok;

	buf_reserve(&plain, in.n + CIPHER_IV_MAX);
	ok = cipher_run(lane, alg, key, iv, in, false, plain.p, &n, err);
	/* A CBC reader writes all but the last block before it fails. */
	if (ok)
		*out = secret_new(plain.p, n);
	secret_wipe(plain.p, in.n + CIPHER_IV_MAX);
	return ok;
}
