/*
 * The string types of X.520 and PKCS#9 as UTF-8 (RFC 5280 section 4.1.2.4).
 * Lies in the arena.
 */
#ifndef CODEC_DIRSTRING_H
#define CODEC_DIRSTRING_H

#include "codec/der.h"

/* NULL if the tag is no string's, the octets do not fit it, or hold a NUL.
 * T61String is read as Latin-1, as everybody writes it. */
const char *dirstring_text(int tag, struct bytes value, struct arena *a);
/* Are these the characters of a PrintableString (X.680 section 41.4)? */
bool dirstring_is_printable(struct bytes s);

#endif
