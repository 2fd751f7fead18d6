#include <ctype.h>
#include "ca/ca.h"
#include "ca/lint.h"
#include "ca/lint_rule.h"

/* ---- RFC 5280 section 4.1: the fields ---- */

static bool
serial_form(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->serial.n != SERIAL_SIZE || c->serial.p[0] != ctx->node)
		return broken(f, "%zu octets, the first %02x, expected %u "
				 "and %02x",
		    c->serial.n, c->serial.p[0], SERIAL_SIZE, ctx->node);
	return true;
}

static bool
serial_time(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	int64_t at = 0;

	if (c->serial.n != SERIAL_SIZE)
		return true;	/* serial_form's */
	for (size_t i = 1; i <= 5; i++)
		at = at << 8 | c->serial.p[i];
	/* 40 bits of seconds; ten minutes as the signer has it. */
	if (at < ctx->now - 600 || at > ctx->now + 600)
		return broken(f, "its seconds are %lld, now is %lld",
		    (long long)at, (long long)ctx->now);
	return true;
}

static bool
signature_algorithm(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (!sig_alg_fits(c->tbs_sig_alg, ctx->chain->certs[0].key.alg))
		return broken(f, "algorithm %d is none of the issuer's key",
		    (int)c->tbs_sig_alg);
	return true;
}

static bool
issuer_name(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (!bytes_equal(c->issuer, ctx->chain->certs[0].subject))
		return broken(f, "not the octets of the issuer's subject");
	return true;
}

static bool
validity_order(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->not_after < c->not_before)
		return broken(f, "notAfter is before notBefore");
	return true;
}

static bool
validity_inclusive(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
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
validity_ca_cap(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->not_after - c->not_before + 1 > ctx->max_lifetime)
		return broken(f, "longer than the CA's max_lifetime");
	return true;
}

static bool
validity_within_issuer(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	for (size_t i = 0; i < ctx->chain->n; i++)
		if (c->not_after > ctx->chain->certs[i].not_after)
			return broken(f, "ends after its issuer does");
	return true;
}

static bool
validity_after_issuer(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->not_before < ctx->chain->certs[0].not_before)
		return broken(f, "begins before its issuer does");
	return true;
}

static bool
validity_backdate(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	int64_t most = MIN_OF(ctx->profile->t.backdate, ctx->max_backdate);

	/* A second or two go by between the decision and the lint. */
	if (c->not_before < ctx->now - most - 60)
		return broken(f, "begins %lld s ago, at most %lld",
		    (long long)(ctx->now - c->not_before), (long long)most);
	return true;
}

static bool
validity_future(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->not_before > ctx->now + LINT_FUTURE)
		return broken(f, "begins more than 48 hours from now");
	return true;
}

static bool
validity_not_over(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->not_after <= ctx->now && c->not_after >= c->not_before)
		return broken(f, "has expired already");
	return true;
}

/* ---- the subject ---- */

static bool
subject_or_names(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (subject_is_empty(c) && !c->has_names && !ctx->profile->t.responder)
		return broken(f, "neither a subject nor a subjectAltName");
	return true;
}

static bool
names_critical(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if (c->has_names && subject_is_empty(c) && !c->names_critical)
		return broken(f, "subject is empty, subjectAltName is not "
				 "critical");
	return true;
}

static bool
names_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->has_names && !subject_is_empty(c) && c->names_critical)
		return broken(f, "subjectAltName is critical next to a "
				 "subject");
	return true;
}

static bool
subject_attributes(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at))
		if (at.kind == ATTRIBUTE_OTHER)
			return broken(f, "an attribute that no profile sets");
	return true;
}

static bool
subject_once(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	unsigned seen = 0;
	struct attribute at;

	while (attribute_next(&walk, &at)) {
		if (at.kind != ATTRIBUTE_OTHER &&
		    (seen & (1u << at.kind)) != 0)
			return broken(f, "an attribute comes twice");
		seen |= 1u << at.kind;
	}
	return true;
}

static bool
attribute_length(const struct cert *c, enum attribute_kind kind,
    struct err *f)
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
subject_cn_length(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return attribute_length(c, ATTRIBUTE_CN, f);
}

static bool
subject_o_length(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	return attribute_length(c, ATTRIBUTE_O, f);
}

static bool
subject_country(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at))
		if (at.kind == ATTRIBUTE_C &&
		    (at.tag != DER_PRINTABLE_STRING || at.value.n != 2 ||
			!isupper(at.value.p[0]) || !isupper(at.value.p[1])))
			return broken(f, "countryName is not two capital "
					 "letters in a PrintableString");
	return true;
}

static bool
subject_organization(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	const char *want = ctx->profile->t.subject_organization;
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at))
		if (at.kind == ATTRIBUTE_O)
			return (want != NULL && bytes_is(at.value, want)) ||
			    broken(f, "the organization is not the profile's");
	return want == NULL || ctx->profile->t.responder ||
	    broken(f, "the profile's organization is missing");
}

/* ---- the key ---- */

static bool
key_of_request(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (!bytes_equal(c->spki, ctx->spki))
		return broken(f, "not the key whose possession was proved");
	return true;
}

static bool
key_of_profile(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	struct err why = { 0 };

	if (!profile_check_key(ctx->profile, &c->key, &why))
		return broken(f, "%s", why.shown);
	if (c->key.alg == KEY_RSA &&
	    (c->key.bits < ctx->profile->t.rsa_min_bits ||
		c->key.bits > ctx->profile->t.rsa_max_bits))
		return broken(f, "RSA of %u bits is outside the profile's",
		    c->key.bits);
	return true;
}

static bool
key_not_issuers(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	for (size_t i = 0; i < ctx->chain->n; i++)
		if (bytes_equal(c->spki, ctx->chain->certs[i].spki))
			return broken(f, "the key is a CA's of this chain");
	return true;
}

/* ---- section 4.2: extensions ---- */

static bool
extensions_known(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	/* What spec.c writes, and no other. */
	static const char *const known[] = { OID_BASIC_CONSTRAINTS,
		OID_KEY_USAGE, OID_EKU, OID_SAN, OID_AKI, OID_SKI, OID_CRLDP,
		OID_AIA, OID_POLICIES, OID_NAME_CONSTRAINTS, OID_TLS_FEATURE,
		OID_NOCHECK };
	size_t found = 0;

	for (size_t i = 0; i < COUNT_OF(known); i++)
		found += cert_extension_find(c, known[i]) != NULL;
	if (found != c->extensions_n)
		return broken(f, "%zu of %zu extensions are ours", found,
		    c->extensions_n);
	return true;
}

static bool
not_a_ca(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if (c->is_ca)
		return broken(f, "basicConstraints says cA");
	return true;
}

static bool
no_name_constraints(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	if (cert_extension_find(c, OID_NAME_CONSTRAINTS) != NULL)
		return broken(f, "nameConstraints in an end entity");
	return true;
}

static bool
key_usage_no_ca(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if ((c->key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
		return broken(f, "keyCertSign or cRLSign");
	return true;
}

static bool
key_usage_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->has_key_usage && !c->key_usage_critical)
		return broken(f, "keyUsage is not critical");
	return true;
}

static bool
key_usage_only(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if ((c->key_usage & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) != 0 &&
	    (c->key_usage & KU_KEY_AGREEMENT) == 0)
		return broken(f, "encipherOnly or decipherOnly without "
				 "keyAgreement");
	return true;
}

static bool
key_usage_profile(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	unsigned leaf = ~(unsigned)(KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	unsigned extra = c->key_usage & leaf & ~ctx->profile->key_usage;

	if (extra != 0)
		return broken(f, "bits %x are not the profile's", extra);
	return true;
}

static bool
key_usage_rsa(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if (c->key.alg == KEY_RSA && (c->key_usage & KU_KEY_AGREEMENT) != 0)
		return broken(f, "keyAgreement of an RSA key");
	return true;
}

static bool
key_usage_ec(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	bool ec = c->key.alg == KEY_EC_P256 || c->key.alg == KEY_EC_P384 ||
	    c->key.alg == KEY_EC_P521;

	if (ec &&
	    (c->key_usage & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT)) != 0)
		return broken(f, "encipherment with an EC key");
	return true;
}

static bool
key_usage_ed25519(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	unsigned barred = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT |
	    KU_KEY_AGREEMENT;

	if (c->key.alg == KEY_ED25519 && (c->key_usage & barred) != 0)
		return broken(f, "an Ed25519 key can only sign");
	return true;
}

static bool
eku_no_any(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if (has_eku(c, EKU_ANY))
		return broken(f, "anyExtendedKeyUsage");
	return true;
}

static bool
eku_no_ocsp(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (has_eku(c, EKU_OCSP) && !ctx->profile->t.responder)
		return broken(f, "OCSPSigning outside a responder");
	return true;
}

static bool
eku_once(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	for (size_t i = 0; i < c->eku_n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->eku[i], c->eku[k]) == 0)
				return broken(f, "%s twice", c->eku[i]);
	return true;
}

static bool
eku_profile(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	const struct config_strings *want = &ctx->profile->eku;

	for (size_t i = 0; i < want->n; i++)
		if (!has_eku(c, want->v[i]))
			return broken(f, "%s of the profile is missing",
			    want->v[i]);
	for (size_t i = 0; i < c->eku_n; i++) {
		bool listed = strcmp(c->eku[i], EKU_ANY) == 0 ||
		    strcmp(c->eku[i], EKU_OCSP) == 0;

		for (size_t k = 0; k < want->n; k++)
			listed = listed || strcmp(c->eku[i], want->v[k]) == 0;
		if (!listed)
			return broken(f, "%s is not the profile's", c->eku[i]);
	}
	return true;
}

static bool
aki_issuer(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	/* RFC 5280 section 4.2.1.1: there, and the issuer's. */
	if (!bytes_equal(c->aki, ctx->key_id))
		return broken(f, "missing or not the issuer's key identifier");
	return true;
}

static bool
aki_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_AKI, f);
}

static bool
ski_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_SKI, f);
}

static bool
aia_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_AIA, f);
}

static bool
crldp_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_CRLDP, f);
}

static bool
policies_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_POLICIES, f);
}

static bool
tls_feature_not_critical(const struct cert *c,
    const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_TLS_FEATURE, f);
}

static bool
policies_once(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	for (size_t i = 0; i < c->policies_n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->policies[i], c->policies[k]) == 0)
				return broken(f, "%s twice", c->policies[i]);
	return true;
}

static bool
policies_profile(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	const struct config_strings *want = &ctx->profile->t.policies;

	for (size_t i = 0; i < want->n; i++)
		if (!has_policy(c, want->v[i]))
			return broken(f, "%s of the profile is missing",
			    want->v[i]);
	for (size_t i = 0; i < c->policies_n; i++) {
		bool listed = false;

		for (size_t k = 0; k < want->n; k++)
			listed =
			    listed || strcmp(c->policies[i], want->v[k]) == 0;
		if (!listed)
			return broken(f, "%s is not the profile's",
			    c->policies[i]);
	}
	return true;
}

/* ---- what was meant ---- */

static bool
names_authorised(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (!names_equal_sets(ctx->arena, c->names, ctx->names))
		return broken(f, "not the names that were authorised");
	return true;
}

static bool
names_once(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (names_sorted(ctx->arena, c->names).n != c->names.n)
		return broken(f, "a name comes twice");
	return true;
}

static bool
names_policy(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	for (size_t i = 0; i < c->names.n; i++) {
		struct err why = { 0 };

		if (!profile_check_name(
			ctx->profile, &c->names.v[i], &why))
			return broken(f, "%s", why.shown);
	}
	return true;
}

static bool
names_constraints(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	struct err why = { 0 };

	if (!chain_check_names(
		ctx->chain, c->names, c->subject, ctx->arena, &why))
		return broken(f, "%s", why.shown);
	return true;
}

static bool
pointer_crl(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	const char *want = ctx->profile->t.crl_url;

	if (c->crl_urls_n != (want == NULL ? 0 : 1) ||
	    (want != NULL && strcmp(c->crl_urls[0], want) != 0))
		return broken(f, "the CRL pointer is not the profile's");
	return true;
}

static bool
pointer_ca(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (!texts_equal(c->ca_issuers_url, ctx->profile->t.ca_issuers_url))
		return broken(f, "the issuer pointer is not the profile's");
	return true;
}

static bool
pointer_ocsp(const struct cert *c, const struct lint_context *ctx UNUSED,
    struct err *f)
{
	if (c->ocsp_url != NULL)
		return broken(f, "an OCSP pointer that nothing answers");
	return true;
}

static bool
must_staple_meant(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->must_staple != ctx->must_staple)
		return broken(f, "the TLS feature is not what was decided");
	return true;
}

static bool
nocheck_responder(const struct cert *c, const struct lint_context *ctx,
    struct err *f)
{
	if (c->ocsp_nocheck != ctx->profile->t.responder)
		return broken(f, "id-pkix-ocsp-nocheck is for responders, and "
				 "only for them");
	return true;
}

#define RFC5280(section) "RFC 5280 section " section

const struct lint_rule lint_rules[] = {
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
	{ "extensions_known", RFC5280("4.2"), extensions_known },
	{ "not_a_ca", RFC5280("4.2.1.9"), not_a_ca },
	{ "no_name_constraints", RFC5280("4.2.1.10"), no_name_constraints },
	{ "key_usage_no_ca", RFC5280("4.2.1.3"), key_usage_no_ca },
	{ "key_usage_critical", RFC5280("4.2.1.3"), key_usage_critical },
	{ "key_usage_only", RFC5280("4.2.1.3"), key_usage_only },
	{ "key_usage_profile", "own profile", key_usage_profile },
	{ "key_usage_rsa", "RFC 3279 section 2.3.1", key_usage_rsa },
	{ "key_usage_ec", "RFC 8813 section 3", key_usage_ec },
	{ "key_usage_ed25519", "RFC 8410 section 5", key_usage_ed25519 },
	{ "eku_no_any", RFC5280("4.2.1.12"), eku_no_any },
	{ "eku_no_ocsp", "RFC 6960 section 4.2.2.2", eku_no_ocsp },
	{ "eku_once", RFC5280("4.2.1.12"), eku_once },
	{ "eku_profile", "own profile", eku_profile },
	{ "aki_issuer", RFC5280("4.2.1.1"), aki_issuer },
	{ "aki_not_critical", RFC5280("4.2.1.1"), aki_not_critical },
	{ "ski_not_critical", RFC5280("4.2.1.2"), ski_not_critical },
	{ "aia_not_critical", RFC5280("4.2.2.1"), aia_not_critical },
	{ "crldp_not_critical", RFC5280("4.2.1.13"), crldp_not_critical },
	{ "policies_not_critical", RFC5280("4.2.1.4"), policies_not_critical },
	{ "tls_feature_not_critical", "RFC 7633 section 4",
	    tls_feature_not_critical },
	{ "policies_once", RFC5280("4.2.1.4"), policies_once },
	{ "policies_profile", "own profile", policies_profile },
	{ "names_authorised", RFC5280("4.2.1.6"), names_authorised },
	{ "names_once", "own limits", names_once },
	{ "names_policy", "own profile", names_policy },
	{ "names_constraints", RFC5280("4.2.1.10"), names_constraints },
	{ "pointer_crl", RFC5280("4.2.1.13"), pointer_crl },
	{ "pointer_ca", RFC5280("4.2.2.1"), pointer_ca },
	{ "pointer_ocsp", RFC5280("4.2.2.1"), pointer_ocsp },
	{ "must_staple_meant", "RFC 7633 section 4", must_staple_meant },
	{ "nocheck_responder", "RFC 6960 section 4.2.2.2.1",
	    nocheck_responder },
};
const size_t lint_rules_n = COUNT_OF(lint_rules);

static size_t
run_table(const struct lint_rule *rules, size_t n, const struct cert *c,
    const struct lint_context *ctx, const struct lint_rule **out, size_t used,
    size_t max)
{
	for (size_t i = 0; i < n; i++) {
		struct err found = { 0 };

		if (rules[i].holds(c, ctx, &found))
			continue;
		if (used < max)
			out[used] = &rules[i];
		used++;
	}
	return used;
}

size_t
lint_run(const struct cert *c, const struct lint_context *ctx,
    const struct lint_rule **out, size_t max)
{
	size_t used =
	    run_table(lint_rules, lint_rules_n, c, ctx, out, 0, max);

	if (ctx->profile->t.baseline)
		used = run_table(lint_baseline_rules, lint_baseline_rules_n, c,
		    ctx, out, used, max);
	return used;
}

bool
lint_check(
    struct bytes tbs, const struct lint_context *ctx, struct err *err)
{
	struct cert *c = arena_alloc(ctx->arena, sizeof(*c));
	const struct lint_rule *rule;
	struct err found = { 0 };

	/* The parser is the first rule: DER, version 3, serial above 0, no
	 * doubled extension, no pathLen without cA, no empty key usage. */
	if (!cert_parse_tbs(tbs, ctx->arena, c, &found))
		return fail(err, ERR_INTERNAL,
		    "the to-be-signed certificate cannot be read: %s",
		    found.shown);
	if (lint_run(c, ctx, &rule, 1) == 0)
		return true;
	(void)rule->holds(c, ctx, &found);
	return fail(err, ERR_REJECTED,
	    "the certificate would break %s (%s): %s", rule->id, rule->source,
	    found.shown);
}
