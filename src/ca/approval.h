/*
 * The approval queue: requests that nobody but a named operator may let pass.
 * An approval binds to the hash of the exact request, expires, and is in the
 * log; who asks never approves.  Nothing is issued by approving: the client
 * comes again with the same request (RFC 7030 section 4.2.3; SCEP CertPoll) and
 * ca_issue takes the approval in the same transaction as the intent; it comes
 * back when that is voided.
 *
 * The rows, struct approval and struct operator_row, are the store's.
 */
#ifndef CA_APPROVAL_H
#define CA_APPROVAL_H

#include "ca/ca.h"
#include "store/approval.h"
#include "store/operator.h"

/* Undecided requests: in all, and of one requester.  Others get ERR_BUSY. */
#define APPROVAL_PENDING_MAX 1000u
#define APPROVAL_OF_REQUESTER_MAX 100u
#define APPROVAL_LIFETIME_MAX ((int64_t)90 * 24 * 3600)
#define APPROVAL_TEXT_MAX 500u /* requester, transaction, reason */

/* What is asked for. */
struct approval_request {
	const char *protocol; /* "est", "scep" */
	const char *label; /* label or profile of that protocol */
	const char *profile; /* of the CA */
	const char *requester; /* who: an operator's name, a certificate,
				  "anonymous 192.0.2.1" */
	const char *transaction; /* the client's id, or NULL */
	struct bytes csr; /* DER, the exact request */
	struct names names; /* of what will be issued; ca_issue holds them */
	const char *subject; /* text */
	int64_t lifetime; /* of the request in the queue, seconds */
};

/*
 * The row of this exact request: the unexpired one there is, whatever became of
 * it, or a new pending one.  Whoever sends the same bytes gets the same row: it
 * leads to a certificate for the key that signed them, and to nothing else
 * (do not hand out a private key by it).  ERR_BUSY: too many wait.
 */
bool ca_approval_submit(struct ca *ca, const struct approval_request *req,
    struct arena *a, struct approval *out, struct err *err) MUST_CHECK;
bool ca_approval_get(struct ca *ca, const char *id, struct arena *a,
    struct approval *out, struct err *err) MUST_CHECK;
/* By the client's transaction and the key of its request (SCEP CertPoll, RFC
 * 8894 section 3.3.3): an id that somebody else uses too hides nothing.
 * ERR_NOT_FOUND. */
bool ca_approval_find(struct ca *ca, const char *protocol, const char *label,
    const char *transaction, const uint8_t spki_sha256[32], struct arena *a,
    struct approval *out, struct err *err) MUST_CHECK;
/* state 0: all; newest first; `after` is the last id of the page, or NULL. */
bool ca_approval_list(struct ca *ca, enum approval_state state,
    const char *after, unsigned limit, struct arena *a, struct approval **out,
    size_t *n, struct err *err) MUST_CHECK;
/*
 * Decides a pending one; what is decided stays so (ERR_CONFLICT).  by: a named
 * operator (ERR_UNAUTHORIZED if unknown or the requester).  sha256: of the
 * request that the operator saw (ERR_CONFLICT when it is another).  A rejection
 * wants a reason.
 */
bool ca_approval_decide(struct ca *ca, const char *id, const uint8_t sha256[32],
    bool approve, const char *by, const char *reason,
    struct err *err) MUST_CHECK;
/* Is this operator who asked?  The name as a word of the requester, without
 * regard to case: "CN=alice,O=X" and "user alice" are alice. */
bool approval_is_requester(const char *requester, const char *operator_name);
/* Counts what waits, for ca_counters; housekeeping calls it. */
bool ca_approval_measure(struct ca *ca, struct err *err) MUST_CHECK;

/* ---- operators: who may decide ---- */

/* a-z, 0-9 and . _ @ -, at most so many, a letter or digit first. */
#define OPERATOR_NAME_MAX 64u

/* uid: OPERATOR_UID_NONE, or of the control socket's peer.  While there are
 * operators, by must be one (ERR_UNAUTHORIZED).  ERR_CONFLICT. */
bool ca_operator_add(struct ca *ca, const char *name, int64_t uid,
    const char *by, struct err *err) MUST_CHECK;
bool ca_operator_remove(struct ca *ca, const char *name, const char *by,
    struct err *err) MUST_CHECK;
/* Removed ones too, behind the others. */
bool ca_operator_list(struct ca *ca, struct arena *a, struct operator_row **out,
    size_t *n, struct err *err) MUST_CHECK;
/*
 * The operator that a peer of the control socket acts as: the one with its uid,
 * or `as`, if that one has this uid, or none and the peer owns the socket: no
 * operator can be another.  ERR_UNAUTHORIZED says how to become one.
 */
bool ca_operator_acting(struct ca *ca, int64_t uid, bool owner, const char *as,
    struct arena *a, struct operator_row *out, struct err *err) MUST_CHECK;

#endif
