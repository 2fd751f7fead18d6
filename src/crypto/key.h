/*
 * Keys and signatures.  Public keys are held as raw coordinates or modulus
 * (never d2i_PUBKEY on a hot path) and loaded with EVP_PKEY_fromdata into a
 * lane.  Private keys are PKCS#8 PEM, encrypted (scrypt, AES-256-CBC).
 *
 * DER lives in src/codec; here keys are structs.
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "crypto/lane.h"
#include "util/secret.h"

enum key_alg {
	KEY_RSA = 1,
	KEY_EC_P256,
	KEY_EC_P384,
	KEY_EC_P521,
	KEY_ED25519
};

/* Signature algorithms as used in certificates and JWS alike. */
enum sig_alg {
	SIG_RSA_SHA256 = 1, /* RS256, sha256WithRSAEncryption */
	SIG_RSA_SHA384,
	SIG_RSA_SHA512,
	SIG_ECDSA_SHA256, /* ES256 when the key is P-256 */
	SIG_ECDSA_SHA384,
	SIG_ECDSA_SHA512,
	SIG_ED25519,
	/* Only to read what clients send; never written. */
	SIG_RSA_SHA1,
	SIG_PSS_SHA256, /* RSASSA-PSS, MGF1 with the same digest */
	SIG_PSS_SHA384,
	SIG_PSS_SHA512
};
bool sig_alg_is_pss(enum sig_alg alg);

/* A public key in parts; borrows its memory. */
struct pubkey {
	enum key_alg alg;
	unsigned bits; /* RSA modulus length, or the curve's */
	struct bytes n, e; /* RSA, big endian, no leading zero */
	struct bytes point; /* EC: 04 || X || Y; Ed25519: 32 octets */
};

const char *key_alg_name(enum key_alg alg); /* "ec-p256", "rsa", … */
bool key_alg_parse(const char *s, enum key_alg *alg, unsigned *rsa_bits);
/* What a key of this kind signs certificates with. */
enum sig_alg key_alg_signs(enum key_alg alg);

/*
 * The form of a key, before any signature is looked at: RSA bits in
 * [min, max], odd modulus, odd exponent > 65536 or == 3 refused, no ROCA
 * fingerprint, no small factors, known Debian weak keys; a point on its curve.
 */
bool pubkey_check(struct lane *lane, const struct pubkey *key,
    unsigned rsa_min_bits, unsigned rsa_max_bits, struct err *err) MUST_CHECK;
/*
 * Adds a list of weak RSA keys in the form of Debian's openssl-blacklist (per
 * line 20 hexadecimal digits; # begins a comment) to what pubkey_check refuses.
 * Before threads start.
 */
bool key_blocklist_load(struct bytes text, struct err *err) MUST_CHECK;
/* Into a lane's library context. */
EVP_PKEY *pubkey_load(
    struct lane *lane, const struct pubkey *key, struct err *err) MUST_CHECK;
/*
 * Verifies over the whole message.  ECDSA signatures are DER here (JWS's
 * fixed-length form is turned by src/codec/jws).  ERR_BAD_SIGNATURE.
 */
bool pubkey_verify(struct lane *lane, const struct pubkey *key,
    enum sig_alg alg, struct bytes msg, struct bytes sig,
    struct err *err) MUST_CHECK;
/* The same, and RSASSA-PSS with a salt of this many octets (RFC 8017 section
 * 9.1.2), which other algorithms ignore. */
bool pubkey_verify_salted(struct lane *lane, const struct pubkey *key,
    enum sig_alg alg, size_t salt, struct bytes msg, struct bytes sig,
    struct err *err) MUST_CHECK;
/* The same when SHA-256 of the message is known already (NULL: it is not): a
 * CRL of 50 MB is not hashed twice. */
bool pubkey_verify_hashed(struct lane *lane, const struct pubkey *key,
    enum sig_alg alg, struct bytes msg, const uint8_t *sha256, struct bytes sig,
    struct err *err) MUST_CHECK;
/* The same through the lane's cache of keys: id is the key's thumbprint. */
bool pubkey_verify_cached(struct lane *lane, const uint8_t id[32],
    const struct pubkey *key, enum sig_alg alg, struct bytes msg,
    struct bytes sig, struct err *err) MUST_CHECK;

struct privkey;

bool privkey_generate(enum key_alg alg, unsigned rsa_bits, struct privkey **out,
    struct err *err) MUST_CHECK;
/* Reads PKCS#8 PEM; passphrase may be NULL for a clear key. */
bool privkey_load(struct bytes pem, const struct secret *passphrase,
    struct privkey **out, struct err *err) MUST_CHECK;
/* PKCS#8 PEM; encrypted with PBES2 (scrypt) unless passphrase is NULL. */
bool privkey_encode(const struct privkey *key, const struct secret *passphrase,
    struct buf *out, struct err *err) MUST_CHECK;
/* PKCS#8 in the clear, DER: for who is handed the key. */
bool privkey_encode_pkcs8(
    const struct privkey *key, struct secret **out, struct err *err) MUST_CHECK;
void privkey_free(struct privkey *key);
static inline void
own_free_privkey(struct privkey **k)
{
	privkey_free(*k);
}
#define AUTO_PRIVKEY __attribute__((cleanup(own_free_privkey))) struct privkey
enum key_alg privkey_alg(const struct privkey *key);
/* SubjectPublicKeyInfo, DER, owned by the key. */
struct bytes privkey_spki(const struct privkey *key);
/* key_alg_signs of its kind. */
enum sig_alg privkey_sig_alg(const struct privkey *key);
/* Signs the whole message; kept context; one thread at a time.  DER ECDSA. */
bool privkey_sign(struct privkey *key, struct bytes msg, struct buf *sig,
    struct err *err) MUST_CHECK;
/* The same when SHA-256 of the message is known already. */
bool privkey_sign_hashed(struct privkey *key, struct bytes msg,
    const uint8_t sha256[32], struct buf *sig, struct err *err) MUST_CHECK;
/* For TLS: the object itself, one reference given to the caller. */
EVP_PKEY *privkey_evp(const struct privkey *key);
/* A copy in another library context (each loop has its own), or NULL. */
EVP_PKEY *privkey_evp_for(const struct privkey *key, OSSL_LIB_CTX *libctx,
    struct err *err) MUST_CHECK;

#endif
