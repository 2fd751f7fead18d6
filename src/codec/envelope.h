/*
 * CMS, RFC 5652, around a key that was made for a client: SignedData by any of
 * our kinds of key, EnvelopedData for RSA, EC or a shared key.  By OpenSSL, and
 * written only: nothing that comes from outside is read here but a recipient's
 * certificate.  What SCEP speaks is cms.h.
 *
 * Any thread that holds the lane.
 */
#ifndef CODEC_ENVELOPE_H
#define CODEC_ENVELOPE_H

#include "crypto/key.h"
#include "util/arena.h"

/* RFC 5958 section 2: AsymmetricKeyPackage. */
#define ENVELOPE_KEY_PACKAGE "2.16.840.1.101.2.1.2.78.5"

/*
 * Appends a ContentInfo of SignedData that holds the content, its type (dotted)
 * and the signer's chain (PEM, its certificate first).
 */
bool envelope_signed_put(struct lane *lane, const struct privkey *key,
    struct bytes chain_pem, const char *type, struct bytes content,
    struct buf *out, struct err *err) MUST_CHECK;

enum envelope_cipher {
	ENVELOPE_AES128_CBC = 1,
	ENVELOPE_AES192_CBC,
	ENVELOPE_AES256_CBC
};

/* Whom to encrypt to: a certificate, or a key that both sides know by name. */
struct envelope_recipient {
	struct bytes certificate; /* DER; empty: the key below */
	bool oaep; /* RSA: RSAES-OAEP with SHA-256, not PKCS#1 v1.5 */
	struct bytes key; /* 16, 24 or 32 octets, for AES key wrap */
	struct bytes key_id;
};

/* Appends a ContentInfo of EnvelopedData, definite length, that holds the
 * content as data.  ERR_UNSUPPORTED for keys that nothing can be encrypted to.
 */
bool envelope_put(struct lane *lane, const struct envelope_recipient *to,
    enum envelope_cipher cipher, struct bytes content, struct buf *out,
    struct err *err) MUST_CHECK;

#endif
