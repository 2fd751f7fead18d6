#include "ca/load.h"

/* What one CA's files hold: its own certificate first. */
struct found {
	struct cert certs[2 * CHAIN_MAX];
	size_t n;
};

static bool
read_pem(const struct ca_source *source, const char *path, struct arena *a,
    struct found *into, struct err *err)
{
	struct cert *certs = arena_array(a, CHAIN_MAX, sizeof(*certs));
	struct bytes pem;
	size_t n;

	if (!source->read_file(
		source->ctx, path, CHAIN_PEM_MAX, a, &pem, err) ||
	    !chain_read_pem(pem, a, certs, &n, err))
		return false;
	memcpy(into->certs + into->n, certs, n * sizeof(*certs));
	into->n += n;
	return true;
}

static bool
read_ca(const struct ca_source *source, const struct config_ca *c,
    struct arena *a, struct found *out, struct err *err)
{
	return read_pem(source, c->certificate, a, out, err) &&
	    (c->chain == NULL || read_pem(source, c->chain, a, out, err));
}

static const struct loaded_ca *
root_of(const struct loaded_ca *cas, size_t n, const struct loaded_ca *of)
{
	const struct chain *c = &of->chain;

	if (!of->ok || !c->has_root)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (cas[i].ok &&
		    bytes_equal(
			cas[i].chain.certs[0].der, c->certs[c->n - 1].der))
			return &cas[i];
	return NULL;
}

struct loaded_ca *
load_cas(struct lane *lane, const struct ca_source *source,
    const struct config *config, struct arena *a)
{
	size_t n = config->cas_n;
	struct loaded_ca *cas = arena_array(a, n, sizeof(*cas));
	struct found *found = arena_array(a, n, sizeof(*found));
	/* A CA's issuers may be other CAs of the file, such as the root. */
	struct cert *pool = arena_array(a, n * 2 * CHAIN_MAX, sizeof(*pool));
	size_t pool_n = 0;

	for (size_t i = 0; i < n; i++) {
		cas[i].config = &config->cas[i];
		cas[i].ok =
		    read_ca(source, &config->cas[i], a, &found[i], &cas[i].err);
		memcpy(
		    pool + pool_n, found[i].certs, found[i].n * sizeof(*pool));
		pool_n += found[i].n;
	}
	for (size_t i = 0; i < n; i++)
		cas[i].ok = cas[i].ok &&
		    chain_build(lane, &found[i].certs[0], pool, pool_n, a,
			&cas[i].chain, &cas[i].err) &&
		    chain_check(&cas[i].chain, &cas[i].err);
	for (size_t i = 0; i < n; i++) {
		load_cross(lane, source, cas, n, i, a);
		cas[i].root = root_of(cas, n, &cas[i]);
	}
	return cas;
}

const struct loaded_ca *
loaded_find(const struct loaded_ca *cas, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(cas[i].config->name, name) == 0)
			return &cas[i];
	return NULL;
}

static bool
check_lifetime(
    const struct profile *p, const struct config_ca *c, struct err *err)
{
	char ours[32], most[32];

	if (p->t.max_lifetime > c->max_lifetime) {
		duration_format(p->t.max_lifetime, ours);
		duration_format(c->max_lifetime, most);
		return fail(err, ERR_CONFIG,
		    "max_lifetime is %s, CA %s allows %s", ours, c->name, most);
	}
	if (p->t.backdate > c->max_backdate) {
		duration_format(p->t.backdate, ours);
		duration_format(c->max_backdate, most);
		return fail(err, ERR_CONFIG, "backdate is %s, CA %s allows %s",
		    ours, c->name, most);
	}
	return true;
}

static bool
check_constraints(
    const struct profile *p, const struct chain *chain, struct err *err)
{
	for (size_t i = 0; i < chain->constraints_n; i++)
		for (size_t k = 0; k < p->t.dns_allow.n; k++)
			if (!constraints_allow_suffix(
				&chain->constraints[i], p->t.dns_allow.v[k]))
				return fail(err, ERR_CONFIG,
				    "dns_allow has %s, which is outside the "
				    "name constraints of CA %s",
				    p->t.dns_allow.v[k], p->t.ca);
	return true;
}

bool
load_profile(const struct config *config, const struct config_profile *c,
    const struct loaded_ca *cas, struct profile **out, struct err *err)
{
	const struct loaded_ca *ca =
	    c->ca == NULL ? NULL : loaded_find(cas, config->cas_n, c->ca);
	AUTO_ARENA *a = arena_new();
	struct profile *p;

	if (strcmp(c->name, PROFILE_RESPONDER) == 0 ||
	    strcmp(c->name, PROFILE_RA) == 0)
		return fail(err, ERR_CONFIG, "the name %s is the server's own",
		    c->name);
	if (ca == NULL)
		return fail(err, ERR_CONFIG, "there is no CA %s",
		    c->ca == NULL ? "(none)" : c->ca);
	if (ca->config->key == NULL)
		return fail(err, ERR_CONFIG,
		    "CA %s is offline: it has no key in the configuration",
		    c->ca);
	if (!profile_new(bytes_str(profile_encode(c, config->http_base_url, a)),
		&p, err))
		return false;
	if (!check_lifetime(p, ca->config, err) ||
	    (ca->ok && !check_constraints(p, &ca->chain, err))) {
		profile_free(p);
		return false;
	}
	*out = p;
	return true;
}
