/*
 * RSA as CMS uses it beside certificates' signatures: key transport both ways
 * (RFC 3370, RFC 3560) and signatures with a chosen digest.  And the block
 * ciphers in CBC mode that go with it.
 *
 * Any thread: a private key is only read here.
 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "crypto/digest.h"
#include "crypto/key.h"

enum transport_alg {
	TRANSPORT_PKCS1 = 1,
	TRANSPORT_OAEP_SHA1,
	TRANSPORT_OAEP_SHA256
};

enum cipher_alg {
	CIPHER_AES_128_CBC = 1,
	CIPHER_AES_192_CBC,
	CIPHER_AES_256_CBC,
	CIPHER_DES3_CBC,
	CIPHER_DES_CBC /* in a lane of lane_new_legacy alone */
};
#define CIPHER_KEY_MAX 32u
#define CIPHER_IV_MAX 16u
size_t cipher_key_size(enum cipher_alg alg);
size_t cipher_iv_size(enum cipher_alg alg);
const char *cipher_name(enum cipher_alg alg); /* "AES-128-CBC" */

/*
 * Unwraps a content key of n octets.  What does not unwrap to n octets gives a
 * random key instead of an error, so that nobody learns from us whether a
 * padding was right (CVE-2026-42768): what it decrypts is garbage.  False only
 * when the key cannot be used at all.
 */
bool rsa_unwrap(const struct privkey *key, enum transport_alg alg,
    struct bytes wrapped, uint8_t *out, size_t n, struct err *err) MUST_CHECK;
/* ERR_BAD_PUBLIC_KEY: no RSA key, or too small for it. */
bool rsa_wrap(struct lane *lane, const struct pubkey *to,
    enum transport_alg alg, struct bytes content_key, struct buf *out,
    struct err *err) MUST_CHECK;

/* PKCS#1 v1.5 with this digest, over the whole message. */
bool rsa_sign(struct lane *lane, const struct privkey *key, enum digest_alg alg,
    struct bytes msg, struct buf *sig, struct err *err) MUST_CHECK;

/*
 * CBC with the padding of RFC 5652 section 6.3.  Reading what has another
 * padding gives as many octets of zero, in the same time: who could tell it
 * from a content that is none would read messages octet by octet (Vaudenay,
 * EUROCRYPT 2002).  ERR_REJECTED: no whole blocks.  ERR_UNSUPPORTED: not in
 * this lane.
 */
bool cipher_encrypt(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, struct buf *out,
    struct err *err) MUST_CHECK;
bool cipher_decrypt(struct lane *lane, enum cipher_alg alg, const uint8_t *key,
    const uint8_t *iv, struct bytes in, struct secret **out,
    struct err *err) MUST_CHECK;

#endif
