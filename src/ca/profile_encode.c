#include "ca/ca.h"
#include "ca/profile.h"
#include "ca/profile_json.h"

const char *const profile_subject_cn_names[SUBJECT_CN_CHOICES] = {
	[SUBJECT_NONE] = "none",
	[SUBJECT_FIRST_NAME] = "first_name",
	[SUBJECT_CSR_CN] = "csr_cn",
};

const char *const profile_must_staple_names[MUST_STAPLE_CHOICES] = {
	[MUST_STAPLE_NEVER] = "never",
	[MUST_STAPLE_REQUESTED] = "requested",
	[MUST_STAPLE_ALWAYS] = "always",
};

static struct config_strings
cidr_texts(const struct config_cidrs *cidrs, struct arena *a)
{
	struct config_strings out = { arena_array(a, cidrs->n, sizeof(*out.v)),
		cidrs->n };

	for (size_t i = 0; i < cidrs->n; i++)
		out.v[i] = cidrs->v[i].text;
	return out;
}

const char *
profile_encode(
    const struct config_profile *c, const char *http_base_url, struct arena *a)
{
	struct profile_text t = {
		.name = c->name,
		.ca = c->ca,
		.description = c->description,
		.lifetime = c->lifetime,
		.max_lifetime = c->max_lifetime,
		.backdate = c->backdate,
		.rsa_min_bits = c->rsa_min_bits,
		.rsa_max_bits = c->rsa_max_bits,
		.max_names = c->max_names,
		.dns = c->dns,
		.wildcards = c->wildcards,
		.ip = c->ip,
		.email = c->email,
		.uri = c->uri,
		.upn = c->upn,
		.acme = c->acme,
		.baseline = c->baseline,
		.revocation_secret = c->revocation_secret,
		.subject_request = c->subject == SUBJECT_OF_REQUEST,
		.subject_attributes = c->subject_attributes,
		.subject_cn = profile_subject_cn_names[c->subject_cn],
		.must_staple = profile_must_staple_names[c->must_staple],
		.subject_organization = c->subject_organization,
		.subject_country = c->subject_country,
		.keys = c->keys,
		.key_usage = c->key_usage,
		.extended_key_usage = c->extended_key_usage,
		.policies = c->policies,
		.dns_allow = c->dns_allow,
		.dns_deny = c->dns_deny,
		.ip_allow = cidr_texts(&c->ip_allow, a),
		.ip_deny = cidr_texts(&c->ip_deny, a),
		.email_allow = c->email_allow,
		.email_deny = c->email_deny,
		.uri_allow = c->uri_allow,
		.uri_deny = c->uri_deny,
		.upn_allow = c->upn_allow,
		.upn_deny = c->upn_deny,
	};

	/* The pointers are part of the version: a new base URL is a new one. */
	if (c->ca_issuers_pointer && http_base_url != NULL)
		t.ca_issuers_url =
		    arena_printf(a, "%s/ca/%s.cer", http_base_url, c->ca);
	if (c->crl_pointer && http_base_url != NULL)
		t.crl_url =
		    arena_printf(a, "%s/crl/%s.crl", http_base_url, c->ca);
	if (t.crl_url != NULL && c->crl_shards)
		t.crl_shards_url =
		    arena_printf(a, "%s/crl/%s/", http_base_url, c->ca);
	/* One URL for all CAs (interfaces). */
	if (c->ocsp_pointer && http_base_url != NULL)
		t.ocsp_url = arena_printf(a, "%s/ocsp", http_base_url);
	return profile_text_encode(&t, a);
}

const char *
profile_encode_responder(const char *ca, int64_t lifetime, struct arena *a)
{
	static const char *keys[] = { "ec-p256", "ec-p384", "ec-p521", "rsa",
		"ed25519" };
	static const char *usage[] = { "digitalSignature" };
	static const char *eku[] = { PROFILE_EKU_OCSP };
	struct profile_text t = {
		.name = PROFILE_RESPONDER,
		.ca = ca,
		.description = "delegated OCSP responder",
		.lifetime = lifetime,
		.max_lifetime = lifetime,
		/* Of a short life it is a small part. */
		.backdate = MIN_OF(RESPONDER_BACKDATE, lifetime / 8),
		.rsa_min_bits = 2048,
		.rsa_max_bits = 8192,
		.responder = true,
		.subject_cn = profile_subject_cn_names[SUBJECT_NONE],
		.must_staple = profile_must_staple_names[MUST_STAPLE_NEVER],
		.keys = { keys, COUNT_OF(keys) },
		.key_usage = { usage, COUNT_OF(usage) },
		.extended_key_usage = { eku, COUNT_OF(eku) },
	};

	return profile_text_encode(&t, a);
}

const char *
profile_encode_ra(const char *ca, const char *http_base_url, int64_t lifetime,
    struct arena *a)
{
	static const char *keys[] = { "rsa" };
	/* RFC 8894 section 2.1.2: it signs, and content keys are encrypted to
	 * it. */
	static const char *usage[] = { "digitalSignature", "keyEncipherment" };
	static const char *eku[] = { PROFILE_RA_EKU };
	struct profile_text t = {
		.name = PROFILE_RA,
		.ca = ca,
		.description = "SCEP registration authority",
		.lifetime = lifetime,
		.max_lifetime = lifetime,
		.backdate = 300,
		.rsa_min_bits = 2048,
		.rsa_max_bits = 8192,
		.max_names = 2,
		.dns = true,
		.ip = true,
		.subject_cn = profile_subject_cn_names[SUBJECT_FIRST_NAME],
		.must_staple = profile_must_staple_names[MUST_STAPLE_NEVER],
		.ca_issuers_url =
		    arena_printf(a, "%s/ca/%s.cer", http_base_url, ca),
		.crl_url = arena_printf(a, "%s/crl/%s.crl", http_base_url, ca),
		.keys = { keys, COUNT_OF(keys) },
		.key_usage = { usage, COUNT_OF(usage) },
		.extended_key_usage = { eku, COUNT_OF(eku) },
	};

	return profile_text_encode(&t, a);
}
