/*
 * What a CSR should hold (RFC 7030 section 4.5.2), in the form of RFC 7030 and
 * as a template of RFC 9908, which clients that know both take alone.
 */
#ifndef EST_CSRATTRS_H
#define EST_CSRATTRS_H

#include "ca/profile.h"

/* Appends CsrAttrs, DER. */
void est_csrattrs_put(
    struct buf *b, const struct profile *p, bool channel_binding);

#endif
