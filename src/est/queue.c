#include "ca/approval.h"
#include "est/handlers.h"
#include "est/reply.h"

/* RFC 7030 section 4.2.3: the client comes again with the same request. */
static void
reply_later(struct est_call *call, struct http_resp *resp)
{
	resp->status = 202;
	resp->body = bytes_str(
	    "202 Accepted: the request waits for an operator's approval; send "
	    "it again\n");
	http_resp_header(resp, "Content-Type", "text/plain; charset=utf-8");
	http_resp_headerf(resp, call->a, "Retry-After", "%lld",
	    (long long)call->label->config->retry_after);
}

static bool
submit(struct est_call *call, const struct est_grant *grant,
    struct approval *out, struct err *err)
{
	const struct config_est_label *c = call->label->config;
	const struct approval_request req = { .protocol = "est",
		.label = c->name,
		.profile = c->profile,
		.requester = arena_printf(call->a, "%s %.400s",
		    est_identity_kind_name(grant->id->kind), grant->id->name),
		.csr = grant->csr->der,
		.names = grant->names,
		.subject = subject_text(call->a, grant->csr->subject),
		.lifetime = c->approval_lifetime };

	return ca_approval_submit(call->est->deps.ca, &req, call->a, out, err);
}

/* Its certificate; another request may be at it just now. */
static bool
reply_issued(struct est_call *call, const struct approval *row,
    struct http_resp *resp, struct err *err)
{
	struct ca_issued issued;
	struct err why = { 0 };

	if (ca_issued_get(
		call->est->deps.ca, row->cert_id, call->a, &issued, &why)) {
		call->req->log_object = row->cert_id;
		est_reply_certificate(call, resp, issued.der);
		return true;
	}
	if (why.kind != ERR_BUSY && why.kind != ERR_NOT_FOUND) {
		*err = why;
		return false;
	}
	reply_later(call, resp);
	return true;
}

static bool
issue_approved(struct est_call *call, const struct est_grant *grant,
    struct approval *row, struct http_resp *resp, struct err *err)
{
	struct est_grant approved = *grant;
	struct ca_issued issued;
	struct err why = { 0 };

	approved.approval_id = row->id;
	if (est_issue_now(call, &approved, &issued, &why)) {
		est_reply_certificate(call, resp, issued.der);
		est_reply_secret(resp, &issued);
		return true;
	}
	/* The same request a moment earlier may have taken it. */
	if (why.kind == ERR_UNAUTHORIZED &&
	    ca_approval_get(call->est->deps.ca, row->id, call->a, row, err) &&
	    row->state == APPROVAL_ISSUED)
		return reply_issued(call, row, resp, err);
	*err = why;
	return false;
}

bool
est_queue(struct est_call *call, const struct est_grant *grant,
    struct http_resp *resp, struct err *err)
{
	struct approval row;

	/* Nothing waits that could not be issued. */
	if (!est_check(call, grant, err) || !submit(call, grant, &row, err))
		return false;
	switch (row.state) {
	case APPROVAL_PENDING:
	case APPROVAL_EXPIRED:
		reply_later(call, resp);
		return true;
	case APPROVAL_APPROVED:
		return issue_approved(call, grant, &row, resp, err);
	case APPROVAL_ISSUED:
		return reply_issued(call, &row, resp, err);
	case APPROVAL_REJECTED:
		break;
	}
	return fail(err, ERR_REJECTED, "an operator rejected the request: %s",
	    row.reason == NULL ? "no reason was given" : row.reason);
}
