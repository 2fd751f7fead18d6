#include "ca/load.h"
#include "ca/own_names.h"
#include "util/text.h"

/* A growing list of texts in the arena; a text that is there is not added. */
static void
strings_add(struct signer_strings *s, const char *text, struct arena *a)
{
	const char **more;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return;
	more = arena_array(a, s->n + 1, sizeof(*more));
	if (s->n != 0)
		memcpy(more, s->v, s->n * sizeof(*more));
	more[s->n] = text;
	s->v = more;
	s->n++;
}

/* A type of name: once any profile allows it without a list, all is allowed. */
struct allowed {
	bool any;
	struct signer_strings list;
};

static void
allowed_add(struct allowed *all, bool on, const struct config_strings *list,
    struct arena *a)
{
	if (!on)
		return;
	if (list->n == 0)
		all->any = true;
	for (size_t i = 0; i < list->n; i++)
		strings_add(&all->list, list->v[i], a);
}

static struct signer_strings
allowed_list(const struct allowed *all)
{
	return all->any ? (struct signer_strings){ 0 } : all->list;
}

/* The profile's own part of each subject. */
static void
subject_add(
    struct signer_strings *s, const struct profile_text *t, struct arena *a)
{
	const struct subject fixed = { .country = t->subject_country,
		.organization = t->subject_organization };
	AUTO_BUF name = { 0 };

	subject_put(&name, &fixed);
	strings_add(s, base64url_arena(a, buf_bytes(&name)), a);
}

/* A profile that takes the request's subject. */
static void
subject_types_add(struct signer_limits *l, bool *any,
    const struct profile_text *t, struct arena *a)
{
	l->subject_request = true;
	*any = *any || t->subject_attributes.n == 0;
	for (size_t i = 0; i < t->subject_attributes.n; i++)
		strings_add(
		    &l->subject_attributes, t->subject_attributes.v[i], a);
}

/* The CA itself, or one that has taken over from it: orders that were under way
 * are finished by the one that they began with. */
static bool
is_heir(
    const struct config *config, const struct config_ca *ca, const char *name)
{
	for (size_t i = 0; ca != NULL && i <= config->cas_n; i++) {
		if (strcmp(ca->name, name) == 0)
			return true;
		if (ca->successor == NULL)
			return false;
		ca = config_ca_find(config, ca->successor);
	}
	return false;
}

static bool
signs_for_scep(const struct config *config, const char *ca)
{
	for (size_t i = 0; i < config->scep.profiles_n; i++) {
		const struct config_profile *p = config_profile_find(
		    config, config->scep.profiles[i].profile);

		if (p != NULL && strcmp(p->ca, ca) == 0)
			return true;
	}
	return false;
}

/* The certificate of this server's SCEP key (ra.c): its own names alone. */
static void
limits_for_ra(struct signer_limits *l, struct names own, struct allowed *dns,
    struct allowed *ip, struct arena *a)
{
	static const struct profile_text plain;
	uint8_t octets[16];

	for (size_t i = 0; i < own.n; i++) {
		const char *text = own.v[i].text;
		struct config_strings list = { &text, 1 };

		if (own.v[i].type == NAME_IP)
			text = arena_printf(a, "%s/%zu", text,
			    8 * name_ip_octets(text, octets));
		allowed_add(
		    own.v[i].type == NAME_IP ? ip : dns, true, &list, a);
		l->dns = l->dns || own.v[i].type == NAME_DNS;
		l->ip = l->ip || own.v[i].type == NAME_IP;
	}
	if (own.n > 0) {
		strings_add(&l->eku_allowed, PROFILE_RA_EKU, a);
		subject_add(&l->subjects, &plain, a);
	}
}

/* Everything that any profile of the CA may issue, and no more. */
static bool
limits_from_profiles(struct signer_limits *l, struct profile *const *profiles,
    const struct config *config, const struct config_ca *ca, struct arena *a,
    struct err *err)
{
	struct allowed dns = { 0 }, ip = { 0 }, email = { 0 }, uri = { 0 },
		       upn = { 0 };
	struct names own = { 0 };
	bool types_any = false;

	for (size_t i = 0; i < config->profiles_n; i++) {
		const struct profile *p = profiles[i];

		if (!is_heir(config, ca, p->t.ca))
			continue;
		/* No list means any use (RFC 5280 section 4.2.1.12). */
		if (p->eku.n == 0)
			strings_add(&l->eku_allowed, "2.5.29.37.0", a);
		for (size_t k = 0; k < p->eku.n; k++)
			strings_add(&l->eku_allowed, p->eku.v[k], a);
		if (p->t.subject_request)
			subject_types_add(l, &types_any, &p->t, a);
		else
			subject_add(&l->subjects, &p->t, a);
		l->wildcards = l->wildcards || (p->t.dns && p->t.wildcards);
		l->dns = l->dns || p->t.dns;
		l->ip = l->ip || p->t.ip;
		l->email = l->email || p->t.email;
		l->uri = l->uri || p->t.uri;
		l->upn = l->upn || p->t.upn;
		allowed_add(&dns, p->t.dns, &p->t.dns_allow, a);
		allowed_add(&ip, p->t.ip, &p->t.ip_allow, a);
		allowed_add(&email, p->t.email, &p->t.email_allow, a);
		allowed_add(&uri, p->t.uri, &p->t.uri_allow, a);
		allowed_add(&upn, p->t.upn, &p->t.upn_allow, a);
	}
	if (signs_for_scep(config, ca->name) &&
	    !ca_own_names(config, a, &own, err))
		return false;
	limits_for_ra(l, own, &dns, &ip, a);
	if (types_any)
		l->subject_attributes = (struct signer_strings){ 0 };
	l->dns_allow = allowed_list(&dns);
	l->ip_allow = allowed_list(&ip);
	l->email_allow = allowed_list(&email);
	l->uri_allow = allowed_list(&uri);
	l->upn_allow = allowed_list(&upn);
	return true;
}

static void
limits_crls(struct signer_limits *l, const struct config *config,
    const char *ca, struct arena *a)
{
	const char *base = config->http_base_url;

	/* Shards live on when none are made any more, so their base stays. */
	l->crl_validity = config->crl.validity;
	l->crl_base =
	    base == NULL ? "" : arena_printf(a, "%s/crl/%s/", base, ca);
	l->delta_url = base == NULL || config->crl.delta == 0
	    ? ""
	    : arena_printf(a, "%s/crl/%s-delta.crl", base, ca);
}

static bool
limits_of(const struct config *config, const struct loaded_ca *ca, uint8_t node,
    struct arena *a, struct signer_limits *out, struct err *err)
{
	const struct cert *cert;
	struct signer_limits l = { .ca = ca->config->name,
		.max_lifetime = ca->config->max_lifetime,
		.max_backdate = ca->config->max_backdate,
		.hourly_budget = ca->config->hourly_budget,
		.responder_lifetime = CA_RESPONDER_LIFETIME,
		.ocsp_validity = config->ocsp.validity,
		.node = node };

	if (!ca->ok)
		return fail(err, ERR_CONFIG, "CA %s: %s", ca->config->name,
		    ca->err.shown);
	cert = &ca->chain.certs[0];
	if (cert->ski.n == 0)
		return fail(err, ERR_CONFIG,
		    "CA %s has no subject key identifier (RFC 5280 section "
		    "4.2.1.2)",
		    ca->config->name);
	limits_crls(&l, config, ca->config->name, a);
	digest_sha256(cert->spki, l.issuer);
	l.issuer_name = cert->subject;
	l.key_id = cert->ski;
	l.ca_not_after = cert->not_after;
	l.name_constraints = cert->name_constraints;
	for (size_t i = 1; i < ca->chain.n; i++)
		l.ca_not_after =
		    MIN_OF(l.ca_not_after, ca->chain.certs[i].not_after);
	*out = l;
	return true;
}

static bool
profiles_compile(const struct config *config, const struct loaded_ca *cas,
    struct profile **out, struct err *err)
{
	for (size_t i = 0; i < config->profiles_n; i++)
		if (!load_profile(
			config, &config->profiles[i], cas, &out[i], err))
			return false;
	return true;
}

static bool
limits_all(const struct config *config, const struct loaded_ca *cas,
    struct profile *const *profiles, uint8_t node, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct signer_limits *l = arena_array(a, config->cas_n, sizeof(*l));
	size_t n = 0;

	for (size_t i = 0; i < config->cas_n; i++) {
		if (config->cas[i].key == NULL)
			continue;
		if (!limits_of(config, &cas[i], node, a, &l[n], err))
			return false;
		if (!limits_from_profiles(
			&l[n], profiles, config, &config->cas[i], a, err))
			return false;
		n++;
	}
	*out = signer_limits_encode(l, n, a);
	return true;
}

bool
ca_signer_limits(const struct config *config, uint8_t node,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct arena *a, struct bytes *limits_json, struct err *err)
{
	struct ca_source source = { read_file, read_ctx };
	AUTO_ARENA *own = arena_new();
	struct lane *lane = lane_new();
	struct loaded_ca *cas = load_cas(lane, &source, config, own);
	struct profile **profiles =
	    arena_array(own, config->profiles_n, sizeof(struct profile *));
	bool ok = profiles_compile(config, cas, profiles, err) &&
	    limits_all(config, cas, profiles, node, a, limits_json, err);

	for (size_t i = 0; i < config->profiles_n; i++)
		profile_free(profiles[i]);
	lane_free(lane);
	return ok;
}
