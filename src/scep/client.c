#include "scep/handlers.h"

static bool
verify(struct scep_call *call, struct err *err)
{
	const struct client_check check = { .ca = call->scep->deps.ca,
		.store = call->scep->deps.store,
		.lanes = call->scep->lanes,
		.verified = call->scep->verified,
		.generation = call->state->generation,
		.index = call->profile->index,
		.now = call->req->now };
	struct ca_client client;

	return ca_client_verify(&check, &call->profile->clients,
	    call->req->client_cert, call->a, &client, err);
}

/*
 * Only a listener of kind est asks for client certificates, so that nobody's
 * browser is asked for one elsewhere.  It serves the profiles that need them,
 * which no other listener does: docs/adr/0007.  What a proxy forwards has none,
 * whoever its client was.
 */
bool
scep_client_check(struct scep_call *call, struct err *err)
{
	const struct scep_profile *p = call->profile;
	bool asked = call->req->listener == LISTENER_EST;

	if (!p->mutual && asked)
		return fail(err, ERR_NOT_FOUND,
		    "profile %s is not served here: it needs no client "
		    "certificate, and this address is for those that do",
		    p->config->name);
	if (!p->mutual)
		return true;
	if (!asked)
		return fail(err, ERR_UNAUTHORIZED,
		    "profile %s is served to TLS client certificates alone, "
		    "at the address of EST (chancery urls has it)",
		    p->config->name);
	if (call->req->client_cert.n == 0)
		return fail(err, ERR_UNAUTHORIZED,
		    "profile %s needs a TLS client certificate, and this "
		    "connection has none",
		    p->config->name);
	return verify(call, err);
}
