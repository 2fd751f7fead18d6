/*
 * BER made DER: definite lengths of the least octets, constructed octet strings
 * put together.  SCEP clients send CMS with indefinite lengths (Apple, Bouncy
 * Castle, EJBCA); everything behind this reads DER alone.  Sets keep the order
 * in which they were sent: that is what was signed (old firmware does not
 * sort).
 *
 * What else BER allows, such as other constructed strings and tags of several
 * octets, is refused.  No recursion.
 */
#ifndef CODEC_BER_H
#define CODEC_BER_H

#include "codec/der.h"

#define BER_DEPTH_MAX 32u

/* Exactly one element, nothing behind it; the caller caps the input.  Appends
 * to out.  ERR_MALFORMED. */
bool ber_to_der(struct bytes ber, struct buf *out, struct err *err) MUST_CHECK;

#endif
