#include "ca/token.h"
#include "scep/handlers.h"

static bool
refuse(struct scep_call *call, const char *text, struct scep_answer *out)
{
	scep_answer_fail(call, SCEP_BAD_REQUEST, text, out);
	return true;
}

void
scep_refuse_password(
    struct scep_call *call, const char *why, struct scep_answer *out)
{
	scep_count_failure(call);
	scep_answer_fail(call, SCEP_BAD_REQUEST,
	    "the challengePassword is not one that can be used", out);
	if (why[0] != '\0')
		call->req->log_note = arena_strdup(call->a, why);
}

static bool
by_token(struct scep_call *call, struct scep_grant *grant, struct err *err)
{
	const struct scep_profile *p = call->profile;
	struct token token;

	if (!ca_token_check(call->scep->deps.ca,
		bytes_str(grant->csr->challenge_password), p->config->profile,
		p->service, call->a, &token, err))
		return false;
	grant->by = "token";
	grant->who = token.id;
	grant->token_id = token.id;
	/* As with the password that all share, and with EST: who is limited by
	 * the profile's names chooses no other subject either. */
	grant->named = token.names.n > 0 || p->config->names.n > 0;
	return true;
}

/* A wrong one waits for nobody: it is refused, and counted. */
static bool
by_password(struct scep_call *call, struct scep_grant *grant,
    struct scep_answer *out, struct err *err)
{
	struct bytes password = bytes_str(grant->csr->challenge_password);
	const struct scep_profile *p = call->profile;
	bool jws = (p->authentication & BY_SIGNED) != 0 && password.n > 0 &&
	    memchr(password.p, '.', password.n) != NULL;
	struct err why = { 0 };

	if (scep_profile_is_challenge(p, password)) {
		grant->by = "challenge";
		grant->named = true;
		grant->who = p->config->name;
		return scep_issue(call, grant, out, err);
	}
	/* A secret has no dot, a JWS has two. */
	if (jws ? scep_signed_check(call, grant, &why)
		: (p->authentication & BY_TOKENS) != 0 &&
		    by_token(call, grant, &why))
		return scep_issue(call, grant, out, err);
	if (why.kind != ERR_NONE && why.kind != ERR_UNAUTHORIZED)
		return scep_answer_err(call, &why, out, err);
	scep_refuse_password(call, why.detail, out);
	return true;
}

static bool
by_request(struct scep_call *call, struct scep_grant *grant,
    struct scep_answer *out, struct err *err)
{
	unsigned by = call->profile->authentication;

	if (scep_is_asked(call, grant->csr))
		return scep_inquire(call, grant, out, err);
	if (grant->csr->challenge_password != NULL && (by & BY_PASSWORDS) != 0)
		return by_password(call, grant, out, err);
	if ((by & BY_APPROVAL) != 0) {
		grant->by = "approval";
		grant->who = http_peer_text(call->req);
		return scep_queue(call, grant, out, err);
	}
	return refuse(call, "the request has no challengePassword", out);
}

/*
 * RFC 8894 section 2.4, and what clients do: a request that a certificate of
 * ours has signed is a renewal, whether it says RenewalReq (strongSwan) or
 * PKCSReq (certmonger, sscep, Apple).
 */
static bool
authorize(struct scep_call *call, struct scep_grant *grant, bool own_key,
    struct scep_answer *out, struct err *err)
{
	struct err why = { 0 };

	/* What has a challengePassword is asked about, whoever signed it. */
	if (scep_renewal_check(call, grant->csr, grant, &why))
		return call->profile->asks != 0 &&
			grant->csr->challenge_password != NULL
		    ? scep_inquire(call, grant, out, err)
		    : scep_issue(call, grant, out, err);
	/* Whoever has a password stands on that, with whatever certificate. */
	if (call->message.type == SCEP_PKCS_REQ && own_key &&
	    (why.kind == ERR_NOT_FOUND ||
		(why.kind == ERR_REJECTED &&
		    grant->csr->challenge_password != NULL)))
		return by_request(call, grant, out, err);
	if (why.kind == ERR_NOT_FOUND && call->message.type == SCEP_PKCS_REQ)
		return refuse(call,
		    "the message is not signed with the key of its request",
		    out);
	return scep_answer_err(call, &why, out, err);
}

bool
scep_enroll(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err)
{
	struct csr *csr = arena_alloc(call->a, sizeof(*csr));
	struct scep_grant grant = { .csr = csr };
	struct err why = { 0 };
	bool found, own_key;

	/* Longer than what was decrypted, which is wiped. */
	if (!csr_parse(arena_bytes(call->a, content), call->a, csr, &why)) {
		scep_unreadable(call, out);
		return true;
	}
	own_key = bytes_equal(csr->spki, call->signer.spki);
	if (!csr_names(csr, call->a, &grant.names, &why) ||
	    !scep_profile_check_names(call->profile, &grant.names, &why))
		return scep_answer_err(call, &why, out, err);
	/* The answer may have been lost: the same request again. */
	if (call->profile->asks != 0) {
		if (!scep_inquiry_join(call, csr, &found, out, err))
			return false;
		if (found)
			return true;
	}
	if (own_key) {
		if (!scep_issued_before(call, csr, &found, out, err))
			return false;
		if (found)
			return true;
	}
	return authorize(call, &grant, own_key, out, err);
}
