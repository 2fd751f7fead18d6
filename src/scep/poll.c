#include "scep/handlers.h"
#include "store/scep.h"

/* What was asked for, as it stands in the queue. */
static bool
grant_of(struct scep_call *call, const struct approval *row, struct csr *csr,
    struct scep_grant *out, struct err *err)
{
	*out = (struct scep_grant){
		.csr = csr, .by = "approval", .who = row->requester
	};
	return csr_parse(row->csr, call->a, csr, err) &&
	    csr_names(csr, call->a, &out->names, err);
}

static bool
issued_at_once(struct scep_call *call, const uint8_t spki[32],
    struct scep_answer *out, struct err *err)
{
	struct err why = { 0 };
	const char *id;

	if (!store_scep_find_key(call->scep->deps.store,
		call->profile->config->name, call->message.transaction, spki,
		call->a, &id, &why))
		return scep_answer_err(call, &why, out, err);
	return scep_deliver(call, id, out, err);
}

/* RFC 8894 section 3.3.3.  The transaction and the key that signed the poll say
 * whose it is: nobody else is told anything. */
bool
scep_poll(struct scep_call *call, struct bytes content, struct scep_answer *out,
    struct err *err)
{
	struct csr *csr = arena_alloc(call->a, sizeof(*csr));
	struct bytes issuer, subject;
	struct scep_grant grant;
	struct err why = { 0 };
	struct approval row;
	uint8_t spki[32];
	bool found;

	if (!scep_poll_parse(content, &issuer, &subject, &why)) {
		scep_unreadable(call, out);
		return true;
	}
	if (!scep_inquiry_poll(call, &found, out, err))
		return false;
	if (found)
		return true;
	digest_sha256(call->signer.spki, spki);
	if (!ca_approval_find(call->scep->deps.ca, "scep",
		call->profile->config->name, call->message.transaction, spki,
		call->a, &row, &why))
		return why.kind == ERR_NOT_FOUND
		    ? issued_at_once(call, spki, out, err)
		    : scep_answer_err(call, &why, out, err);
	if (!grant_of(call, &row, csr, &grant, &why))
		return scep_answer_err(call, &why, out, err);
	return scep_queued(call, &grant, &row, out, err);
}
