#include "ca/lint_rule.h"

/* RFC 5280 section 4.2. */

static bool
extensions_known(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
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
not_a_ca(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->is_ca)
		return broken(f, "basicConstraints says cA");
	return true;
}

static bool
no_name_constraints(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (cert_extension_find(c, OID_NAME_CONSTRAINTS) != NULL)
		return broken(f, "nameConstraints in an end entity");
	return true;
}

static bool
key_usage_no_ca(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if ((c->key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
		return broken(f, "keyCertSign or cRLSign");
	return true;
}

static bool
key_usage_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->has_key_usage && !c->key_usage_critical)
		return broken(f, "keyUsage is not critical");
	return true;
}

static bool
key_usage_only(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if ((c->key_usage & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) != 0 &&
	    (c->key_usage & KU_KEY_AGREEMENT) == 0)
		return broken(f,
		    "encipherOnly or decipherOnly without "
		    "keyAgreement");
	return true;
}

static bool
key_usage_profile(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	unsigned leaf = ~(unsigned)(KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	unsigned extra = c->key_usage & leaf & ~ctx->profile->key_usage;

	if (extra != 0)
		return broken(f, "bits %x are not the profile's", extra);
	return true;
}

static bool
key_usage_rsa(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->key.alg == KEY_RSA && (c->key_usage & KU_KEY_AGREEMENT) != 0)
		return broken(f, "keyAgreement of an RSA key");
	return true;
}

static bool
key_usage_ec(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	bool ec = c->key.alg == KEY_EC_P256 || c->key.alg == KEY_EC_P384 ||
	    c->key.alg == KEY_EC_P521;

	if (ec &&
	    (c->key_usage & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT)) != 0)
		return broken(f, "encipherment with an EC key");
	return true;
}

static bool
key_usage_ed25519(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	unsigned barred =
	    KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT;

	if (c->key.alg == KEY_ED25519 && (c->key_usage & barred) != 0)
		return broken(f, "an Ed25519 key can only sign");
	return true;
}

static bool
eku_no_any(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (has_eku(c, EKU_ANY))
		return broken(f, "anyExtendedKeyUsage");
	return true;
}

static bool
eku_no_ocsp(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	if (has_eku(c, EKU_OCSP) && !ctx->profile->t.responder)
		return broken(f, "OCSPSigning outside a responder");
	return true;
}

static bool
eku_once(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	for (size_t i = 0; i < c->eku_n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->eku[i], c->eku[k]) == 0)
				return broken(f, "%s twice", c->eku[i]);
	return true;
}

static bool
eku_profile(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	const struct config_strings *want = &ctx->profile->eku;

	for (size_t i = 0; i < want->n; i++)
		if (!has_eku(c, want->v[i]))
			return broken(
			    f, "%s of the profile is missing", want->v[i]);
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
aki_issuer(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	/* RFC 5280 section 4.2.1.1: there, and the issuer's. */
	if (!bytes_equal(c->aki, ctx->key_id))
		return broken(f, "missing or not the issuer's key identifier");
	return true;
}

static bool
aki_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_AKI, f);
}

static bool
ski_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_SKI, f);
}

static bool
aia_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_AIA, f);
}

static bool
crldp_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_CRLDP, f);
}

static bool
policies_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_POLICIES, f);
}

static bool
tls_feature_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_TLS_FEATURE, f);
}

static bool
policies_once(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	for (size_t i = 0; i < c->policies_n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->policies[i], c->policies[k]) == 0)
				return broken(f, "%s twice", c->policies[i]);
	return true;
}

static bool
policies_profile(
    const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	const struct config_strings *want = &ctx->profile->t.policies;

	for (size_t i = 0; i < want->n; i++)
		if (!has_policy(c, want->v[i]))
			return broken(
			    f, "%s of the profile is missing", want->v[i]);
	for (size_t i = 0; i < c->policies_n; i++) {
		bool listed = false;

		for (size_t k = 0; k < want->n; k++)
			listed =
			    listed || strcmp(c->policies[i], want->v[k]) == 0;
		if (!listed)
			return broken(
			    f, "%s is not the profile's", c->policies[i]);
	}
	return true;
}

const struct lint_rule lint_extension_rules[] = {
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
};
const size_t lint_extension_rules_n = COUNT_OF(lint_extension_rules);
