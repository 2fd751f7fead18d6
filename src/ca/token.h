/*
 * One-time enrolment secrets (EST passwords, SCEP challenges): bound to a
 * profile, names, a count of uses and an expiry.  The secret is shown once;
 * the store has its hash (crypto/secret_text.h).  A use is burnt in the same
 * transaction as the certificate's intent and given back when that is voided,
 * so that no two certificates come of one use and none is lost to a failure.
 *
 * An answer can be lost: for TOKEN_REPEAT seconds ca_issue gives the same
 * secret with the same octets of a request the same certificate, and takes no
 * use, as long as neither the secret nor the certificate is revoked.
 */
#ifndef CA_TOKEN_H
#define CA_TOKEN_H

#include "ca/ca.h"
#include "crypto/secret_text.h"

#define TOKEN_SECRET_LENGTH SECRET_TEXT_LENGTH
#define TOKEN_USES_MAX 1000000
#define TOKEN_LIFETIME_MAX ((int64_t)366 * 24 * 3600)
#define TOKEN_REPEAT ((int64_t)3600) /* since the certificate's intent */

struct token_spec {
	const char *profile;
	struct names names; /* empty: any that the profile allows */
	int64_t uses;
	int64_t expires_at;
	const char *by; /* who made it */
	const char *device; /* for which; NULL: not said */
	/* Where alone it counts ("scep/fleet"); NULL: wherever the profile is
	 * served. */
	const char *service;
};

/*
 * A secret that somebody else has made and signed, as it is shown to us for the
 * first time or again.  It has one use.
 */
struct token_signed {
	struct bytes secret; /* the whole of it */
	const uint8_t *key; /* SHA-256: who signed it */
	const char *number; /* which of that key's */
	struct token_spec spec; /* uses is not looked at */
	int64_t per_device, period; /* new ones of spec.device */
};

struct token {
	const char *id;
	const char *profile;
	struct names names;
	int64_t uses, uses_left, expires_at, created_at;
	int64_t used_at; /* the last time; 0: never */
	bool revoked;
	const char *by;
	const char *device, *service; /* "": not said; anywhere */
};

enum token_state {
	TOKEN_USABLE = 1,
	TOKEN_REVOKED,
	TOKEN_USED, /* up */
	TOKEN_EXPIRED
};
/* As it reads now. */
enum token_state token_state(const struct token *t, int64_t now);
/* May somebody still come again for what was issued by it? */
bool token_may_repeat(const struct token *t, int64_t now);
/* "usable", "revoked", "used", "expired". */
const char *token_state_name(enum token_state s);

/* ERR_PROFILE_INVALID, ERR_IDENTIFIER_REJECTED (the profile would never
 * certify the name), ERR_MALFORMED (uses, expiry).
 * secret: TOKEN_SECRET_LENGTH characters and NUL; the caller wipes it. */
bool ca_token_create(struct ca *ca, const struct token_spec *spec,
    struct arena *a, struct token *out, char secret[TOKEN_SECRET_LENGTH + 1],
    struct err *err) MUST_CHECK;
/* Newest first; `after` is the last id of the page, or NULL. */
bool ca_token_list(struct ca *ca, const char *after, unsigned limit,
    struct arena *a, struct token **out, size_t *n, struct err *err) MUST_CHECK;
bool ca_token_revoke(
    struct ca *ca, const char *id, const char *by, struct err *err) MUST_CHECK;
/* Can something new still be issued by it?  ERR_UNAUTHORIZED, as below. */
bool token_check_usable(
    const struct token *t, int64_t now, struct err *err) MUST_CHECK;
/*
 * Is this a secret of ours that can still be used for this profile, or was its
 * last use taken less than TOKEN_REPEAT ago?  Of the latter nothing new comes:
 * ca_issue knows it by the request.  Nothing is burnt: ca_issue does that
 * (ca_request.token_id).  ERR_UNAUTHORIZED, always the same sentence; the cause
 * is in detail.
 */
bool ca_token_check(struct ca *ca, struct bytes secret, const char *profile,
    const char *service, struct arena *a, struct token *out,
    struct err *err) MUST_CHECK;
/*
 * The same of one that the caller has verified and found fit for its request.
 * From now on it is a token like others: burnt with the certificate, given
 * back with it, listed, revoked.  ERR_UNAUTHORIZED; ERR_RATE_LIMITED: the
 * device's have been too many.
 */
bool ca_token_take_signed(struct ca *ca, const struct token_signed *in,
    struct arena *a, struct token *out, struct err *err) MUST_CHECK;
/* Are all these names among the token's?  A wildcard is a name like others: it
 * stands for itself alone.  ca_issue asks this too.  ERR_IDENTIFIER_REJECTED.
 */
bool token_check_names(const struct token *t, const struct names *names,
    struct err *err) MUST_CHECK;

#endif
