#include "ca/ca.h"
#include "ca/lint_rule.h"
#include "codec/subject_form.h"

/* What was encoded against what was decided. */

static bool
names_authorised(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (!names_equal_sets(ctx->arena, c->names, ctx->names))
		return broken(f, "not the names that were authorised");
	return true;
}

static bool
names_once(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (names_sorted(ctx->arena, c->names).n != c->names.n)
		return broken(f, "a name comes twice");
	return true;
}

static bool
names_policy(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	for (size_t i = 0; i < c->names.n; i++) {
		struct err why = { 0 };

		if (!profile_check_name(ctx->profile, &c->names.v[i], &why))
			return broken(f, "%s", why.shown);
	}
	return true;
}

static bool
names_constraints(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	struct err why = { 0 };

	if (!chain_check_names(
		ctx->chain, c->names, c->subject, ctx->arena, &why))
		return broken(f, "%s", why.shown);
	return true;
}

/* ---- a subject that the request decides ---- */

static bool
subject_of_request(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (ctx->profile->t.subject_request &&
	    !bytes_equal(c->subject, ctx->subject))
		return broken(
		    f, "not the request's subject in its normal form");
	return true;
}

static bool
subject_form(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	const struct profile_text *t = &ctx->profile->t;
	struct err why = { 0 };

	if (t->subject_request &&
	    !subject_form_check(c->subject, t->subject_attributes.v,
		t->subject_attributes.n, &why))
		return broken(f, "%s", why.shown);
	return true;
}

static bool
subject_email(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	struct names emails = { NULL, 0 };
	struct err why = { 0 };

	if (!ctx->profile->t.subject_request)
		return true;
	if (!subject_form_emails(c->subject, ctx->arena, &emails, &why))
		return broken(f, "%s", why.shown);
	for (size_t i = 0; i < emails.n; i++)
		if (!profile_check_name(ctx->profile, &emails.v[i], &why))
			return broken(f, "%s", why.shown);
	return true;
}

static bool
subject_cn_server(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	struct err why = { 0 };

	if (ctx->profile->t.subject_request && has_eku(c, EKU_SERVER) &&
	    !subject_form_check_cn(c->subject, &c->names, ctx->arena, &why))
		return broken(f, "%s", why.shown);
	return true;
}

static bool
pointer_crl(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	const struct profile_text *t = &ctx->profile->t;
	const char *want = t->crl_url;
	unsigned shard;

	/* A shard's, of those that a profile with shards may name. */
	if (t->crl_shards_url != NULL && c->crl_urls_n == 1 &&
	    crl_shard_of_uri(
		bytes_str(c->crl_urls[0]), t->crl_shards_url, &shard) &&
	    shard <= ctx->shards)
		return true;
	if (c->crl_urls_n != (want == NULL ? 0 : 1) ||
	    (want != NULL && strcmp(c->crl_urls[0], want) != 0))
		return broken(f, "the CRL pointer is not the profile's");
	return true;
}

static bool
pointer_ca(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (!texts_equal(c->ca_issuers_url, ctx->profile->t.ca_issuers_url))
		return broken(f, "the issuer pointer is not the profile's");
	return true;
}

static bool
pointer_ocsp(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (!texts_equal(c->ocsp_url, ctx->profile->t.ocsp_url))
		return broken(f, "the OCSP pointer is not the profile's");
	return true;
}

static bool
must_staple_meant(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->must_staple != ctx->must_staple)
		return broken(f, "the TLS feature is not what was decided");
	return true;
}

static bool
nocheck_responder(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->ocsp_nocheck != ctx->profile->t.responder)
		return broken(f,
		    "id-pkix-ocsp-nocheck is for responders, and "
		    "only for them");
	return true;
}

const struct lint_rule lint_meant_rules[] = {
	{ "names_authorised", RFC5280("4.2.1.6"), names_authorised },
	{ "names_once", "own limits", names_once },
	{ "names_policy", "own profile", names_policy },
	{ "names_constraints", RFC5280("4.2.1.10"), names_constraints },
	{ "subject_of_request", "own profile", subject_of_request },
	{ "subject_form", RFC5280("A.1"), subject_form },
	{ "subject_email", "own profile", subject_email },
	{ "subject_cn_server", "RFC 9525 section 2", subject_cn_server },
	{ "pointer_crl", RFC5280("4.2.1.13"), pointer_crl },
	{ "pointer_ca", RFC5280("4.2.2.1"), pointer_ca },
	{ "pointer_ocsp", RFC5280("4.2.2.1"), pointer_ocsp },
	{ "must_staple_meant", "RFC 7633 section 4", must_staple_meant },
	{ "nocheck_responder", "RFC 6960 section 4.2.2.2.1",
	    nocheck_responder },
};
const size_t lint_meant_rules_n = COUNT_OF(lint_meant_rules);
