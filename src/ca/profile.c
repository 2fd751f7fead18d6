#include "ca/ca.h"
#include "ca/profile.h"
#include "ca/profile_json.h"
#include "codec/subject_form.h"

/* RFC 5280 section 4.2.1.12. */
#define EKU_ANY "2.5.29.37.0"

static bool
enum_parse(const char *const *names, size_t n, const char *what, const char *s,
    int *out, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], s) == 0) {
			*out = (int)i;
			return true;
		}
	return fail(
	    err, ERR_CONFIG, "%s is \"%s\", which is no choice", what, s);
}

static bool
derive_enums(struct profile *p, struct err *err)
{
	int cn = SUBJECT_NONE, staple = MUST_STAPLE_NEVER;

	if (!enum_parse(profile_subject_cn_names, SUBJECT_CN_CHOICES,
		"subject_cn", p->t.subject_cn, &cn, err) ||
	    !enum_parse(profile_must_staple_names, MUST_STAPLE_CHOICES,
		"must_staple", p->t.must_staple, &staple, err))
		return false;
	p->subject_cn = (enum subject_cn)cn;
	p->must_staple = (enum must_staple)staple;
	return true;
}

static bool
derive_keys(struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->t.keys.n; i++) {
		enum key_alg alg;
		unsigned bits;

		if (!key_alg_parse(p->t.keys.v[i], &alg, &bits))
			return fail(err, ERR_CONFIG,
			    "key type \"%s\" is unknown, expected ec-p256, "
			    "ec-p384, ec-p521, rsa or ed25519",
			    p->t.keys.v[i]);
		p->keys |= 1u << alg;
	}
	if (p->keys == 0)
		return fail(err, ERR_CONFIG, "no key type is allowed");
	if ((p->keys & (1u << KEY_RSA)) != 0 &&
	    (p->t.rsa_min_bits < 2048 ||
		p->t.rsa_max_bits < p->t.rsa_min_bits ||
		p->t.rsa_max_bits > 16384))
		return fail(err, ERR_CONFIG,
		    "RSA sizes are %lld to %lld bits, expected 2048 to 16384",
		    (long long)p->t.rsa_min_bits, (long long)p->t.rsa_max_bits);
	return true;
}

static bool
derive_key_usage(struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->t.key_usage.n; i++) {
		unsigned bit = key_usage_parse(p->t.key_usage.v[i]);

		if (bit == 0)
			return fail(err, ERR_CONFIG,
			    "key usage \"%s\" is unknown", p->t.key_usage.v[i]);
		/* RFC 5280 section 4.2.1.3: these are for CAs. */
		if (bit == KU_KEY_CERT_SIGN || bit == KU_CRL_SIGN)
			return fail(err, ERR_CONFIG,
			    "key usage %s is a CA's, no profile may have it",
			    p->t.key_usage.v[i]);
		p->key_usage |= bit;
	}
	if (p->key_usage == 0)
		return fail(err, ERR_CONFIG,
		    "no key usage: such a key is good for anything");
	if ((p->key_usage & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) != 0 &&
	    (p->key_usage & KU_KEY_AGREEMENT) == 0)
		return fail(err, ERR_CONFIG,
		    "encipherOnly and decipherOnly mean nothing without "
		    "keyAgreement (RFC 5280 section 4.2.1.3)");
	for (int alg = KEY_RSA; alg <= KEY_ED25519; alg++)
		if ((p->keys & (1u << alg)) != 0 &&
		    profile_key_usage(p, (enum key_alg)alg) == 0)
			return fail(err, ERR_CONFIG,
			    "none of the key usages fits a key of type %s",
			    key_alg_name((enum key_alg)alg));
	return true;
}

static bool
derive_eku(struct profile *p, struct err *err)
{
	const struct config_strings *in = &p->t.extended_key_usage;

	p->eku.v = arena_array(p->arena, in->n, sizeof(*p->eku.v));
	for (size_t i = 0; i < in->n; i++) {
		const char *oid = eku_oid(in->v[i]);

		if (oid == NULL)
			return fail(err, ERR_CONFIG,
			    "extended key usage \"%s\" is neither a known "
			    "name nor an object identifier",
			    in->v[i]);
		/* A leaf with either could answer for the whole CA. */
		if (strcmp(oid, EKU_ANY) == 0)
			return fail(err, ERR_CONFIG,
			    "anyExtendedKeyUsage is refused: name the usages");
		if (strcmp(oid, PROFILE_EKU_OCSP) == 0 && !p->t.responder)
			return fail(err, ERR_CONFIG,
			    "OCSPSigning is refused: responder certificates "
			    "are made by the server itself");
		for (size_t j = 0; j < p->eku.n; j++)
			if (strcmp(p->eku.v[j], oid) == 0)
				return fail(err, ERR_CONFIG,
				    "extended key usage %s is named twice",
				    in->v[i]);
		p->eku.v[p->eku.n++] = arena_strdup(p->arena, oid);
	}
	if (p->eku.n == 0)
		return fail(err, ERR_CONFIG,
		    "no extended key usage: such a certificate is good for "
		    "anything");
	if (p->eku.n > CERT_EKU_MAX)
		return fail(err, ERR_CONFIG,
		    "%zu extended key usages, at most %u fit", p->eku.n,
		    CERT_EKU_MAX);
	return true;
}

static bool
derive_cidrs(struct profile *p, const struct config_strings *in,
    struct config_cidrs *out, struct err *err)
{
	out->v = arena_array(p->arena, in->n, sizeof(*out->v));
	for (size_t i = 0; i < in->n; i++) {
		struct err why = { 0 };

		if (!config_cidr_parse(in->v[i], &out->v[i], &why))
			return fail(err, ERR_CONFIG, "%s", why.shown);
		out->v[i].text = in->v[i];
		out->n = i + 1;
	}
	return true;
}

static bool
check_policies(const struct profile *p, struct err *err)
{
	if (p->t.policies.n > 16)
		return fail(err, ERR_CONFIG,
		    "%zu certificate policies, at most 16 fit",
		    p->t.policies.n);
	for (size_t i = 0; i < p->t.policies.n; i++) {
		AUTO_BUF oid = { 0 };

		if (!der_oid_parse(p->t.policies.v[i], &oid))
			return fail(err, ERR_CONFIG,
			    "policy \"%s\" is no object identifier",
			    p->t.policies.v[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(p->t.policies.v[i], p->t.policies.v[j]) == 0)
				return fail(err, ERR_CONFIG,
				    "policy %s is named twice",
				    p->t.policies.v[i]);
	}
	return true;
}

static bool
check_lifetimes(const struct profile_text *t, struct err *err)
{
	if (t->lifetime < 60 || t->max_lifetime < t->lifetime)
		return fail(err, ERR_CONFIG,
		    "lifetime is %llds and max_lifetime %llds, expected 60s "
		    "<= lifetime <= max_lifetime",
		    (long long)t->lifetime, (long long)t->max_lifetime);
	if (t->backdate < 0 || t->backdate >= t->lifetime)
		return fail(err, ERR_CONFIG,
		    "backdate is %llds, expected less than the lifetime",
		    (long long)t->backdate);
	return true;
}

static bool
check_subject(const struct profile_text *t, struct err *err)
{
	const char *c = t->subject_country, *o = t->subject_organization;

	/* X.520 and RFC 5280 appendix A: two letters, PrintableString. */
	if (c != NULL &&
	    (strlen(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' ||
		c[1] > 'Z'))
		return fail(err, ERR_CONFIG,
		    "subject_country is \"%s\", expected two capital letters",
		    c);
	/* ub-organization-name is 64 characters; octets are the safe side. */
	if (o != NULL && (o[0] == '\0' || strlen(o) > 64))
		return fail(err, ERR_CONFIG,
		    "subject_organization has %zu octets, expected 1 to 64",
		    strlen(o));
	return true;
}

/* A subject that the request decides. */
static bool
check_subject_request(const struct profile_text *t, struct err *err)
{
	const struct config_strings *types = &t->subject_attributes;

	if (!t->subject_request)
		return types->n == 0 ||
		    fail(err, ERR_CONFIG,
			"subject_attributes is there, but subject is built");
	if (t->acme)
		return fail(err, ERR_CONFIG,
		    "subject is request, but acme is on, which proves names "
		    "and no subject; set acme: false");
	if (t->baseline)
		return fail(err, ERR_CONFIG,
		    "subject is request, but baseline is on (BR section "
		    "7.1.2.7: every attribute is validated)");
	if (strcmp(t->subject_cn, profile_subject_cn_names[SUBJECT_NONE]) !=
		0 ||
	    t->subject_organization != NULL || t->subject_country != NULL)
		return fail(err, ERR_CONFIG,
		    "subject is request, so subject_cn, subject_organization "
		    "and subject_country have no say");
	for (size_t i = 0; i < types->n; i++)
		if (!subject_form_is_type(types->v[i]))
			return fail(err, ERR_CONFIG,
			    "subject attribute \"%s\" is unknown", types->v[i]);
	return true;
}

static bool
check_names(const struct profile_text *t, struct err *err)
{
	if (t->responder)
		return true;
	if (!t->dns && !t->ip && !t->email && !t->uri && !t->upn)
		return fail(err, ERR_CONFIG, "no type of name is allowed");
	if (t->wildcards && !t->dns)
		return fail(err, ERR_CONFIG,
		    "wildcards are allowed, but DNS names are not");
	if (t->max_names < 1 || t->max_names > (int64_t)NAMES_MAX)
		return fail(err, ERR_CONFIG,
		    "max_names is %lld, expected 1 to %u",
		    (long long)t->max_names, NAMES_MAX);
	return true;
}

/* What the Baseline rules would refuse with every certificate is refused
 * here, when the operator looks. */
static bool
check_baseline(const struct profile *p, struct err *err)
{
	if (!p->t.baseline)
		return true;
	if (p->t.policies.n == 0)
		return fail(err, ERR_CONFIG,
		    "baseline is on, but policies is empty: expected one of "
		    "2.23.140.1.2.1 to .3 (BR section 7.1.2.7.9)");
	if (p->t.email || p->t.uri || p->t.upn)
		return fail(err, ERR_CONFIG,
		    "baseline is on, but email, URI or UPN names are "
		    "allowed "
		    "(BR section 7.1.2.7.12)");
	if (p->t.ca_issuers_url == NULL)
		return fail(err, ERR_CONFIG,
		    "baseline is on, but ca_issuers_pointer is off "
		    "(BR section 7.1.2.7.7)");
	return true;
}

static bool
profile_derive(struct profile *p, struct err *err)
{
	return derive_enums(p, err) && derive_keys(p, err) &&
	    derive_key_usage(p, err) && derive_eku(p, err) &&
	    derive_cidrs(p, &p->t.ip_allow, &p->ip_allow, err) &&
	    derive_cidrs(p, &p->t.ip_deny, &p->ip_deny, err) &&
	    check_policies(p, err) && check_lifetimes(&p->t, err) &&
	    check_subject(&p->t, err) && check_subject_request(&p->t, err) &&
	    check_names(&p->t, err) && check_baseline(p, err);
}

bool
profile_new(struct bytes json, struct profile **out, struct err *err)
{
	struct profile *p = mem_alloc(sizeof(*p));

	p->arena = arena_new();
	p->json = arena_str(p->arena, json);
	digest_sha256(json, p->hash);
	if (!profile_text_decode(json, p->arena, &p->t, err) ||
	    !profile_derive(p, err)) {
		profile_free(p);
		return false;
	}
	*out = p;
	return true;
}

void
profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	arena_free(p->arena);
	free(p);
}

bool
profile_has_eku(const struct profile *p, const char *oid)
{
	for (size_t i = 0; i < p->eku.n; i++)
		if (strcmp(p->eku.v[i], oid) == 0)
			return true;
	return false;
}

bool
profile_check_key(
    const struct profile *p, const struct pubkey *key, struct err *err)
{
	if ((p->keys & (1u << key->alg)) == 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "the key is of type %s, which profile %s does not take",
		    key_alg_name(key->alg), p->t.name);
	return true;
}

unsigned
profile_key_usage(const struct profile *p, enum key_alg key)
{
	unsigned encipher = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;
	unsigned agree = KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY;

	switch (key) {
	case KEY_RSA:
		/* RFC 3279 section 2.3.1: RSA keys agree on nothing. */
		return p->key_usage & ~agree;
	case KEY_EC_P256:
	case KEY_EC_P384:
	case KEY_EC_P521:
		/* RFC 8813 section 3: EC keys encipher nothing. */
		return p->key_usage & ~encipher;
	case KEY_ED25519:
		/* RFC 8410 section 5: signatures only. */
		return p->key_usage &
		    (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	}
	return 0;
}

const char *
profile_name(const struct profile *p)
{
	return p->t.name;
}

const char *
profile_description(const struct profile *p)
{
	return p->t.description;
}

const uint8_t *
profile_hash(const struct profile *p)
{
	return p->hash;
}

bool
profile_takes_subject(const struct profile *p)
{
	return p->t.subject_request;
}

bool
profile_has_acme(const struct profile *p)
{
	return p->t.acme;
}
