/*
 * A signed answer to a question.  Waits for the signer: workers and
 * housekeeping only.
 */
#ifndef OCSP_SIGN_H
#define OCSP_SIGN_H

#include "ocsp/question.h"

/*
 * Decides, signs, and looks again: an answer that raced with a change of a
 * status is made anew, never given out.  Errors of question_decide; ERR_SIGNER,
 * ERR_BUSY, ERR_SIGNER_REFUSED.
 */
bool ocsp_sign_live(struct ocsp *o, struct question *q, struct buf *der,
    struct err *err) MUST_CHECK;
/*
 * The same for a common question; read again, its signature verified, kept in
 * the cache.  The blob's reference is the caller's.
 */
bool ocsp_sign_cached(struct ocsp *o, struct question *q, struct cached *out,
    struct err *err) MUST_CHECK;
/* A cached answer that still counts.  The blob's reference is the caller's. */
bool ocsp_find_cached(
    struct ocsp *o, struct bytes cert_id, int64_t now, struct cached *out);

#endif
