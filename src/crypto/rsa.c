#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include "crypto/key_cache.h"
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

/* Of rsa_kept: how transport is undone, then what signs by which digest. */
static unsigned
use_of_transport(enum transport_alg alg)
{
	return (unsigned)alg;
}

static unsigned
use_of_digest(enum digest_alg alg)
{
	return TRANSPORT_OAEP_SHA256 + 1 + (unsigned)alg;
}

static EVP_PKEY_CTX *
unwrapper(const struct privkey *key, enum transport_alg alg)
{
	EVP_PKEY_CTX *kept = rsa_kept_take(key->kept, use_of_transport(alg));
	AUTO(EVP_PKEY_CTX) *ctx = NULL;

	if (kept != NULL)
		return kept;
	ctx = EVP_PKEY_CTX_new_from_pkey(privkey_libctx(), key->pkey, NULL);
	return ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
		set_padding(ctx, alg)
	    ? TAKE(ctx)
	    : NULL;
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
	EVP_PKEY_CTX *ctx;
	int rc;

	if (key->alg != KEY_RSA ||
	    EVP_PKEY_get_size(key->pkey) > (int)sizeof(plain))
		return fail(err, ERR_INTERNAL,
		    "the key to unwrap with is no RSA key of at most %u bits",
		    MODULUS_MAX * 8);
	ctx = unwrapper(key, alg);
	if (ctx == NULL)
		return fail_ossl(
		    err, ERR_INTERNAL, "the key cannot be unwrapped with");
	random_fill(&random, out, n);
	rc = EVP_PKEY_decrypt(ctx, plain, &got, wrapped.p, wrapped.n);
	ERR_clear_error();
	select_bytes(
	    (uint8_t) - (uint8_t)((rc == 1) & (got == n)), plain, out, n);
	secret_wipe(plain, sizeof(plain));
	rsa_kept_give(key->kept, use_of_transport(alg), ctx);
	return true;
}

bool
rsa_wrap(struct lane *lane, const struct pubkey *to, enum transport_alg alg,
    struct bytes content_key, struct buf *out, struct err *err)
{
	uint8_t wrapped[2048], id[32];
	size_t n = sizeof(wrapped);
	struct key_entry *entry;

	if (to->alg != KEY_RSA)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "a %s key cannot be encrypted to, expected an RSA key",
		    key_alg_name(to->alg));
	/* Who asked has just signed with it. */
	digest_compute(lane, DIGEST_SHA256, to->n, id);
	if (!key_cache_get(lane->recent, lane, id, to, &entry, err))
		return false;
	AUTO(EVP_PKEY_CTX) *ctx =
	    EVP_PKEY_CTX_new_from_pkey(lane->libctx, entry->pkey, NULL);
	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    !set_padding(ctx, alg) ||
	    EVP_PKEY_get_size(entry->pkey) > (int)sizeof(wrapped) ||
	    EVP_PKEY_encrypt(ctx, wrapped, &n, content_key.p, content_key.n) !=
		1)
		return fail_ossl(err, ERR_BAD_PUBLIC_KEY,
		    "nothing can be encrypted to this RSA key");
	buf_add(out, wrapped, n);
	return true;
}

/* ---- signatures ---- */

static EVP_PKEY_CTX *
signer(const struct privkey *key, enum digest_alg alg)
{
	EVP_PKEY_CTX *kept = rsa_kept_take(key->kept, use_of_digest(alg));
	AUTO(EVP_PKEY_CTX) *ctx = NULL;
	AUTO(EVP_MD) *md = NULL;

	if (kept != NULL)
		return kept;
	md = EVP_MD_fetch(privkey_libctx(), digest_name(alg), NULL);
	ctx = EVP_PKEY_CTX_new_from_pkey(privkey_libctx(), key->pkey, NULL);
	return md != NULL && ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		EVP_PKEY_CTX_set_signature_md(ctx, md) == 1
	    ? TAKE(ctx)
	    : NULL;
}

bool
rsa_sign(struct lane *lane, const struct privkey *key, enum digest_alg alg,
    struct bytes msg, struct buf *sig, struct err *err)
{
	uint8_t made[MODULUS_MAX], digest[DIGEST_MAX];
	size_t n = sizeof(made);
	EVP_PKEY_CTX *ctx;
	bool ok;

	if (key->alg != KEY_RSA ||
	    EVP_PKEY_get_size(key->pkey) > (int)sizeof(made))
		return fail(err, ERR_INTERNAL,
		    "the key to sign with is no RSA key of at most %u bits",
		    MODULUS_MAX * 8);
	ctx = signer(key, alg);
	digest_compute(lane, alg, msg, digest);
	ok = ctx != NULL &&
	    EVP_PKEY_sign(ctx, made, &n, digest, digest_size(alg)) == 1;
	rsa_kept_give(key->kept, use_of_digest(alg), ctx);
	if (!ok)
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
cipher_fetch(struct lane *lane, enum cipher_alg alg, struct err *err)
{
	if (lane->cbc[alg] == NULL)
		lane->cbc[alg] =
		    EVP_CIPHER_fetch(lane->libctx, ciphers[alg].name, NULL);
	if (lane->cbc[alg] == NULL)
		return fail_ossl(err, ERR_UNSUPPORTED,
		    "cipher %s is not allowed here", ciphers[alg].name);
	return true;
}

/* Both ways, the padding when encrypting alone; out has room for in.n and a
 * block. */
static bool
cipher_run(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, bool encrypt, uint8_t *out, size_t *n,
    struct err *err)
{
	EVP_CIPHER_CTX *ctx = lane->cbc_ctx;
	int done = 0, last = 0;
	bool ok;

	if (!cipher_fetch(lane, alg, err))
		return false;
	ok = in.n <= INT32_MAX - CIPHER_IV_MAX &&
	    EVP_CipherInit_ex2(ctx, lane->cbc[alg], key, iv, encrypt, NULL) ==
		1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, encrypt) == 1 &&
	    EVP_CipherUpdate(ctx, out, &done, in.p, (int)in.n) == 1 &&
	    EVP_CipherFinal_ex(ctx, out + done, &last) == 1;
	/* The key goes with its message. */
	EVP_CIPHER_CTX_reset(ctx);
	if (!ok)
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

/*
 * RFC 5652 section 6.3: 1 to a block of octets, each of them their number.  All
 * ones and what is left of n; or zero and n.  No branch depends on the octets.
 */
static uint8_t
padding_check(const uint8_t *plain, size_t n, size_t block, size_t *left)
{
	uint32_t padding = plain[n - 1], wrong;
	uint8_t mask;

	wrong = (padding - 1) >> 31 | ((uint32_t)block - padding) >> 31;
	for (uint32_t i = 0; i < block; i++) {
		uint32_t counts = (i - padding) >> 31;
		uint32_t differs = (0 - (plain[n - 1 - i] ^ padding)) >> 31;

		wrong |= counts & differs;
	}
	mask = (uint8_t)(wrong - 1);
	*left = n - (padding & mask);
	return mask;
}

bool
cipher_decrypt(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, struct secret **out, struct err *err)
{
	size_t block = ciphers[alg].iv, left = 0, n = 0;
	AUTO_BUF plain = { 0 };
	uint8_t mask;

	if (in.n == 0 || in.n % block != 0)
		return fail(err, ERR_REJECTED,
		    "the content has %zu octets, expected whole blocks", in.n);
	buf_reserve(&plain, in.n + CIPHER_IV_MAX);
	if (!cipher_run(lane, alg, key, iv, in, false, plain.p, &n, err)) {
		secret_wipe(plain.p, in.n + CIPHER_IV_MAX);
		return false;
	}
	mask = padding_check(plain.p, n, block, &left);
	for (size_t i = 0; i < n; i++)
		plain.p[i] &= mask;
	/* As many pages for each length of the padding. */
	*out = secret_new(plain.p, n);
	secret_cut(*out, left);
	secret_wipe(plain.p, in.n + CIPHER_IV_MAX);
	return true;
}
