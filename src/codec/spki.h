/*
 * SubjectPublicKeyInfo and the AlgorithmIdentifier of signatures; RFC 3279,
 * RFC 4055, RFC 5480, RFC 5758, RFC 8410.  Form only: whether a key is strong
 * enough, or a point lies on its curve, is pubkey_check's matter.
 *
 * Any thread; a parsed key borrows the DER.
 */
#ifndef CODEC_SPKI_H
#define CODEC_SPKI_H

#include "codec/der.h"
#include "crypto/digest.h"
#include "crypto/key.h"

/* The whole SEQUENCE, strict: parameters as the RFC demands.
 * ERR_BAD_PUBLIC_KEY; ERR_UNSUPPORTED for an algorithm, curve or form of a
 * point that we do not do. */
bool spki_parse(
    struct bytes der, struct pubkey *out, struct err *err) MUST_CHECK;
void spki_put(struct buf *b, const struct pubkey *key);
/* RSAPublicKey alone: what the BIT STRING of an RSA key holds. */
void rsa_public_key_put(struct buf *b, const struct pubkey *key);

/* AlgorithmIdentifier of a signature, exact.  ERR_MALFORMED; ERR_UNSUPPORTED
 * for an algorithm that we do not know. */
bool sig_alg_parse(
    struct bytes der, enum sig_alg *out, struct err *err) MUST_CHECK;
enum sig_alg_mode {
	SIG_ALG_EXACT,
	/* NULL where there should be no parameters (ECDSA in CSRs of mbed TLS
	 * before 3.5, test_csr: null_parameters) and the other way round,
	 * which RFC 4055 section 5 wants accepted. */
	SIG_ALG_TOLERANT
};
bool sig_alg_parse_mode(struct bytes der, enum sig_alg_mode mode,
    enum sig_alg *out, struct err *err) MUST_CHECK;
/*
 * The same, and RSASSA-PSS: of what clients and other CAs have signed, and
 * never of what we sign.  *salt is 0 for other algorithms.  RFC 4055 section
 * 3.1, in DER: SHA-2, MGF1 with the same digest, a salt of at least
 * PSS_SALT_MIN octets.  Its defaults (SHA-1) are refused as ERR_UNSUPPORTED.
 */
bool sig_alg_parse_salted(struct bytes der, enum sig_alg_mode mode,
    enum sig_alg *out, size_t *salt, struct err *err) MUST_CHECK;
/* The standard's default, which is the shortest that anybody writes; and what
 * OpenSSL 3.0 puts into RSA-8192, all that is left: pubkey_verify_salted holds
 * it against the key. */
#define PSS_SALT_MIN 20u
#define PSS_SALT_MAX 1024u
/* A digest's AlgorithmIdentifier, parameters absent or NULL (RFC 4055 section
 * 2.1): SHA-1 and SHA-2.  ERR_MALFORMED, ERR_UNSUPPORTED. */
bool digest_alg_read(
    struct der *d, enum digest_alg *out, struct err *err) MUST_CHECK;
void sig_alg_put(struct buf *b, enum sig_alg alg);
/* Does an algorithm fit a key?  (P-256 may sign with any SHA-2.) */
bool sig_alg_fits(enum sig_alg alg, enum key_alg key);

#endif
