#include <sys/socket.h>
#include "ca/lint_rule.h"
#include "ca/policy.h"
#include "codec/name.h"

/*
 * The Baseline Requirements for TLS server certificates, version 2.2.6, that
 * can be read off a certificate and go beyond RFC 5280.
 */

#define DAY ((int64_t)24 * 3600)

/* BR section 6.3.2: the longest validity by day of issuance. */
static const struct {
	int64_t from; /* issued on or after, UTC */
	int64_t days;
} validity_caps[] = {
	{ 1868227200, 47 }, /* 2029-03-15 */
	{ 1805068800, 100 }, /* 2027-03-15 */
	{ 1773532800, 200 }, /* 2026-03-15 */
	{ INT64_MIN, 398 },
};

static bool
br_validity(const struct cert *c, const struct lint_context *ctx, struct err *f)
{
	int64_t seconds = c->not_after - c->not_before + 1;
	size_t i = 0;

	while (ctx->now < validity_caps[i].from)
		i++;
	if (seconds > validity_caps[i].days * DAY)
		return broken(f, "%lld s, at most %lld days",
		    (long long)seconds, (long long)validity_caps[i].days);
	return true;
}

static bool
br_names_present(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	/* An empty subject without names is RFC 5280's own rule. */
	if (!c->has_names && !subject_is_empty(c))
		return broken(f, "no subjectAltName");
	return true;
}

static bool
br_names_types(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	for (size_t i = 0; i < c->names.n; i++)
		if (c->names.v[i].type != NAME_DNS &&
		    c->names.v[i].type != NAME_IP)
			return broken(f, "%s is neither a DNS name nor an IP",
			    c->names.v[i].text);
	return true;
}

static bool
br_internal_name(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	/* RFC 6761, 6762, 7686, 8375, 9476 and ICANN's .internal: no registry
	 * will ever assign them. */
	static const char *const internal[] = { "test", "example", "invalid",
		"localhost", "local", "internal", "alt", "home.arpa", "onion",
		"lan", "home", "corp", "mail", "private", "intranet" };

	for (size_t i = 0; i < c->names.n; i++) {
		const char *name = c->names.v[i].text;

		if (c->names.v[i].type != NAME_DNS)
			continue;
		if (strchr(name, '.') == NULL)
			return broken(f, "%s has a single label", name);
		for (size_t k = 0; k < COUNT_OF(internal); k++)
			if (dns_is_under(name, internal[k]))
				return broken(
				    f, "%s is an internal name", name);
	}
	return true;
}

static bool
br_reverse_zone(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	for (size_t i = 0; i < c->names.n; i++)
		if (c->names.v[i].type == NAME_DNS &&
		    (dns_is_under(c->names.v[i].text, "in-addr.arpa") ||
			dns_is_under(c->names.v[i].text, "ip6.arpa")))
			return broken(
			    f, "%s is in a reverse zone", c->names.v[i].text);
	return true;
}

/* IANA's special-purpose registries, what is not globally reachable. */
static const char *const reserved_networks[] = { "0.0.0.0/8", "10.0.0.0/8",
	"100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/8",
	"64:ff9b:1::/48", "100::/64", "2001:db8::/32", "2001::/23", "3fff::/20",
	"5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8" };

static bool
br_reserved_ip(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	for (size_t i = 0; i < c->names.n; i++) {
		uint8_t addr[16];
		size_t n;

		if (c->names.v[i].type != NAME_IP)
			continue;
		n = name_ip_octets(c->names.v[i].text, addr);
		for (size_t k = 0; k < COUNT_OF(reserved_networks); k++) {
			struct config_cidr net;
			struct err why = { 0 };

			if (config_cidr_parse(
				reserved_networks[k], &net, &why) &&
			    config_cidr_contains(
				&net, n == 4 ? AF_INET : AF_INET6, addr))
				return broken(f, "%s is a reserved address",
				    c->names.v[i].text);
		}
	}
	return true;
}

static bool
br_label_reserved(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	for (size_t i = 0; i < c->names.n; i++) {
		const char *p = c->names.v[i].text;

		if (c->names.v[i].type != NAME_DNS)
			continue;
		/* P-labels begin with xn--; others with "--" third and fourth
		 * are reserved (RFC 5890 section 2.3.1). */
		for (; p != NULL; p = strchr(p, '.')) {
			p += *p == '.';
			if (strcspn(p, ".") >= 4 && p[2] == '-' &&
			    p[3] == '-' && strncasecmp(p, "xn", 2) != 0)
				return broken(f, "%s has a reserved LDH label",
				    c->names.v[i].text);
		}
	}
	return true;
}

static bool
br_eku_server(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (!has_eku(c, EKU_SERVER))
		return broken(f, "serverAuth is missing");
	return true;
}

static bool
br_eku_other(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	/* BR section 7.1.2.7.10: MUST NOT beside serverAuth. */
	static const char *const barred[] = { "1.3.6.1.5.5.7.3.3",
		"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8",
		"1.3.6.1.4.1.11129.2.4.4" };

	for (size_t i = 0; i < COUNT_OF(barred); i++)
		if (has_eku(c, barred[i]))
			return broken(f, "%s beside serverAuth", barred[i]);
	return true;
}

static bool
br_eku_not_critical(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	return not_critical(c, OID_EKU, f);
}

static bool
br_key_usage_signature(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->has_key_usage && c->key_usage != 0 && c->key.alg != KEY_RSA &&
	    (c->key_usage & KU_DIGITAL_SIGNATURE) == 0)
		return broken(f, "digitalSignature is missing");
	return true;
}

static bool
br_key_usage_repudiation(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if ((c->key_usage & KU_NON_REPUDIATION) != 0)
		return broken(f, "nonRepudiation");
	return true;
}

static bool
br_key_type(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->key.alg == KEY_ED25519)
		return broken(f, "only RSA and NIST curves are allowed");
	return true;
}

static bool
br_rsa_octets(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (c->key.alg == KEY_RSA && c->key.bits % 8 != 0)
		return broken(f,
		    "a modulus of %u bits is no whole number of "
		    "octets",
		    c->key.bits);
	return true;
}

static bool
br_policy_reserved(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (!has_policy(c, BR_DV) && !has_policy(c, BR_OV) &&
	    !has_policy(c, BR_IV) && !has_policy(c, BR_EV))
		return broken(f, "none of the reserved policies");
	return true;
}

static bool
br_policy_one(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	int n = has_policy(c, BR_DV) + has_policy(c, BR_OV) +
	    has_policy(c, BR_IV) + has_policy(c, BR_EV);

	if (n > 1)
		return broken(f, "%d reserved policies, expected one", n);
	return true;
}

static bool
subject_has(const struct cert *c, enum attribute_kind kind)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at))
		if (at.kind == kind)
			return true;
	return false;
}

static bool
br_subject_domain(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (has_policy(c, BR_DV) && !has_policy(c, BR_OV) &&
	    subject_has(c, ATTRIBUTE_O))
		return broken(f,
		    "an organization in a domain-validated "
		    "certificate");
	return true;
}

static bool
br_subject_organization(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (has_policy(c, BR_OV) && !has_policy(c, BR_DV) &&
	    (!subject_has(c, ATTRIBUTE_O) || !subject_has(c, ATTRIBUTE_C)))
		return broken(f,
		    "organization or country is missing in an "
		    "organization-validated certificate");
	return true;
}

static bool
br_subject_unit(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (subject_has(c, ATTRIBUTE_OU))
		return broken(f, "organizationalUnitName");
	return true;
}

static bool
br_subject_cn(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	struct attributes walk = attributes_of(c->subject);
	struct attribute at;

	while (attribute_next(&walk, &at)) {
		bool found = !c->has_names;

		if (at.kind != ATTRIBUTE_CN)
			continue;
		for (size_t i = 0; i < c->names.n; i++)
			found = found || bytes_is(at.value, c->names.v[i].text);
		if (!found)
			return broken(f,
			    "the common name is none of the "
			    "names");
	}
	return true;
}

static bool
br_aia_present(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if (cert_extension_find(c, OID_AIA) == NULL)
		return broken(f, "authorityInfoAccess is missing");
	return true;
}

static bool
br_crl_present(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	/* BR section 1.6.1: short-lived is at most 7 days. */
	bool brief = c->not_after - c->not_before + 1 <= 7 * DAY;

	if (!brief && c->crl_urls_n == 0 && c->ocsp_url == NULL)
		return broken(f,
		    "neither a CRL nor an OCSP pointer in a "
		    "certificate that is not short-lived");
	return true;
}

static bool
br_pointer_http(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	if ((c->crl_urls_n != 0 &&
		strncmp(c->crl_urls[0], "http://", 7) != 0) ||
	    (c->ca_issuers_url != NULL &&
		strncmp(c->ca_issuers_url, "http://", 7) != 0) ||
	    (c->ocsp_url != NULL && strncmp(c->ocsp_url, "http://", 7) != 0))
		return broken(f, "a pointer is not an http URL");
	return true;
}

static bool
br_basic_constraints(
    const struct cert *c, const struct lint_context *ctx UNUSED, struct err *f)
{
	const struct cert_extension *e =
	    cert_extension_find(c, OID_BASIC_CONSTRAINTS);

	if (e != NULL && !e->critical && !c->is_ca)
		return broken(f, "basicConstraints is not critical");
	return true;
}

const struct lint_rule lint_baseline_rules[] = {
	{ "br_validity", BR("6.3.2"), br_validity },
	{ "br_names_present", BR("7.1.2.7.12"), br_names_present },
	{ "br_names_types", BR("7.1.2.7.12"), br_names_types },
	{ "br_internal_name", BR("4.2.2"), br_internal_name },
	{ "br_reverse_zone", BR("4.2.2"), br_reverse_zone },
	{ "br_reserved_ip", BR("7.1.2.7.12"), br_reserved_ip },
	{ "br_label_reserved", BR("7.1.2.7.12"), br_label_reserved },
	{ "br_eku_server", BR("7.1.2.7.10"), br_eku_server },
	{ "br_eku_other", BR("7.1.2.7.10"), br_eku_other },
	{ "br_eku_not_critical", BR("7.1.2.7.6"), br_eku_not_critical },
	{ "br_key_usage_signature", BR("7.1.2.7.11"), br_key_usage_signature },
	{ "br_key_usage_repudiation", BR("7.1.2.7.11"),
	    br_key_usage_repudiation },
	{ "br_key_type", BR("7.1.3.1"), br_key_type },
	{ "br_rsa_octets", BR("6.1.5"), br_rsa_octets },
	{ "br_policy_reserved", BR("7.1.2.7.9"), br_policy_reserved },
	{ "br_policy_one", BR("7.1.2.7.9"), br_policy_one },
	{ "br_subject_domain", BR("7.1.2.7.2"), br_subject_domain },
	{ "br_subject_organization", BR("7.1.2.7.4"), br_subject_organization },
	{ "br_subject_unit", BR("7.1.2.7.4"), br_subject_unit },
	{ "br_subject_cn", BR("7.1.4.3"), br_subject_cn },
	{ "br_aia_present", BR("7.1.2.7.7"), br_aia_present },
	{ "br_crl_present", BR("7.1.2.11.2"), br_crl_present },
	{ "br_pointer_http", BR("7.1.2.11.2"), br_pointer_http },
	{ "br_basic_constraints", BR("7.1.2.7.8"), br_basic_constraints },
};
const size_t lint_baseline_rules_n = COUNT_OF(lint_baseline_rules);
