#include "scep/handlers.h"

static bool
submit(struct scep_call *call, const struct scep_grant *grant,
    struct approval *out, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	const struct approval_request req = { .protocol = "scep",
		.label = c->name,
		.profile = c->profile,
		.requester = arena_printf(call->a, "anonymous %s", grant->who),
		.transaction = call->message.transaction,
		.csr = grant->csr->der,
		.names = grant->names,
		.subject = subject_text(call->a, grant->csr->subject),
		.lifetime = c->approval_lifetime };

	return ca_approval_submit(call->scep->deps.ca, &req, call->a, out, err);
}

bool
scep_queue(struct scep_call *call, const struct scep_grant *grant,
    struct scep_answer *out, struct err *err)
{
	struct ca_request request;
	struct err why = { 0 };
	struct approval row;

	/* Nothing waits that could not be issued. */
	if (!scep_request_fill(call, grant, &request, &why))
		return scep_answer_err(call, &why, out, err);
	if (!ca_check_request(call->scep->deps.ca, &request, call->a, &why) ||
	    !submit(call, grant, &row, &why))
		return scep_answer_err(call, &why, out, err);
	return scep_queued(call, grant, &row, out, err);
}

bool
scep_queued(struct scep_call *call, const struct scep_grant *grant,
    const struct approval *row, struct scep_answer *out, struct err *err)
{
	struct scep_grant approved = *grant;

	switch (row->state) {
	case APPROVAL_PENDING:
		/* RFC 8894 section 3.3.2.3: the client polls. */
		*out = (struct scep_answer){ .status = SCEP_PENDING };
		call->req->log_object = row->id;
		return true;
	case APPROVAL_APPROVED:
		approved.approval_id = row->id;
		return scep_issue(call, &approved, out, err);
	case APPROVAL_ISSUED:
		return scep_deliver(call, row->cert_id, out, err);
	case APPROVAL_REJECTED:
		scep_answer_fail(call, SCEP_BAD_REQUEST,
		    arena_printf(call->a,
			"an operator rejected the request: %s",
			row->reason == NULL ? "no reason was given"
					    : row->reason),
		    out);
		return true;
	case APPROVAL_EXPIRED:
		break;
	}
	scep_answer_fail(call, SCEP_BAD_REQUEST,
	    "the request waited too long for an operator", out);
	return true;
}
