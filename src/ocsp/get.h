/*
 * The request in a GET's path (RFC 6960 appendix A.1: base64, then
 * URL-encoded), in all the forms in which clients and what stands between have
 * sent it.
 */
#ifndef OCSP_GET_H
#define OCSP_GET_H

#include "util/arena.h"

/*
 * raw is what follows "/ocsp/" in the path, as it came.  Harmless differences
 * are evened out: slashes before the text (an AIA URL that ends in one), "%2B",
 * "%2F", "%3D" or the characters themselves, a space for a plus, the URL-safe
 * alphabet, line ends, missing padding.  Slashes within are data, two in a row
 * too (Let's Encrypt 2017-05-19).  ERR_MALFORMED, ERR_TOO_LARGE.
 */
bool ocsp_get_decode(const char *raw, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;

#endif
