/*
 * PEM, RFC 7468: strict labels; writer of 64 columns and a final newline.  And
 * the certificates-only PKCS#7 that goes with it.  Keys are not read here, see
 * crypto/key.h.  Any thread; callers cap what they hand in.
 */
#ifndef CODEC_PEM_H
#define CODEC_PEM_H

#include "util/arena.h"

void pem_put(struct buf *b, const char *label, struct bytes der);
/* Reads the next block with the label from *rest; *found false at the end.
 * Text before a block and blocks of other labels are skipped.  ERR_MALFORMED.
 */
bool pem_next(struct bytes *rest, const char *label, struct arena *a,
    bool *found, struct bytes *der, struct err *err) MUST_CHECK;
/* A degenerate SignedData (certs only), RFC 5652 and 8551, in the order given.
 */
void pkcs7_certs_put(struct buf *b, const struct bytes *certs, size_t n);
/* The same with a CRL instead (RFC 8894 section 3.4). */
void pkcs7_crl_put(struct buf *b, struct bytes crl);
/* The certificates in one that was written so, one behind the other. */
bool pkcs7_certs_read(struct bytes der, struct bytes *certs) MUST_CHECK;

#endif
