#include "ca/token.h"
#include "codec/claims.h"
#include "codec/subject_form.h"
#include "scep/handlers.h"

/* The signature, by a key that the profile names, and what was signed. */
static bool
verify(struct scep_call *call, const struct jws *jws,
    const struct jwk_set_key **by, struct claims *out, struct err *err)
{
	AUTO_LANE loan = lane_lend(call->scep->lanes);

	return jwk_set_verify(
		   loan.lane, &call->profile->signers, jws, by, err) &&
	    claims_parse(jws->payload, call->a, out, err);
}

/*
 * Where the subject goes in as it came: all by which somebody is known there is
 * vouched for, be it as a name or by the claim.  Without the claim ca_issue
 * sees to that (ca_request.subject_named).
 */
static bool
check_subject(struct scep_call *call, const struct scep_grant *grant,
    const struct claims *c, struct err *err)
{
	const struct profile *p = ca_profile_find(
	    call->scep->deps.ca, call->profile->config->profile);
	struct names known = { .n = c->names.n };

	if (c->subject == NULL || p == NULL || !profile_takes_subject(p))
		return true;
	known.v = arena_array(call->a, known.n + 1, sizeof(*known.v));
	memcpy(known.v, c->names.v, known.n * sizeof(*known.v));
	known.v[known.n++] =
	    (struct name){ .type = NAME_DNS, .text = c->subject };
	return subject_form_check_names(
	    grant->csr->subject, &known, call->a, err);
}

static bool
check(struct scep_call *call, const struct scep_grant *grant,
    const struct claims *c, struct err *err)
{
	const struct scep_profile *p = call->profile;

	return claims_check(c, p->audience, p->audience_n,
		   p->config->signed_max_lifetime, call->req->now, err) &&
	    claims_check_request(
		c, grant->names, grant->csr->common_name, call->a, err) &&
	    check_subject(call, grant, c, err);
}

/* For the record: the key by its kid, else by its thumbprint. */
static const char *
signer_text(struct scep_call *call, const struct jwk_set_key *key)
{
	char thumbprint[44];

	if (key->kid != NULL)
		return key->kid;
	jwk_thumbprint_text(key->jwk.thumbprint, thumbprint);
	return arena_strdup(call->a, thumbprint);
}

static bool
take(struct scep_call *call, struct bytes text, const struct claims *c,
    const struct jwk_set_key *key, struct token *out, struct err *err)
{
	const struct scep_profile *p = call->profile;
	const struct token_signed in = { .secret = text,
		.key = key->jwk.thumbprint,
		.number = c->id,
		.spec = { .profile = p->config->profile,
		    .names = c->names,
		    .expires_at = c->expires_at,
		    .by = arena_printf(call->a, "signed challenge of %s",
			signer_text(call, key)),
		    .device = c->device,
		    .service = p->service },
		.per_device = p->config->signed_per_device,
		.period = p->config->signed_period };

	return ca_token_take_signed(
	    call->scep->deps.ca, &in, call->a, out, err);
}

/* To the client it is all one, whatever was wrong; the log has the cause. */
static bool
refuse(const struct err *why, struct err *err)
{
	switch (why->kind) {
	case ERR_MALFORMED:
	case ERR_TOO_LARGE:
	case ERR_BAD_PUBLIC_KEY:
	case ERR_BAD_SIGNATURE:
	case ERR_BAD_SIGNATURE_ALG:
	case ERR_UNSUPPORTED:
	case ERR_UNAUTHORIZED:
	case ERR_REJECTED:
	case ERR_RATE_LIMITED:
		return fail_detail(err, ERR_UNAUTHORIZED,
		    "the challengePassword is not one that can be used",
		    "signed challenge: %s%s%s", why->shown,
		    why->detail[0] != '\0' ? ": " : "", why->detail);
	default:
		*err = *why;
		return false;
	}
}

bool
scep_signed_check(
    struct scep_call *call, struct scep_grant *grant, struct err *err)
{
	struct bytes text = bytes_str(grant->csr->challenge_password);
	const struct jwk_set_key *key;
	struct err why = { 0 };
	struct claims claims;
	struct token token;
	struct jws jws;

	if (!jws_parse_compact(text, call->a, &jws, &why) ||
	    !verify(call, &jws, &key, &claims, &why) ||
	    !check(call, grant, &claims, &why) ||
	    !take(call, text, &claims, key, &token, &why))
		return refuse(&why, err);
	grant->by = "signed";
	grant->who =
	    arena_printf(call->a, "%s, device %s", token.by, token.device);
	grant->token_id = token.id;
	/* Without a word on the subject it is the names that are vouched for.
	 */
	grant->named = claims.subject == NULL;
	return true;
}
