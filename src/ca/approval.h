/*
 * The approval queue: requests that nobody but a named operator may let pass.
 * An approval binds to the hash of the exact request, expires, and is in the
 * log; who asks never approves.  Nothing is issued by approving: the client
 * comes again with the same request (RFC 7030 section 4.2.3; SCEP CertPoll) and
 * ca_issue takes the approval in the same transaction as the intent.
 */
#ifndef CA_APPROVAL_H
#define CA_APPROVAL_H

#include "ca/ca.h"

enum approval_state {
	APPROVAL_PENDING = 1,
	APPROVAL_APPROVED, /* may be issued now */
	APPROVAL_REJECTED,
	APPROVAL_ISSUED, /* cert_id */
	APPROVAL_EXPIRED /* read from expires_at */
};
const char *approval_state_name(enum approval_state s);

/* What is asked for. */
struct approval_request {
	const char *protocol; /* "est", "scep" */
	const char *label; /* label or profile of that protocol */
	const char *profile; /* of the CA */
	const char *requester; /* who: an operator's name, a certificate,
				  "anonymous 192.0.2.1" */
	const char *transaction; /* the client's id, or NULL */
	struct bytes csr; /* DER, the exact request */
	struct names names; /* for those who decide */
	const char *subject; /* text */
	int64_t lifetime; /* of the request in the queue, seconds */
};

struct approval {
	const char *id;
	enum approval_state state;
	const char *protocol, *label, *profile, *requester, *transaction;
	const char *subject, *names; /* as cert_row */
	uint8_t request_sha256[32]; /* of the CSR's DER */
	uint8_t spki_sha256[32];
	struct bytes csr;
	int64_t created_at, expires_at, decided_at;
	const char *decided_by; /* or NULL */
	const char *reason; /* of a rejection, or NULL */
	const char *cert_id; /* or NULL */
};

/* The row of this exact request: the one there is, or a new pending one.  At
 * most max_pending wait (ERR_BUSY). */
bool ca_approval_submit(struct ca *ca, const struct approval_request *req,
    struct arena *a, struct approval *out, struct err *err) MUST_CHECK;
bool ca_approval_get(struct ca *ca, const char *id, struct arena *a,
    struct approval *out, struct err *err) MUST_CHECK;
/* By the client's transaction (SCEP CertPoll).  ERR_NOT_FOUND. */
bool ca_approval_find(struct ca *ca, const char *protocol, const char *label,
    const char *transaction, struct arena *a, struct approval *out,
    struct err *err) MUST_CHECK;
/* state 0: all; newest first. */
bool ca_approval_list(struct ca *ca, enum approval_state state, unsigned limit,
    struct arena *a, struct approval **out, size_t *n,
    struct err *err) MUST_CHECK;
/*
 * Decides a pending one; what is decided stays so (ERR_CONFLICT).  by: a named
 * operator (ERR_UNAUTHORIZED if unknown or the requester).  sha256: of the
 * request that the operator saw (ERR_CONFLICT when it is another).
 */
bool ca_approval_decide(struct ca *ca, const char *id, const uint8_t sha256[32],
    bool approve, const char *by, const char *reason,
    struct err *err) MUST_CHECK;

/* ---- operators: who may decide ---- */

struct operator_row {
	const char *name;
	int64_t uid; /* of run/control.sock's peer; -1: any */
	int64_t added_at;
	const char *added_by;
	bool removed;
};
bool ca_operator_add(struct ca *ca, const char *name, int64_t uid,
    const char *by, struct err *err) MUST_CHECK;
bool ca_operator_remove(struct ca *ca, const char *name, const char *by,
    struct err *err) MUST_CHECK;
bool ca_operator_list(struct ca *ca, struct arena *a, struct operator_row **out,
    size_t *n, struct err *err) MUST_CHECK;

#endif
