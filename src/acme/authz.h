/*
 * Authorizations and their challenges as clients see them (RFC 8555 sections
 * 7.1.4, 7.1.5 and 7.5).  A challenge is not a row: an authorization knows
 * which types it offers and which one was chosen.
 */
#ifndef ACME_AUTHZ_H
#define ACME_AUTHZ_H

#include "acme/post.h"
#include "codec/json.h"

/* How long a reply is held for a validation (design section 3). */
#define VALIDATION_WAIT_MS 300

const char *authz_url(
    const struct acme_state *s, struct arena *a, const char *id);
/* "http-01", …; the registered name. */
const char *challenge_type_name(enum challenge_type type);
/* The last segment of a challenge's URL; 0 if it is none. */
unsigned challenge_type_of_path(const char *segment);
/* Which types a name may be validated by. */
unsigned challenge_types_for(unsigned name_type, bool wildcard);
/* "pending", "processing", "valid" or "invalid". */
const char *challenge_status(
    const struct authz_row *row, enum challenge_type type);
/* The failure of an invalid one, as a subproblem; never NULL. */
json_t *authz_problem(const struct authz_row *row);
/* Seconds until it is worth asking again. */
int64_t authz_retry_after(const struct authz_row *row);
/* The authorization that the URL names; it belongs to the account. */
bool authz_load(
    const struct post *post, struct authz_row *out, struct err *err) MUST_CHECK;

/* Does a validation run, by the record of this moment?  To be asked with a
 * ticket open: one that ended before it was opened tells nobody. */
bool authz_is_running(const struct post *post);

void reply_authz(const struct post *post, const struct authz_row *row,
    struct http_resp *resp);
void reply_challenge(const struct post *post, const struct authz_row *row,
    enum challenge_type type, struct http_resp *resp);

void acme_post_authz(void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_challenge(
    void *ctx, struct http_req *req, struct http_resp *resp);

#endif
