/*
 * The approval queue as rows (ca/approval.h says what it is for).  An approval
 * is taken in the transaction of a certificate's intent (cert_row.approval_id)
 * and given back in the one that voids it.
 */
#ifndef STORE_APPROVAL_H
#define STORE_APPROVAL_H

#include "store/store.h"

enum approval_state {
	APPROVAL_PENDING = 1,
	APPROVAL_APPROVED, /* may be issued now */
	APPROVAL_REJECTED,
	APPROVAL_ISSUED, /* cert_id; its certificate may still be an intent */
	APPROVAL_EXPIRED /* derived by expires_at when read */
};
/* "pending", "approved", … */
const char *approval_state_name(enum approval_state s);

struct approval {
	const char *id;
	enum approval_state state;
	const char *protocol, *label, *profile, *requester;
	const char *transaction; /* the client's, or NULL */
	const char *subject; /* text */
	const char *names; /* as cert_row, sorted */
	uint8_t request_sha256[32]; /* of the CSR's DER */
	uint8_t spki_sha256[32];
	struct bytes csr;
	int64_t created_at, expires_at, decided_at;
	const char *decided_by; /* or NULL */
	const char *reason; /* of a rejection, or NULL */
	const char *cert_id; /* or NULL */
};

struct approval_limits {
	unsigned pending; /* in all */
	unsigned of_requester;
};

/* The unexpired row of this request (protocol, label, profile, names, hash), or
 * this one as a new pending row: *id tells.  ERR_BUSY: too many wait. */
bool store_approval_submit(struct store *s, const struct approval *row,
    const struct approval_limits *limits, struct arena *a, const char **id,
    struct err *err) MUST_CHECK;
/* The same look without a change.  ERR_NOT_FOUND. */
bool store_approval_find_request(struct store *s, const struct approval *row,
    int64_t now, struct arena *a, struct approval *out,
    struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool store_approval_get(struct store *s, const char *id, struct arena *a,
    struct approval *out, struct err *err) MUST_CHECK;
/* The newest with the client's transaction and key.  ERR_NOT_FOUND. */
bool store_approval_find(struct store *s, const char *protocol,
    const char *label, const char *transaction, const uint8_t spki_sha256[32],
    struct arena *a, struct approval *out, struct err *err) MUST_CHECK;
/* state 0: all.  Newest first; `after` is the last id of the page, or NULL. */
bool store_approval_list(struct store *s, enum approval_state state,
    const char *after, unsigned limit, struct arena *a, struct approval **out,
    size_t *n, struct err *err) MUST_CHECK;
bool store_approval_count_pending(
    struct store *s, uint64_t *out, struct err *err) MUST_CHECK;

struct approval_decision {
	const char *id;
	uint8_t request_sha256[32]; /* of what the operator saw */
	bool approve;
	const char *by; /* a current operator */
	const char *reason; /* or NULL */
	int64_t at;
};
/* Only from pending and unexpired.  ERR_CONFLICT, ERR_NOT_FOUND,
 * ERR_UNAUTHORIZED (no such operator). */
bool store_approval_decide(struct store *s, const struct approval_decision *d,
    const struct approval *seen, struct err *err) MUST_CHECK;

#endif
