/*
 * What the route table calls (est.c), and the steps that several operations
 * share.
 */
#ifndef EST_HANDLERS_H
#define EST_HANDLERS_H

#include "est/identity.h"

/* RFC 7030 section 4: one file each. */
bool est_get_cacerts(
    struct est_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;
bool est_get_csrattrs(
    struct est_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;
bool est_post_enroll(
    struct est_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;
bool est_post_reenroll(
    struct est_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;
bool est_post_server_key(
    struct est_call *call, struct http_resp *resp, struct err *err) MUST_CHECK;

/* The profile of the label, in the configuration of this moment. */
bool est_profile(const struct est_call *call, const struct profile **out,
    struct err *err) MUST_CHECK;

/* The body's CSR by one of csr.h's parsers, bound to the connection if it must
 * be; in the arena.  Its signature is ca_issue's matter. */
bool est_request_read(struct est_call *call,
    bool (*parse)(
	struct bytes der, struct arena *a, struct csr *out, struct err *err),
    struct csr *out, struct err *err) MUST_CHECK;

/* What is to be issued, once it is decided that it may be. */
struct est_grant {
	const struct identity *id;
	const struct csr *csr;
	struct names names;
	const char *replaces; /* certificate id or NULL */
	bool changed; /* not with its subject and names */
	const char *approval_id; /* of the queue, or NULL */
};
/* Issues, whoever asks; the caller answers. */
bool est_issue_now(struct est_call *call, const struct est_grant *grant,
    struct ca_issued *out, struct err *err) MUST_CHECK;
/* The checks of a request alone, before anything is recorded. */
bool est_check(struct est_call *call, const struct est_grant *grant,
    struct err *err) MUST_CHECK;
/* What est_issue does with a request that an operator has to approve. */
bool est_queue(struct est_call *call, const struct est_grant *grant,
    struct http_resp *resp, struct err *err) MUST_CHECK;
/* Issues and answers, or queues and answers 202. */
bool est_issue(struct est_call *call, const struct est_grant *grant,
    struct http_resp *resp, struct err *err) MUST_CHECK;

#endif
