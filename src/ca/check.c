#include "ca/load.h"
#include "ca/own_names.h"

static void
add(struct config_mistakes *m, unsigned line, const char *mend,
    const char *expected, const char *found)
{
	config_mistake_add(m, line, 1, found, expected, mend);
}

static void
check_dates(const struct loaded_ca *ca, int64_t now, struct config_mistakes *m)
{
	struct err err = { 0 };

	if (!chain_check_dates(&ca->chain, now, &err))
		add(m, ca->config->line, "renew it, or mend the clock",
		    "a valid chain", err.shown);
}

/* The CRL that an offline CA left for serving, if there is one. */
static void
check_offline_crl(struct lane *lane, const struct ca_source *source,
    const struct loaded_ca *ca, struct arena *a, struct config_mistakes *m)
{
	const struct cert *cert = &ca->chain.certs[0];
	char *path = arena_printf(a, "crl/%s.crl", ca->config->name);
	struct err err = { 0 };
	struct bytes der;
	struct crl crl;

	if (ca->config->key != NULL ||
	    !source->read_file(source->ctx, path, CRL_MAX, a, &der, &err))
		return;
	/* One that cannot be read at all has its line from the command, which
	 * also looks at its dates. */
	if (!crl_parse(der, &crl, &err) ||
	    (crl_verify(lane, &crl, &cert->key, &err) &&
		bytes_equal(crl.issuer, cert->subject)))
		return;
	add(m, ca->config->line, "put the CA's own CRL there, or remove it",
	    "a CRL of this CA, DER",
	    arena_printf(a, "%s: %s", path,
		err.kind == ERR_NONE ? "a CRL of another CA" : err.shown));
}

/* A CA that ends sooner than a profile's certificates would. */
static void
check_end(const struct config_profile *c, const struct loaded_ca *ca,
    int64_t now, struct arena *a, struct config_mistakes *m)
{
	char end[TIME_RFC3339_SIZE], length[32];
	int64_t last = ca->chain.certs[0].not_after;

	for (size_t i = 1; i < ca->chain.n; i++)
		last = MIN_OF(last, ca->chain.certs[i].not_after);
	/* An expired chain has its own line. */
	if (last < now || now - c->backdate + c->lifetime - 1 <= last)
		return;
	duration_format(c->lifetime, length);
	time_format_rfc3339(last, end);
	add(m, c->line, "shorten the lifetime or renew the CA",
	    arena_printf(
		a, "certificates that end before their CA, at %s", end),
	    arena_printf(a, "profile %s: lifetime %s", c->name, length));
}

static void
check_profile(const struct config *config, const struct config_profile *c,
    const struct loaded_ca *cas, int64_t now, struct arena *a,
    struct config_mistakes *m)
{
	const struct loaded_ca *ca;
	struct profile *p;
	struct err err = { 0 };
	const char *found;

	if (!load_profile(config, c, cas, &p, &err)) {
		found = arena_printf(a, "profile %s: %s", c->name, err.shown);
		add(m, c->line, "change the profile or its CA",
		    "a profile that its CA can issue", found);
		return;
	}
	profile_free(p);
	ca = loaded_find(cas, config->cas_n, c->ca);
	if (ca->ok)
		check_end(c, ca, now, a, m);
}

/* The server issues itself a certificate at its first start, and does not start
 * without. */
static void
check_own(const struct config *config, const struct loaded_ca *cas,
    struct arena *a, struct config_mistakes *m)
{
	const struct config_profile *c = config->tls.profile == NULL
	    ? NULL
	    : config_profile_find(config, config->tls.profile);
	const struct loaded_ca *ca;
	struct err err = { 0 };
	struct names names;
	struct profile *p;

	/* Profiles that cannot be used have a line of their own. */
	if (config->tls.certificate != NULL || c == NULL ||
	    !load_profile(config, c, cas, &p, &err))
		return;
	ca = loaded_find(cas, config->cas_n, c->ca);
	if (ca_own_names(config, a, &names, &err))
		for (size_t i = 0; i < names.n && err.kind == ERR_NONE; i++)
			if (profile_check_name(p, &names.v[i], &err) && ca->ok)
				(void)!chain_check_name(
				    &ca->chain, &names.v[i], a, &err);
	profile_free(p);
	if (err.kind != ERR_NONE)
		add(m, c->line,
		    "let the profile certify it, or set tls.profile or "
		    "tls.certificate",
		    "a profile for the server's own certificate that "
		    "certifies the hosts of base_url and http_base_url",
		    arena_printf(a, "profile %s: %s", c->name, err.shown));
}

bool
ca_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes)
{
	struct ca_source source = { read_file, read_ctx };
	AUTO_ARENA *a = arena_new();
	struct lane *lane = lane_new();
	struct clock clock = clock_system(config->testing.clock_offset);
	int64_t now = clock_now(&clock);
	struct loaded_ca *cas = load_cas(lane, &source, config, a);
	size_t before = mistakes->n;

	for (size_t i = 0; i < config->cas_n; i++) {
		if (cas[i].ok) {
			check_dates(&cas[i], now, mistakes);
			check_offline_crl(lane, &source, &cas[i], a, mistakes);
			continue;
		}
		add(mistakes, config->cas[i].line,
		    "put the CA's certificate there, and its issuers into "
		    "chain",
		    "a CA certificate with its chain, PEM",
		    arena_printf(a, "CA %s, %s: %s", config->cas[i].name,
			config->cas[i].certificate, cas[i].err.shown));
	}
	for (size_t i = 0; i < config->profiles_n; i++)
		check_profile(
		    config, &config->profiles[i], cas, now, a, mistakes);
	check_own(config, cas, a, mistakes);
	lane_free(lane);
	return mistakes->n == before;
}
