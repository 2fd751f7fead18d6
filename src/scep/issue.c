#include "codec/json.h"
#include "codec/json_out.h"
#include "codec/validity_asked.h"
#include "scep/handlers.h"
#include "store/scep.h"

/* What the record has of why this was issued. */
static struct bytes
evidence(const struct scep_call *call, const struct scep_grant *grant)
{
	json_t *o = json_object();

	arena_adopt(call->a, json_t, o);
	json_object_set_new(o, "protocol", json_string("scep"));
	json_object_set_new(
	    o, "profile", json_string(call->profile->config->name));
	json_object_set_new(
	    o, "transaction", json_string(call->message.transaction));
	json_object_set_new(o, "authentication", json_string(grant->by));
	json_object_set_new(o, "who", json_string(grant->who));
	json_object_set_new(o, "address",
	    json_string(grant->address != NULL ? grant->address
					       : http_peer_text(call->req)));
	if (grant->verdict != NULL) {
		json_object_set_new(o, "verdict", json_string(grant->verdict));
		json_object_set_new(
		    o, "decided_at", json_integer(grant->decided_at));
	}
	return json_print_compact(o, call->a);
}

/* notAfter as the CSR asks for it; 0: the profile's. */
static bool
end_derive(struct scep_call *call, const struct scep_grant *grant,
    const struct profile *p, int64_t *out, struct err *err)
{
	int64_t seconds = 0;

	if (call->profile->config->requested_validity &&
	    !validity_asked_parse(
		grant->csr->attributes, call->a, &seconds, err))
		return false;
	*out = 0;
	return seconds == 0 ||
	    ca_requested_end(call->scep->deps.ca, p, seconds, out, err);
}

bool
scep_request_fill(struct scep_call *call, const struct scep_grant *grant,
    struct ca_request *out, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;

	*out = (struct ca_request){ .csr = grant->csr,
		.profile = ca_profile_find(call->scep->deps.ca, c->profile),
		.names = grant->names,
		.requester = "scep",
		.replaces = grant->replaces,
		.token_id = grant->token_id,
		.approval_id = grant->approval_id,
		.scep_profile = c->name,
		.scep_transaction = call->message.transaction,
		.subject_named = grant->named,
		.evidence = evidence(call, grant) };
	if (out->profile == NULL)
		return fail_detail(err, ERR_INTERNAL,
		    "this profile of SCEP has no profile of a CA",
		    "there is no profile %s", c->profile);
	return end_derive(call, grant, out->profile, &out->not_after, err);
}

/* Whatever way it is asked for, what an inquiry withholds is not given. */
bool
scep_deliver(struct scep_call *call, const char *cert_id,
    struct scep_answer *out, struct err *err)
{
	struct inquiry row;
	struct err why = { 0 };

	if (store_inquiry_find_cert(
		call->scep->deps.store, cert_id, call->a, &row, &why) &&
	    !inquiry_is_released(&row))
		return scep_inquiry_tell(call, &row, out, err);
	if (why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND)
		return scep_answer_err(call, &why, out, err);
	return scep_deliver_released(call, cert_id, out, err);
}

bool
scep_deliver_released(struct scep_call *call, const char *cert_id,
    struct scep_answer *out, struct err *err)
{
	struct ca *ca = call->scep->deps.ca;
	struct bytes pem, certs[2];
	struct err why = { 0 };
	struct cert_row row;

	if (!store_cert_get(
		call->scep->deps.store, cert_id, call->a, &row, &why))
		return scep_answer_err(call, &why, out, err);
	/* Another request is at it just now. */
	if (row.status == CERT_INTENT) {
		*out = (struct scep_answer){ .status = SCEP_PENDING };
		return true;
	}
	if (row.status != CERT_ISSUED) {
		scep_answer_fail(call, SCEP_BAD_REQUEST,
		    "the certificate of this request is revoked", out);
		return true;
	}
	if (!ca_cert_chain(ca, &row, call->a, &pem, &certs[0], err))
		return false;
	call->req->log_object = row.id;
	/* Cisco VPN clients want the CA's with it, Juniper's refuse it. */
	if (call->profile->config->ca_in_reply) {
		const struct ca_view *view = ca_view_find(ca, row.ca);

		if (view != NULL) {
			certs[1] = view->cert.der;
			scep_answer_certs(call, certs, 2, out);
			return true;
		}
	}
	scep_answer_certs(call, certs, 1, out);
	return true;
}

bool
scep_issued_before(struct scep_call *call, const struct csr *csr, bool *found,
    struct scep_answer *out, struct err *err)
{
	struct scep_key key = { .profile = call->profile->config->name,
		.transaction = call->message.transaction };
	struct err why = { 0 };
	const char *id;

	digest_sha256(csr->spki, key.spki_sha256);
	digest_sha256(csr->der, key.csr_sha256);
	*found = true;
	if (store_scep_find(call->scep->deps.store, &key, call->a, &id, &why))
		return scep_deliver(call, id, out, err);
	*found = why.kind != ERR_NOT_FOUND;
	return !*found || scep_answer_err(call, &why, out, err);
}

bool
scep_issue(struct scep_call *call, const struct scep_grant *grant,
    struct scep_answer *out, struct err *err)
{
	struct ca_request request;
	struct ca_issued issued;
	struct err why = { 0 };
	bool found;

	if (!scep_request_fill(call, grant, &request, &why))
		return scep_answer_err(call, &why, out, err);
	if (ca_issue(call->scep->deps.ca, &request, call->a, &issued, &why)) {
		if (call->profile->config->ca_in_reply)
			return scep_deliver(call, issued.id, out, err);
		call->req->log_object = issued.id;
		scep_answer_certs(call, &issued.der, 1, out);
		return true;
	}
	/* The same request a moment earlier may have taken what this one was
	 * to use. */
	if (why.kind == ERR_CONFLICT || why.kind == ERR_UNAUTHORIZED) {
		if (!scep_issued_before(call, grant->csr, &found, out, err))
			return false;
		if (found)
			return true;
	}
	/* The use was taken by another request. */
	if (why.kind == ERR_UNAUTHORIZED && grant->token_id != NULL) {
		scep_refuse_password(call, why.detail, out);
		return true;
	}
	return scep_answer_err(call, &why, out, err);
}
