/*
 * What a request asks, and what is to be said to it: issuer and statuses.
 * Reads memory alone; no signature, nothing that waits.
 */
#ifndef OCSP_QUESTION_H
#define OCSP_QUESTION_H

#include "ocsp/state.h"

struct question {
	struct ocsp_request request;
	struct bytes nonce; /* to be echoed; empty: none */
	const struct ocsp_state *state;
	const struct ocsp_issuer *issuer;
	struct status statuses[OCSP_SINGLES_MAX];
};

/* Our serials have 20 octets; a shorter one becomes a number with zeros before
 * it, which is none of ours. */
void ocsp_serial_widen(struct bytes magnitude, uint8_t out[SERIAL_SIZE]);
/*
 * Finds the issuer and the statuses.  ERR_NOT_FOUND: an issuer that is not
 * ours, more than one issuer (a response has one responder, who is of one CA),
 * or a serial that was not issued, if the configuration has no answer for it.
 * ERR_STORE as ca_status_get.
 */
bool question_decide(struct ocsp *o, struct question *q, int64_t now,
    struct err *err) MUST_CHECK;
/* Are the statuses still those that were decided on? */
bool question_is_current(struct ocsp *o, const struct question *q);
/* One status as it is said; also what was never issued, by configuration. */
void question_single(const struct status *st, enum ocsp_unissued unissued,
    struct ocsp_single *out);
/* The version of what is said: of the status, or of the configuration. */
uint64_t question_version(const struct status *st, enum ocsp_unissued unissued);
/* One certificate and no nonce: everybody gets the same answer. */
static inline bool
question_is_common(const struct question *q)
{
	return q->request.n == 1 && q->nonce.n == 0;
}

#endif
