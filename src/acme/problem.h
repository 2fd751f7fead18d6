/*
 * Problem documents, RFC 8555 section 6.7: the one table from an error kind to
 * its type and HTTP status, and the writer.  What a validation meets has the
 * same table with a few rows of its own.
 *
 * Pure but for acme_refuse and problem_reply, which issue a fresh nonce.
 */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

#include "acme/server.h"
#include "codec/json.h"

#define PROBLEM_PREFIX "urn:ietf:params:acme:error:"

/* What a handler adds to the problem it fails with. */
struct problem_extra {
	json_t *subproblems; /* array; owned by the arena */
	const char *type; /* instead of the kind's: "compound" */
	const char *terms; /* URL: Link terms-of-service and `instance` */
};

/* Without the prefix. */
const char *problem_type(enum err_kind kind);
int problem_status(enum err_kind kind);
/* The type of what a probe met: an address that is refused is a connection that
 * cannot be made. */
const char *problem_validation_type(enum err_kind kind);
int problem_validation_status(enum err_kind kind);

/* {type, detail, status}; a reference for the caller. */
json_t *problem_json(const char *type, const char *detail, int status);
/* The same for one identifier, as a member of subproblems. */
json_t *problem_json_for(const char *type, const char *detail, int status,
    const char *name_type, const char *name);

/* The whole answer of a request that failed; extra may be NULL. */
void problem_reply(struct acme *acme, struct http_req *req,
    struct http_resp *resp, const struct err *err,
    const struct problem_extra *extra);
/* Refusals of the route table and of the net layer, for http/route.h. */
void acme_refuse(void *ctx, struct http_req *req, struct http_resp *resp,
    int status, const char *why);

#endif
