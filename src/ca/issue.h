/*
 * The steps of an issuance that recovery (recover.c) and responder
 * certificates (responder.c) share with ca_issue.  Inside src/ca only.
 */
#ifndef CA_ISSUE_H
#define CA_ISSUE_H

#include "ca/core.h"
#include "ca/spec.h"

/* A request on its way, filled step by step. */
struct issuance {
	struct ca *ca;
	struct arena *arena;
	struct spec_input in;
	enum signer_kind kind;
	const char *requester, *account_id, *order_id, *replaces;
	const char *token_id, *approval_id;
	const char *scep_profile, *scep_transaction;
	struct bytes evidence;
	uint8_t csr_sha256[32];
	bool wants_secret;
	unsigned blocks; /* keys that were blocked when it began */
	/* made here */
	struct cert_spec spec;
	struct bytes tbs;
	struct cert_row row;
	uint64_t position;
	struct bytes signature;
	const char *secret; /* that revokes it, or NULL */
};

/* "dns:a.example\nip:192.0.2.1", as a row has them. */
const char *issuance_names_text(struct names names, struct arena *a);
/* And back.  ERR_MALFORMED. */
bool issuance_names_parse(const char *text, struct arena *a, struct names *out,
    struct err *err) MUST_CHECK;
/* token.c: may this token be used for this request?  Nothing is taken.
 * ERR_UNAUTHORIZED, ERR_IDENTIFIER_REJECTED. */
bool token_check_request(struct ca *ca, const struct ca_request *req,
    struct arena *a, struct err *err) MUST_CHECK;
/* approval.c: was it approved for these names?  ERR_UNAUTHORIZED. */
bool approval_check_request(struct ca *ca, const struct ca_request *req,
    struct arena *a, struct err *err) MUST_CHECK;

/*
 * issued.c: was this very request issued by its token a moment ago?  Then
 * *again, and *out is that certificate.  ERR_BUSY: it is being issued.
 */
bool issuance_repeat(struct issuance *i, bool *again, struct ca_issued *out,
    struct err *err) MUST_CHECK;

/* request.c: may this be issued at all?  What ca_issue refuses before anything
 * is made. */
bool issuance_check(struct issuance *i, const struct ca_request *req,
    struct err *err) MUST_CHECK;
/* The profile's CA as it is now.  ERR_REJECTED if it is gone or offline. */
bool issuance_find_ca(struct issuance *i, struct err *err) MUST_CHECK;
/* Spec, to-be-signed bytes, lint.  Borrows a lane by itself where it needs. */
bool issuance_prepare(struct issuance *i, struct err *err) MUST_CHECK;
/* Intent, signer, own verification, issued: invariant 4. */
bool issuance_commit(
    struct issuance *i, struct ca_issued *out, struct err *err) MUST_CHECK;

/*
 * The middle of it, also for an intent of the past: signs the row's recorded
 * bytes, verifies and records.  ERR_SIGNER_REFUSED: the row is void; any other
 * failure leaves the intent open for ca_recover.
 */
bool intent_finish(struct ca *ca, const struct issuer *issuer,
    enum signer_kind kind, const struct cert_row *row, uint64_t position,
    struct buf *signature, struct err *err) MUST_CHECK;
/* Voids an intent that can never become a certificate. */
bool intent_void(struct ca *ca, const struct cert_row *row,
    const struct err *why, struct err *err) MUST_CHECK;

#endif
