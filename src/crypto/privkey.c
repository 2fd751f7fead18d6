#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include "crypto/lane_state.h"
#include "crypto/privkey_state.h"

/*
 * Room for a few RSA-4096 keys and the seeds of the generators; below the
 * 8 MiB that a service may lock by default.
 */
#define SECURE_HEAP (1u << 19)
#define SECURE_HEAP_MIN 64

static OSSL_LIB_CTX *keys_libctx;
static pthread_once_t keys_once = PTHREAD_ONCE_INIT;

/*
 * Sanitizers do not see into this heap: they would call what is referred to
 * from there leaked, and miss an overflow.
 */
#ifdef CHANCERY_SANITIZED
static void
keys_heap(void)
{
}
#else
static void
keys_heap(void)
{
	/* If memory cannot be locked, OpenSSL still keeps it apart and wipes
	 * it; and keys must load in a process without the privilege. */
	if (CRYPTO_secure_malloc_initialized() == 0)
		(void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_MIN);
}
#endif

static void
keys_init(void)
{
	keys_heap();
	keys_libctx = OSSL_LIB_CTX_new();
	if (keys_libctx == NULL)
		abort();
}

OSSL_LIB_CTX *
privkey_libctx(void)
{
	pthread_once(&keys_once, keys_init);
	return keys_libctx;
}

static bool
find_alg(EVP_PKEY *pkey, enum key_alg *alg, struct err *err)
{
	char text[64] = "";

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		int bits = EVP_PKEY_get_bits(pkey);

		*alg = KEY_RSA;
		if (bits < 2048 || bits > 8192)
			return fail(err, ERR_UNSUPPORTED,
			    "private RSA key has %d bits, expected 2048 to "
			    "8192",
			    bits);
		return true;
	}
	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		*alg = KEY_ED25519;
		return true;
	}
	if (!EVP_PKEY_is_a(pkey, "EC"))
		return fail(err, ERR_UNSUPPORTED,
		    "private key is of kind %s, expected RSA, EC or Ed25519",
		    EVP_PKEY_get0_type_name(pkey));
	/* RFC 5480 section 2.1.1: named curves only. */
	if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
		text, sizeof(text), NULL) != 1 ||
	    strcmp(text, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
		return fail(err, ERR_UNSUPPORTED,
		    "private EC key has explicit parameters, expected a "
		    "named curve");
	if (EVP_PKEY_get_group_name(pkey, text, sizeof(text), NULL) != 1)
		text[0] = '\0';
	if (strcmp(text, "prime256v1") == 0)
		*alg = KEY_EC_P256;
	else if (strcmp(text, "secp384r1") == 0)
		*alg = KEY_EC_P384;
	else if (strcmp(text, "secp521r1") == 0)
		*alg = KEY_EC_P521;
	else
		return fail(err, ERR_UNSUPPORTED,
		    "private EC key is on curve %s, expected P-256, P-384 or "
		    "P-521",
		    text);
	return true;
}

enum sig_alg
privkey_sig_alg(const struct privkey *key)
{
	return key_alg_signs(key->alg);
}

/* Contexts made once, so that a signature allocates and fetches nothing. */
static bool
prepare(struct privkey *key, struct err *err)
{
	OSSL_LIB_CTX *ctx = privkey_libctx();
	int max = EVP_PKEY_get_size(key->pkey);

	key->signature_max = max > 0 ? (size_t)max : 0;
	if (key->alg == KEY_RSA)
		key->kept = rsa_kept_new();
	key->md_ctx = EVP_MD_CTX_new();
	if (key->md_ctx == NULL || max <= 0)
		return fail_ossl(err, ERR_INTERNAL, "no signing context");
	if (key->alg == KEY_ED25519)
		return true;
	key->md = EVP_MD_fetch(
	    ctx, digest_name(sig_alg_digest(privkey_sig_alg(key))), NULL);
	key->sign = EVP_PKEY_CTX_new_from_pkey(ctx, key->pkey, NULL);
	if (key->md == NULL || key->sign == NULL ||
	    EVP_DigestInit_ex2(key->md_ctx, key->md, NULL) != 1 ||
	    EVP_PKEY_sign_init(key->sign) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(key->sign, key->md) != 1)
		return fail_ossl(err, ERR_INTERNAL, "no signing context");
	return true;
}

/* A file whose two halves do not belong together is found here, not later. */
static bool
try_key(struct privkey *key, struct err *err)
{
	static const uint8_t msg[] = "two halves of one key";
	OSSL_LIB_CTX *ctx = privkey_libctx();
	AUTO(EVP_MD_CTX) *c = EVP_MD_CTX_new();
	AUTO_BUF sig = { 0 };
	const char *md = key->alg == KEY_ED25519
	    ? NULL
	    : digest_name(sig_alg_digest(privkey_sig_alg(key)));

	if (!privkey_sign(key, bytes_of(msg, sizeof(msg)), &sig, err))
		return false;
	if (c == NULL ||
	    EVP_DigestVerifyInit_ex(c, NULL, md, ctx, NULL, key->pkey, NULL) !=
		1 ||
	    EVP_DigestVerify(c, sig.p, sig.n, msg, sizeof(msg)) != 1)
		return fail_ossl(err, ERR_MALFORMED,
		    "private key does not belong to its public part");
	return true;
}

struct privkey *
privkey_adopt(EVP_PKEY *pkey, struct err *err)
{
	struct privkey *key = mem_alloc(sizeof(*key));
	unsigned char *spki = NULL;
	int n;

	key->pkey = pkey;
	if (!find_alg(pkey, &key->alg, err) || !prepare(key, err) ||
	    !try_key(key, err)) {
		privkey_free(key);
		return NULL;
	}
	n = i2d_PUBKEY(pkey, &spki);
	if (n <= 0) {
		privkey_free(key);
		(void)fail_ossl(err, ERR_INTERNAL, "public key not encoded");
		return NULL;
	}
	buf_add(&key->spki, spki, (size_t)n);
	OPENSSL_free(spki);
	return key;
}

bool
privkey_generate(
    enum key_alg alg, unsigned rsa_bits, struct privkey **out, struct err *err)
{
	OSSL_LIB_CTX *ctx = privkey_libctx();
	EVP_PKEY *pkey = NULL;
	struct privkey *key;

	switch (alg) {
	case KEY_RSA:
		if (rsa_bits < 2048 || rsa_bits > 8192 || rsa_bits % 256 != 0)
			return fail(err, ERR_UNSUPPORTED,
			    "RSA key of %u bits, expected 2048 to 8192",
			    rsa_bits);
		pkey = EVP_PKEY_Q_keygen(ctx, NULL, "RSA", (size_t)rsa_bits);
		break;
	case KEY_EC_P256:
		pkey = EVP_PKEY_Q_keygen(ctx, NULL, "EC", "P-256");
		break;
	case KEY_EC_P384:
		pkey = EVP_PKEY_Q_keygen(ctx, NULL, "EC", "P-384");
		break;
	case KEY_EC_P521:
		pkey = EVP_PKEY_Q_keygen(ctx, NULL, "EC", "P-521");
		break;
	case KEY_ED25519:
		pkey = EVP_PKEY_Q_keygen(ctx, NULL, "ED25519");
		break;
	}
	if (pkey == NULL)
		return fail_ossl(err, ERR_INTERNAL, "no key was generated");
	key = privkey_adopt(pkey, err);
	if (key == NULL)
		return false;
	*out = key;
	return true;
}

void
privkey_free(struct privkey *key)
{
	if (key == NULL)
		return;
	rsa_kept_free(key->kept);
	EVP_PKEY_CTX_free(key->sign);
	EVP_MD_CTX_free(key->md_ctx);
	EVP_MD_free(key->md);
	EVP_PKEY_free(key->pkey);
	buf_free(&key->spki);
	free(key);
}

enum key_alg
privkey_alg(const struct privkey *key)
{
	return key->alg;
}

struct bytes
privkey_spki(const struct privkey *key)
{
	return buf_bytes(&key->spki);
}

EVP_PKEY *
privkey_evp(const struct privkey *key)
{
	if (EVP_PKEY_up_ref(key->pkey) != 1)
		abort();
	return key->pkey;
}

EVP_PKEY *
privkey_evp_for(
    const struct privkey *key, OSSL_LIB_CTX *libctx, struct err *err)
{
	AUTO(EVP_PKEY_CTX) *c = NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *copy = NULL;

	c = EVP_PKEY_CTX_new_from_name(
	    libctx, EVP_PKEY_get0_type_name(key->pkey), NULL);
	if (c == NULL ||
	    EVP_PKEY_todata(key->pkey, EVP_PKEY_KEYPAIR, &params) != 1 ||
	    EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &copy, EVP_PKEY_KEYPAIR, params) != 1)
		(void)fail_ossl(err, ERR_INTERNAL, "key not copied");
	/* Secret values lie in secure memory of the set; freeing wipes it. */
	OSSL_PARAM_free(params);
	return copy;
}

static bool
message_digest(struct privkey *key, struct bytes msg, const uint8_t *sha256,
    uint8_t digest[DIGEST_MAX], unsigned *n)
{
	if (sha256 != NULL &&
	    sig_alg_digest(key_alg_signs(key->alg)) == DIGEST_SHA256) {
		memcpy(digest, sha256, 32);
		*n = 32;
		return true;
	}
	return EVP_DigestInit_ex2(key->md_ctx, NULL, NULL) == 1 &&
	    EVP_DigestUpdate(key->md_ctx, msg.p, msg.n) == 1 &&
	    EVP_DigestFinal_ex(key->md_ctx, digest, n) == 1;
}

static bool
sign_message(struct privkey *key, struct bytes msg, const uint8_t *sha256,
    struct buf *sig, struct err *err)
{
	uint8_t digest[DIGEST_MAX];
	unsigned n = 0;
	size_t length = key->signature_max;
	int ok;

	buf_reserve(sig, length);
	if (key->alg == KEY_ED25519) {
		/* RFC 8032: the message is hashed twice, so it comes whole. */
		ok = EVP_DigestSignInit_ex(key->md_ctx, NULL, NULL,
			 privkey_libctx(), NULL, key->pkey, NULL) == 1 &&
		    EVP_DigestSign(key->md_ctx, sig->p + sig->n, &length, msg.p,
			msg.n) == 1;
		EVP_MD_CTX_reset(key->md_ctx);
	} else {
		ok = message_digest(key, msg, sha256, digest, &n) &&
		    EVP_PKEY_sign(
			key->sign, sig->p + sig->n, &length, digest, n) == 1;
	}
	if (!ok)
		return fail_ossl(err, ERR_INTERNAL, "signing failed");
	sig->n += length;
	return true;
}

bool
privkey_sign(
    struct privkey *key, struct bytes msg, struct buf *sig, struct err *err)
{
	return sign_message(key, msg, NULL, sig, err);
}

bool
privkey_sign_hashed(struct privkey *key, struct bytes msg,
    const uint8_t sha256[32], struct buf *sig, struct err *err)
{
	return sign_message(key, msg, sha256, sig, err);
}
