#include <ctype.h>
#include "ca/lint_rule.h"

/* ---- RFC 5280 section 4.1: the fields ---- */

static bool
serial_form(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->serial.n != SERIAL_SIZE || c->serial.p[0] != ctx->node)
		return broken(f,
		    "%zu octets, the first %02x, expected %u "
		    "and %02x",
		    c->serial.n, c->serial.p[0], SERIAL_SIZE, ctx->node);
	return true;
}

static bool
serial_time(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	int64_t at;

	if (c->serial.n != SERIAL_SIZE)
		return true; /* serial_form's */
	at = (int64_t)bytes_get_be(c->serial.p + 1, 5);
	/* 40 bits of seconds; ten minutes as the signer has it. */
	if (at < ctx->now - 600 || at > ctx->now + 600)
		return broken(f, "its seconds are %lld, now is %lld",
		    (long long)at, (long long)ctx->now);
	return true;
}

static bool
signature_algorithm(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (!sig_alg_fits(c->tbs_sig_alg, ctx->chain->certs[0].key.alg))
		return broken(f, "algorithm %d is none of the issuer's key",
		    (int)c->tbs_sig_alg);
	return true;
}

static bool
issuer_name(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (!bytes_equal(c->issuer, ctx->chain->certs[0].subject))
		return broken(f, "not the octets of the issuer's subject");
	return true;
}

static bool
validity_order(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->not_after < c->not_before)
		return broken(f, "notAfter is before notBefore");
	return true;
}

static bool
validity_inclusive(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	int64_t seconds = c->not_after - c->not_before + 1;

	/* RFC 5280 section 4.1.2.5: both ends count. */
	if (seconds > ctx->profile->t.max_lifetime)
		return broken(f, "%lld s with both ends, at most %lld",
		    (long long)seconds,
		    (long long)ctx->profile->t.max_lifetime);
	return true;
}

static bool
validity_ca_cap(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->not_after - c->not_before + 1 > ctx->max_lifetime)
		return broken(f, "longer than the CA's max_lifetime");
	return true;
}

static bool
validity_within_issuer(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	for (size_t i = 0; i < ctx->chain->n; i++)
		if (c->not_after > ctx->chain->certs[i].not_after)
			return broken(f, "ends after its issuer does");
	return true;
}

static bool
validity_after_issuer(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->not_before < ctx->chain->certs[0].not_before)
		return broken(f, "begins before its issuer does");
	return true;
}

static bool
validity_backdate(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	int64_t most = MIN_OF(ctx->profile->t.backdate, ctx->max_backdate);

	/* A second or two go by between the decision and the lint. */
	if (c->not_before < ctx->now - most - 60)
		return broken(f, "begins %lld s ago, at most %lld",
		    (long long)(ctx->now - c->not_before), (long long)most);
	return true;
}

static bool
validity_future(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->not_before > ctx->now + LINT_FUTURE)
		return broken(f, "begins more than 5 minutes from now");
	return true;
}

static bool
validity_not_over(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (c->not_after <= ctx->now && c->not_after >= c->not_before)
		return broken(f, "has expired already");
	return true;
}

/* ---- the subject ---- */

static bool
subject_or_names(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (subject_is_empty(c) && !c->has_names && !ctx->profile->t.responder)
		return broken(f, "neither a subject nor a subjectAltName");
	return true;
}

static bool
names_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->has_names && subject_is_empty(c) && !c->names_critical)
		return broken(f,
		    "subject is empty, subjectAltName is not "
		    "critical");
	return true;
}

static bool
names_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->has_names && !subject_is_empty(c) && c->names_critical)
		return broken(f,
		    "subjectAltName is critical next to a "
		    "subject");
	return true;
}

static bool
subject_attributes(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	if (ctx->profile->t.subject_request)
		return true; /* subject_form's */
	while (attribute_next(&walk, &at))
		if (at.kind == ATTRIBUTE_OTHER)
			return broken(f, "an attribute that no profile sets");
	return true;
}

static bool
subject_once(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	unsigned seen = 0;
	struct attribute at;

	if (ctx->profile->t.subject_request)
		return true; /* several units are everyday */
	while (attribute_next(&walk, &at)) {
		if (at.kind != ATTRIBUTE_OTHER && (seen & (1u << at.kind)) != 0)
			return broken(f, "an attribute comes twice");
		seen |= 1u << at.kind;
	}
	return true;
}

static bool
attribute_length(const struct cert *c, enum attribute_kind kind, struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at)) {
		size_t n = 0;

		if (at.kind != kind)
			continue;
		/* Bounds are in characters: UTF-8 continuations count not. */
		for (size_t i = 0; i < at.value.n; i++)
			n += (at.value.p[i] & 0xc0) != 0x80;
		if (n == 0 || n > LINT_NAME_MAX)
			return broken(f, "%zu characters, expected 1 to %u", n,
			    LINT_NAME_MAX);
	}
	return true;
}

static bool
subject_cn_length(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return attribute_length(c, ATTRIBUTE_CN, f);
}

static bool
subject_o_length(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return attribute_length(c, ATTRIBUTE_O, f);
}

static bool
subject_country(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at))
		if (at.kind == ATTRIBUTE_C &&
		    (at.tag != DER_PRINTABLE_STRING || at.value.n != 2 ||
			!isupper(at.value.p[0]) || !isupper(at.value.p[1])))
			return broken(f,
			    "countryName is not two capital "
			    "letters in a PrintableString");
	return true;
}

static bool
subject_organization(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	const char *want = ctx->profile->t.subject_organization;
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	if (ctx->profile->t.subject_request)
		return true;
	while (attribute_next(&walk, &at))
		if (at.kind == ATTRIBUTE_O)
			return (want != NULL && bytes_is(at.value, want)) ||
			    broken(f, "the organization is not the profile's");
	return want == NULL || ctx->profile->t.responder ||
	    broken(f, "the profile's organization is missing");
}

/* ---- the key ---- */

static bool
key_of_request(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (!bytes_equal(c->spki, ctx->spki))
		return broken(f, "not the key whose possession was proved");
	return true;
}

static bool
key_of_profile(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	struct err why = { 0 };

	if (!profile_check_key(ctx->profile, &c->key, &why))
		return broken(f, "%s", why.shown);
	if (c->key.alg == KEY_RSA &&
	    (c->key.bits < ctx->profile->t.rsa_min_bits ||
		c->key.bits > ctx->profile->t.rsa_max_bits))
		return broken(
		    f, "RSA of %u bits is outside the profile's", c->key.bits);
	return true;
}

static bool
key_not_issuers(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	for (size_t i = 0; i < ctx->chain->n; i++)
		if (bytes_equal(c->spki, ctx->chain->certs[i].spki))
			return broken(f, "the key is a CA's of this chain");
	return true;
}

const struct lint_rule lint_field_rules[] = {
	{ "serial_form", RFC5280("4.1.2.2"), serial_form },
	{ "serial_time", "own serial form", serial_time },
	{ "signature_algorithm", RFC5280("4.1.2.3"), signature_algorithm },
	{ "issuer_name", RFC5280("4.1.2.4"), issuer_name },
	{ "validity_order", RFC5280("4.1.2.5"), validity_order },
	{ "validity_inclusive", RFC5280("4.1.2.5"), validity_inclusive },
	{ "validity_ca_cap", "own limits", validity_ca_cap },
	{ "validity_within_issuer", RFC5280("6.1.3"), validity_within_issuer },
	{ "validity_after_issuer", RFC5280("6.1.3"), validity_after_issuer },
	{ "validity_backdate", "own limits", validity_backdate },
	{ "validity_future", "own limits", validity_future },
	{ "validity_not_over", RFC5280("4.1.2.5"), validity_not_over },
	{ "subject_or_names", RFC5280("4.1.2.6"), subject_or_names },
	{ "names_critical", RFC5280("4.2.1.6"), names_critical },
	{ "names_not_critical", RFC5280("4.2.1.6"), names_not_critical },
	{ "subject_attributes", RFC5280("4.1.2.4"), subject_attributes },
	{ "subject_once", RFC5280("4.1.2.4"), subject_once },
	{ "subject_cn_length", RFC5280("A.1"), subject_cn_length },
	{ "subject_o_length", RFC5280("A.1"), subject_o_length },
	{ "subject_country", RFC5280("A.1"), subject_country },
	{ "subject_organization", "own profile", subject_organization },
	{ "key_of_request", "RFC 2986 section 3", key_of_request },
	{ "key_of_profile", RFC5280("4.1.2.7"), key_of_profile },
	{ "key_not_issuers", "own limits", key_not_issuers },
};
const size_t lint_field_rules_n = COUNT_OF(lint_field_rules);
