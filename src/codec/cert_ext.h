/* The extensions of a certificate that we understand, RFC 5280 section 4.2. */
#ifndef CODEC_CERT_EXT_H
#define CODEC_CERT_EXT_H

#include "codec/cert.h"

/* Fills what the extension says into *out.  `mode` tells whose certificate it
 * is (NAMES_NORMAL or NAMES_TOLERANT). */
bool cert_extension_decode(const struct cert_extension *x, enum names_mode mode,
    struct arena *a, struct cert *out, struct err *err) MUST_CHECK;

#endif
