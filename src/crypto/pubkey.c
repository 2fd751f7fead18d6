#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include "crypto/key_cache.h"
#include "crypto/lane_state.h"

/* Beyond what OpenSSL verifies with (16384 bits) nothing is loaded. */
#define RSA_MODULUS_MAX 2048u
#define RSA_EXPONENT_MAX 32u

static const struct {
	const char *group;
	size_t octets;
} curves[] = {
	[KEY_EC_P256] = { "P-256", 32 },
	[KEY_EC_P384] = { "P-384", 48 },
	[KEY_EC_P521] = { "P-521", 66 },
};

/* OSSL_PARAM integers are in the machine's order. */
static void
native_order(struct bytes in, uint8_t *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (size_t i = 0; i < in.n; i++)
		out[i] = in.p[in.n - 1 - i];
#else
	memcpy(out, in.p, in.n);
#endif
}

static EVP_PKEY *
load_rsa(struct lane *lane, const struct pubkey *key, struct err *err)
{
	uint8_t n[RSA_MODULUS_MAX], e[RSA_EXPONENT_MAX];
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[3];

	if (key->n.n == 0 || key->n.n > sizeof(n) || key->e.n == 0 ||
	    key->e.n > sizeof(e)) {
		(void)fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key has a modulus of %zu and an exponent of %zu "
		    "octets, expected at most %u and %u",
		    key->n.n, key->e.n, RSA_MODULUS_MAX, RSA_EXPONENT_MAX);
		return NULL;
	}
	native_order(key->n, n);
	native_order(key->e, e);
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, key->n.n);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, key->e.n);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata(
		lane->from_rsa, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		(void)fail_ossl(
		    err, ERR_BAD_PUBLIC_KEY, "RSA key cannot be loaded");
		return NULL;
	}
	return pkey;
}

static EVP_PKEY *
load_ec(struct lane *lane, const struct pubkey *key, struct err *err)
{
	size_t octets = curves[key->alg].octets;
	const uint8_t *p = key->point.p;
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[3];

	/* SEC 1 section 2.3.4: compressed or uncompressed; never the hybrid
	 * form, and the point at infinity is no key. */
	if (!(key->point.n == 1 + 2 * octets && p[0] == 0x04) &&
	    !(key->point.n == 1 + octets && (p[0] == 0x02 || p[0] == 0x03))) {
		(void)fail(err, ERR_BAD_PUBLIC_KEY,
		    "%s key has a point of %zu octets, expected %zu",
		    key_alg_name(key->alg), key->point.n, 1 + 2 * octets);
		return NULL;
	}
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
	    (char *)(uintptr_t)curves[key->alg].group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)p, key->point.n);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata(
		lane->from_ec, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		(void)fail_ossl(err, ERR_BAD_PUBLIC_KEY,
		    "%s key is not a point of its curve",
		    key_alg_name(key->alg));
		return NULL;
	}
	return pkey;
}

static EVP_PKEY *
load_ed25519(struct lane *lane, const struct pubkey *key, struct err *err)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[2];

	if (key->point.n != 32) {
		(void)fail(err, ERR_BAD_PUBLIC_KEY,
		    "Ed25519 key has %zu octets, expected 32", key->point.n);
		return NULL;
	}
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
	    (void *)(uintptr_t)key->point.p, key->point.n);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata(
		lane->from_ed, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		(void)fail_ossl(
		    err, ERR_BAD_PUBLIC_KEY, "Ed25519 key cannot be loaded");
		return NULL;
	}
	return pkey;
}

EVP_PKEY *
pubkey_load(struct lane *lane, const struct pubkey *key, struct err *err)
{
	switch (key->alg) {
	case KEY_RSA:
		return load_rsa(lane, key, err);
	case KEY_EC_P256:
	case KEY_EC_P384:
	case KEY_EC_P521:
		return load_ec(lane, key, err);
	case KEY_ED25519:
		return load_ed25519(lane, key, err);
	}
	(void)fail(err, ERR_BAD_PUBLIC_KEY, "key of an unknown kind");
	return NULL;
}

/* A context set to verify digests of `alg`, kept with the key. */
static bool
entry_prepare(struct lane *lane, struct key_entry *entry, enum sig_alg alg,
    struct err *err)
{
	AUTO(EVP_PKEY_CTX) *c = NULL;

	if (entry->verify != NULL && entry->alg == alg)
		return true;
	c = EVP_PKEY_CTX_new_from_pkey(lane->libctx, entry->pkey, NULL);
	if (c == NULL || EVP_PKEY_verify_init(c) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(c, lane->md[sig_alg_digest(alg)]) !=
		1)
		return fail_ossl(
		    err, ERR_BAD_PUBLIC_KEY, "key cannot verify signatures");
	EVP_PKEY_CTX_free(entry->verify);
	entry->verify = TAKE(c);
	entry->alg = alg;
	return true;
}

static bool
verify_ed25519(
    struct lane *lane, EVP_PKEY *pkey, struct bytes msg, struct bytes sig)
{
	bool good;

	good = EVP_DigestVerifyInit_ex(lane->ed_ctx, NULL, NULL, lane->libctx,
		   NULL, pkey, NULL) == 1 &&
	    EVP_DigestVerify(lane->ed_ctx, sig.p, sig.n, msg.p, msg.n) == 1;
	EVP_MD_CTX_reset(lane->ed_ctx);
	return good;
}

static bool
entry_verify(struct lane *lane, struct key_entry *entry, enum sig_alg alg,
    struct bytes msg, const uint8_t *sha256, struct bytes sig, struct err *err)
{
	enum digest_alg md = sig_alg_digest(alg);
	uint8_t digest[DIGEST_MAX];
	bool good;

	if (alg == SIG_ED25519) {
		good = verify_ed25519(lane, entry->pkey, msg, sig);
	} else {
		if (!entry_prepare(lane, entry, alg, err))
			return false;
		if (md == DIGEST_SHA256 && sha256 != NULL)
			memcpy(digest, sha256, 32);
		else
			digest_compute(lane, md, msg, digest);
		good = EVP_PKEY_verify(entry->verify, sig.p, sig.n, digest,
			   digest_size(md)) == 1;
	}
	if (!good)
		return fail_ossl(err, ERR_BAD_SIGNATURE,
		    "signature does not hold with the %s key",
		    EVP_PKEY_get0_type_name(entry->pkey));
	return true;
}

static bool
verify_through(struct lane *lane, struct key_cache *cache, const uint8_t id[32],
    const struct pubkey *key, enum sig_alg alg, struct bytes msg,
    const uint8_t *sha256, struct bytes sig, struct err *err)
{
	struct key_entry *entry;

	/* PSS without its salt would be any PSS. */
	if (!sig_alg_is_for(alg, key->alg) || sig_alg_is_pss(alg))
		return fail(err, ERR_BAD_SIGNATURE_ALG,
		    "signature algorithm does not fit a key of kind %s",
		    key_alg_name(key->alg));
	return key_cache_get(cache, lane, id, key, &entry, err) &&
	    entry_verify(lane, entry, alg, msg, sha256, sig, err);
}

bool
pubkey_verify_hashed(struct lane *lane, const struct pubkey *key,
    enum sig_alg alg, struct bytes msg, const uint8_t *sha256, struct bytes sig,
    struct err *err)
{
	uint8_t id[32];

	digest_compute(
	    lane, DIGEST_SHA256, key->alg == KEY_RSA ? key->n : key->point, id);
	return verify_through(
	    lane, lane->recent, id, key, alg, msg, sha256, sig, err);
}

bool
pubkey_verify(struct lane *lane, const struct pubkey *key, enum sig_alg alg,
    struct bytes msg, struct bytes sig, struct err *err)
{
	return pubkey_verify_hashed(lane, key, alg, msg, NULL, sig, err);
}

bool
pubkey_verify_cached(struct lane *lane, const uint8_t id[32],
    const struct pubkey *key, enum sig_alg alg, struct bytes msg,
    struct bytes sig, struct err *err)
{
	return verify_through(
	    lane, lane->accounts, id, key, alg, msg, NULL, sig, err);
}

/* A context of its own: how long the salt is changes with each signature. */
static bool
entry_verify_pss(struct lane *lane, struct key_entry *entry, enum sig_alg alg,
    size_t salt, struct bytes msg, struct bytes sig)
{
	enum digest_alg md = sig_alg_digest(alg);
	uint8_t digest[DIGEST_MAX];
	AUTO(EVP_PKEY_CTX) *ctx =
	    EVP_PKEY_CTX_new_from_pkey(lane->libctx, entry->pkey, NULL);

	digest_compute(lane, md, msg, digest);
	return ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, lane->md[md]) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, lane->md[md]) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt) == 1 &&
	    EVP_PKEY_verify(ctx, sig.p, sig.n, digest, digest_size(md)) == 1;
}

bool
pubkey_verify_salted(struct lane *lane, const struct pubkey *key,
    enum sig_alg alg, size_t salt, struct bytes msg, struct bytes sig,
    struct err *err)
{
	struct key_entry *entry;
	uint8_t id[32];

	if (!sig_alg_is_pss(alg))
		return pubkey_verify(lane, key, alg, msg, sig, err);
	if (key->alg != KEY_RSA)
		return fail(err, ERR_BAD_SIGNATURE_ALG,
		    "RSASSA-PSS does not fit a key of kind %s",
		    key_alg_name(key->alg));
	/* RFC 8017 section 9.1.2 step 3: digest and salt must have room. */
	if (digest_size(sig_alg_digest(alg)) + salt + 2 > (key->bits + 6) / 8)
		return fail(err, ERR_BAD_SIGNATURE,
		    "a salt of %zu octets has no room in an RSA key of %u bits",
		    salt, key->bits);
	digest_compute(lane, DIGEST_SHA256, key->n, id);
	if (!key_cache_get(lane->recent, lane, id, key, &entry, err))
		return false;
	if (!entry_verify_pss(lane, entry, alg, salt, msg, sig))
		return fail_ossl(err, ERR_BAD_SIGNATURE,
		    "signature does not hold with the RSA key (RSASSA-PSS)");
	return true;
}
