/*
 * The authenticated request, RFC 8555 sections 6.2 to 6.5.  The checks come in
 * the order of their price (limits, section 5): form, URL, nonce authentic and
 * unused, account, then the signature; only then the nonce is burnt, so junk
 * consumes nothing.
 */
#ifndef ACME_POST_H
#define ACME_POST_H

#include "acme/problem.h"
#include "acme/server.h"
#include "codec/jose.h"

enum post_auth {
	POST_BY_KID,
	POST_BY_JWK, /* newAccount */
	POST_BY_EITHER /* revokeCert */
};

struct post {
	struct acme *acme;
	const struct acme_state *state;
	struct http_req *req;
	struct arena *arena;
	int64_t now;
	struct jws jws;
	struct jwk key; /* the one that signed */
	bool has_account; /* by kid */
	struct account_row account;
	struct problem_extra extra; /* for the answer when it fails */
};

/* Everything up to the burnt nonce; *post is filled as far as it went. */
bool post_read(struct acme *acme, struct http_req *req, enum post_auth auth,
    struct post *post, struct err *err) MUST_CHECK;
/* The payload is a JSON object. */
bool post_payload(
    const struct post *post, json_t **out, struct err *err) MUST_CHECK;
/* RFC 8555 section 6.3: the payload is the empty string. */
static inline bool
post_is_get(const struct post *post)
{
	return post->jws.payload_empty;
}
bool post_check_get(const struct post *post, struct err *err) MUST_CHECK;
/* Other accounts' objects are never shown: ERR_UNAUTHORIZED. */
bool post_check_owner(const struct post *post, const char *account_id,
    const char *what, struct err *err) MUST_CHECK;

#endif
