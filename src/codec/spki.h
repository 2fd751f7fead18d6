/* SubjectPublicKeyInfo and AlgorithmIdentifier, RFC 3279, 5480, 8410. */
#ifndef CODEC_SPKI_H
#define CODEC_SPKI_H

#include "codec/der.h"
#include "crypto/key.h"

/* The whole SEQUENCE, strict: parameters as the RFC demands. */
bool spki_parse(struct bytes der, struct pubkey *out, struct err *err)
    MUST_CHECK;
void spki_put(struct buf *b, const struct pubkey *key);
/* AlgorithmIdentifier of a signature. */
bool sig_alg_parse(struct bytes der, enum sig_alg *out, struct err *err)
    MUST_CHECK;
void sig_alg_put(struct buf *b, enum sig_alg alg);
/* Does an algorithm fit a key?  (P-256 may sign with any SHA-2.) */
bool sig_alg_fits(enum sig_alg alg, enum key_alg key);

#endif
