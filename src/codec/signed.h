/*
 * SIGNED: to-be-signed bytes, AlgorithmIdentifier, BIT STRING; the frame that
 * certificates and CRLs share (RFC 5280 section 4.1.1 and 5.1.1).
 */
#ifndef CODEC_SIGNED_H
#define CODEC_SIGNED_H

#include "codec/spki.h"

struct signed_parts {
	struct bytes tbs, algorithm; /* whole */
	struct bytes signature; /* octets */
};

/* Takes the whole apart; nothing behind it.  ERR_MALFORMED. */
bool signed_read(const char *what, struct bytes der, struct signed_parts *out,
    struct err *err) MUST_CHECK;
void signed_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature);

#endif
