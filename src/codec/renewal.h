/*
 * Renewal and rekeying: what a CSR must have in common with the certificate
 * that it is to replace (RFC 7030 section 4.2.2, RFC 8894 section 2.4).  Pure;
 * any thread.
 */
#ifndef CODEC_RENEWAL_H
#define CODEC_RENEWAL_H

#include "codec/cert.h"
#include "codec/csr.h"

/* Subject and names, `asked`, are those of the old certificate.  ERR_REJECTED.
 * whole_subject: the CSR's is what the new one gets, so there is no leave for
 * one that a profile would build anew. */
bool renewal_check(const struct csr *csr, struct names asked,
    bool whole_subject, const struct cert *old, struct arena *a,
    struct err *err) MUST_CHECK;

#endif
