#include "codec/json.h"
#include "codec/json_out.h"
#include "est/binding.h"
#include "est/body.h"
#include "est/handlers.h"
#include "est/names.h"
#include "est/reply.h"

bool
est_profile(
    const struct est_call *call, const struct profile **out, struct err *err)
{
	const char *name = call->label->config->profile;
	const struct profile *p = ca_profile_find(call->est->deps.ca, name);

	if (p == NULL)
		return fail_detail(err, ERR_INTERNAL,
		    "this label has no profile", "there is no profile %s",
		    name);
	*out = p;
	return true;
}

bool
est_request_read(struct est_call *call,
    bool (*parse)(
	struct bytes der, struct arena *a, struct csr *out, struct err *err),
    struct csr *out, struct err *err)
{
	struct bytes der;
	struct csr csr;

	if (!est_body_decode(
		call->req->body, call->a, &der, &call->wrapped, err) ||
	    !parse(der, call->a, &csr, err) ||
	    !est_binding_check(&csr, call->req->binding,
		call->label->config->channel_binding, err))
		return false;
	*out = csr;
	return true;
}

/* What the record has of why this was issued. */
static struct bytes
evidence(const struct est_call *call, const struct identity *id)
{
	json_t *o = json_object();

	arena_adopt(call->a, json_t, o);
	json_object_set_new(o, "protocol", json_string("est"));
	json_object_set_new(o, "label", json_string(call->label->config->name));
	json_object_set_new(o, "operation", json_string(call->operation));
	json_object_set_new(
	    o, "authentication", json_string(est_identity_kind_name(id->kind)));
	json_object_set_new(o, "who", json_string(id->name));
	json_object_set_new(
	    o, "address", json_string(http_peer_text(call->req)));
	return json_print_compact(o, call->a);
}

static void
request_fill(const struct est_call *call, const struct est_grant *grant,
    struct ca_request *out)
{
	const struct identity *id = grant->id;

	*out = (struct ca_request){ .csr = grant->csr,
		.names = grant->names,
		.requester = "est",
		.replaces = grant->replaces,
		.approval_id = grant->approval_id,
		/* Who replaces a certificate has its subject already. */
		.subject_named = (grant->replaces == NULL || grant->changed) &&
		    est_names_are_limited(call, id),
		.token_id = id->kind == IDENTITY_TOKEN ? id->token.id : NULL,
		.wants_secret = true,
		.evidence = evidence(call, id) };
}

bool
est_issue_now(struct est_call *call, const struct est_grant *grant,
    struct ca_issued *out, struct err *err)
{
	struct ca_request request;
	struct ca_issued issued;

	request_fill(call, grant, &request);
	if (!est_profile(call, &request.profile, err) ||
	    !ca_issue(call->est->deps.ca, &request, call->a, &issued, err))
		return false;
	call->req->log_object = issued.id;
	*out = issued;
	return true;
}

bool
est_check(struct est_call *call, const struct est_grant *grant, struct err *err)
{
	struct ca_request request;

	request_fill(call, grant, &request);
	return est_profile(call, &request.profile, err) &&
	    ca_check_request(call->est->deps.ca, &request, call->a, err);
}

bool
est_issue(struct est_call *call, const struct est_grant *grant,
    struct http_resp *resp, struct err *err)
{
	struct ca_issued issued;

	/* Never automatic for who is nobody. */
	if (grant->id->kind == IDENTITY_NOBODY ||
	    call->label->config->approval_always)
		return est_queue(call, grant, resp, err);
	if (!est_issue_now(call, grant, &issued, err))
		return false;
	est_reply_certificate(call, resp, issued.der);
	est_reply_secret(resp, &issued);
	return true;
}
