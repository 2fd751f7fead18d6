/*
 * What the route table calls (scep.c), and the steps of a message.  A step that
 * cannot go on for a cause of the client's fills the answer and returns true;
 * false is for what has no answer in SCEP: HTTP says it.
 */
#ifndef SCEP_HANDLERS_H
#define SCEP_HANDLERS_H

#include "ca/approval.h"
#include "scep/server.h"

/* ---- scep.c ---- */

/* Around all that takes a lane of SCEP's: half of the workers stay for others.
 * ERR_BUSY. */
bool scep_enter(struct scep_call *call, struct err *err) MUST_CHECK;
void scep_leave(struct scep_call *call);

/* ---- client.c ---- */

/* May who is connected talk to the profile at all?  ERR_UNAUTHORIZED, or
 * ERR_NOT_FOUND: not on this listener. */
bool scep_client_check(struct scep_call *call, struct err *err) MUST_CHECK;

/* The profile as it is now, or NULL (scep.c). */
const struct scep_profile *scep_profile_find(
    struct scep *scep, const char *name);

/* ---- authority.c: what is said of the CA ---- */

bool scep_get_caps(
    struct scep_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;
bool scep_get_certs(
    struct scep_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;
bool scep_get_next(
    struct scep_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;

/* ---- message.c ---- */

/* The message in BER; the reply is signed. */
bool scep_operate(struct scep_call *call, struct bytes ber,
    struct http_resp *resp, struct err *err) MUST_CHECK;
/* The same sentence and failInfo for whatever went wrong between decryption and
 * the form of what was in it, and counted (CVE-2026-42768). */
void scep_unreadable(struct scep_call *call, struct scep_answer *out);
void scep_count_failure(struct scep_call *call);

/* ---- secret.c: a one-time secret for an MDM ---- */

bool scep_hand_out(
    struct scep_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;

/* ---- by type of message; content is what was decrypted ---- */

bool scep_enroll(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err) MUST_CHECK;
bool scep_poll(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err) MUST_CHECK;
bool scep_get_cert(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err) MUST_CHECK;
bool scep_get_crl(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err) MUST_CHECK;

/* ---- issuing ---- */

/* What is to be issued, once it is decided that it may be. */
struct scep_grant {
	const struct csr *csr;
	struct names names;
	/* "challenge", "token", "signed", "renewal", "approval", "webhook",
	 * "intune" */
	const char *by;
	const char *who; /* for the record */
	bool named; /* limited in names (ca.h, subject_named) */
	/* Of an inquiry, which has no request any more; or NULL. */
	const char *address, *verdict;
	int64_t decided_at;
	const char *replaces, *token_id, *approval_id; /* or NULL */
};
/* Is the challengePassword, a JWS, signed for this request?  Then the grant is
 * for it, by the token that it has become.  ERR_UNAUTHORIZED; nothing is stored
 * of what does not hold (signed.c). */
bool scep_signed_check(struct scep_call *call, struct scep_grant *grant,
    struct err *err) MUST_CHECK;
/* One answer, whatever was wrong with the challengePassword, and counted; why
 * is for the log. */
void scep_refuse_password(
    struct scep_call *call, const char *why, struct scep_answer *out);
/* Does its signer's certificate let it renew?  ERR_REJECTED, ERR_NOT_FOUND: it
 * is none of ours (renewal.c). */
bool scep_renewal_check(struct scep_call *call, const struct csr *csr,
    struct scep_grant *grant, struct err *err) MUST_CHECK;
bool scep_request_fill(struct scep_call *call, const struct scep_grant *grant,
    struct ca_request *out, struct err *err) MUST_CHECK;
/* Issues, or gives what the same request was given before. */
bool scep_issue(struct scep_call *call, const struct scep_grant *grant,
    struct scep_answer *out, struct err *err) MUST_CHECK;
/* The certificate that this very request was given.  *found. */
bool scep_issued_before(struct scep_call *call, const struct csr *csr,
    bool *found, struct scep_answer *out, struct err *err) MUST_CHECK;
/* A recorded certificate as the answer; PENDING while it is an intent, or is
 * withheld. */
bool scep_deliver(struct scep_call *call, const char *cert_id,
    struct scep_answer *out, struct err *err) MUST_CHECK;
/* Waits for an operator (queue.c). */
bool scep_queue(struct scep_call *call, const struct scep_grant *grant,
    struct scep_answer *out, struct err *err) MUST_CHECK;
bool scep_queued(struct scep_call *call, const struct scep_grant *grant,
    const struct approval *row, struct scep_answer *out,
    struct err *err) MUST_CHECK;

/* ---- inquiry.c: a service outside decides ---- */

/* Is it asked about this request? */
bool scep_is_asked(const struct scep_call *call, const struct csr *csr);
/* Begins an inquiry, or joins the one of the same request: the reply is held
 * for a while, then PENDING. */
bool scep_inquire(struct scep_call *call, const struct scep_grant *grant,
    struct scep_answer *out, struct err *err) MUST_CHECK;
/* Joins that of the same request, if there is one.  *found. */
bool scep_inquiry_join(struct scep_call *call, const struct csr *csr,
    bool *found, struct scep_answer *out, struct err *err) MUST_CHECK;
/* What a poll is told.  *found. */
bool scep_inquiry_poll(struct scep_call *call, bool *found,
    struct scep_answer *out, struct err *err) MUST_CHECK;
/* What its client may know, now. */
bool scep_inquiry_tell(struct scep_call *call, const struct inquiry *row,
    struct scep_answer *out, struct err *err) MUST_CHECK;
/* The reply of an answer with a ticket: the second half. */
void scep_inquiry_hold(struct scep_call *call, const struct scep_answer *answer,
    struct http_resp *resp);
/* A certificate that nothing withholds. */
bool scep_deliver_released(struct scep_call *call, const char *cert_id,
    struct scep_answer *out, struct err *err) MUST_CHECK;

/* ---- answer.c ---- */

void scep_answer_certs(struct scep_call *call, const struct bytes *certs,
    size_t n, struct scep_answer *out);
void scep_answer_fail(struct scep_call *call, enum scep_fail_info info,
    const char *text, struct scep_answer *out);
/* What was refused becomes a FAILURE; false when the server itself failed. */
bool scep_answer_err(struct scep_call *call, const struct err *why,
    struct scep_answer *out, struct err *err) MUST_CHECK;

/* ---- reply.c ---- */

/* Content-Type and Cache-Control, of every response. */
void scep_resp_type(struct http_resp *resp, const char *type);
bool scep_reply(struct scep_call *call, const struct scep_answer *answer,
    struct http_resp *resp, struct err *err) MUST_CHECK;
/* In HTTP's own form. */
void scep_problem(
    struct scep_call *call, struct http_resp *resp, const struct err *err);
/* The same to who fetches secrets, which is no SCEP: 401 and 415 are said. */
void scep_problem_hand_out(
    struct scep_call *call, struct http_resp *resp, const struct err *err);

#endif
