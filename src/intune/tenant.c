#include <stdlib.h>

#include "intune/tenant.h"
#include "util/text.h"

#define SECRET_MAX 4096u
#define ANCHORS_MAX (256u * 1024u)
/* First-party application of Intune in every tenant. */
#define INTUNE_APP "0000000a-0000-0000-c000-000000000000"
#define GRAPH_VERSION "v1.0"
/* Not used in its last five minutes, or its last half if it lives shorter. */
#define TOKEN_MARGIN 300
/* A service that is down is not looked for at each question. */
#define ENDPOINTS_TRUSTED 10

/* ---- made of the configuration ---- */

static const char *
with_slash(const char *url, struct arena *a)
{
	return text_has_suffix(url, "/") ? arena_strdup(a, url)
					 : arena_printf(a, "%s/", url);
}

static bool
secret_read(const struct intune_deps *deps, const char *path,
    struct secret **out, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes text;
	struct err why = { 0 };
	bool good;

	if (!deps->read_file(deps->read_ctx, path, SECRET_MAX, a, &text, &why))
		return fail(err, ERR_CONFIG,
		    "client_secret_file cannot be read: %s", why.shown);
	size_t n = text.n;
	while (n > 0 && (text.p[n - 1] == '\n' || text.p[n - 1] == '\r'))
		n--;
	good = n > 0;
	for (size_t i = 0; i < n; i++)
		good = good && text.p[i] > ' ' && text.p[i] <= '~';
	if (good)
		*out = secret_new(text.p, n);
	secret_wipe((void *)(uintptr_t)text.p, text.n);
	return good ||
	    fail(err, ERR_CONFIG,
		"%s is not one line with the value of a client secret", path);
}

static bool
anchors_read(const struct intune_deps *deps, const char *path, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct err why = { 0 };
	struct bytes text;

	*out = BYTES_NONE;
	if (path == NULL)
		return true;
	if (!deps->read_file(deps->read_ctx, path, ANCHORS_MAX, a, &text, &why))
		return fail(err, ERR_CONFIG,
		    "anchors_file of intune cannot be read: %s", why.shown);
	/* None at all would be taken for the default's. */
	if (text.n == 0)
		return fail(err, ERR_CONFIG, "%s is empty", path);
	*out = text;
	return true;
}

bool
tenant_files_read(const struct intune_deps *deps, const struct config_intune *c,
    struct arena *a, struct bytes *anchors, struct secret **secret,
    struct err *err)
{
	return anchors_read(deps, c->anchors_file, a, anchors, err) &&
	    secret_read(deps, c->client_secret_file, secret, err);
}

static void
foreign_derive(const struct config *config, const char *name, struct arena *a,
    struct config_strings *out)
{
	size_t n = config->scep.profiles_n;

	out->v = arena_array(a, n, sizeof(*out->v));
	for (size_t i = 0; i < n; i++) {
		const struct config_scep_profile *p = &config->scep.profiles[i];

		if (p->intune != NULL && strcmp(p->intune, name) != 0)
			out->v[out->n++] = arena_strdup(a, p->name);
	}
}

static bool
tenant_init(const struct intune_deps *deps, const struct config_intune *c,
    struct arena *a, struct tenant *t, struct err *err)
{
	const char *graph = with_slash(c->graph_url, a);

	t->name = arena_strdup(a, c->name);
	t->client_id = arena_strdup(a, c->client_id);
	t->issuer_name =
	    c->issuer_name == NULL ? NULL : arena_strdup(a, c->issuer_name);
	t->token_url = arena_printf(a, "%s%s/oauth2/v2.0/token",
	    with_slash(c->authority, a), c->tenant);
	t->endpoints_url = arena_printf(a,
	    "%s" GRAPH_VERSION "/servicePrincipals/appId=" INTUNE_APP
	    "/endpoints",
	    graph);
	t->scopes[NEED_GRAPH_TOKEN] = arena_printf(a, "%s.default", graph);
	/* Two slashes, as Microsoft's libraries send it: the first is of the
	 * resource's name. */
	t->scopes[NEED_INTUNE_TOKEN] =
	    arena_printf(a, "%s/.default", with_slash(c->resource_url, a));
	t->timeout_ms = c->timeout * 1000;
	t->revocation = c->revocation;
	t->revocation_period = c->revocation_period;
	return tenant_files_read(
	    deps, c, a, &t->anchors, &t->client_secret, err);
}

bool
tenants_new(const struct intune_deps *deps, const struct config *config,
    struct tenants **out, struct err *err)
{
	struct tenants *set = mem_alloc(sizeof(*set));

	set->arena = arena_new();
	set->refs = 1;
	set->n = config->intune_n;
	set->v = mem_array(set->n, sizeof(*set->v));
	for (size_t i = 0; i < set->n; i++) {
		set->v[i].set = set;
		foreign_derive(config, config->intune[i].name, set->arena,
		    &set->v[i].foreign);
		if (!tenant_init(deps, &config->intune[i], set->arena,
			&set->v[i], err)) {
			tenants_free(set);
			return false;
		}
	}
	*out = set;
	return true;
}

void
tenants_free(struct tenants *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tenant *one = &t->v[i];

		secret_free(one->client_secret);
		for (size_t k = 0; k < NEEDS; k++)
			secret_free(one->tokens[k].text);
		for (size_t k = 0; k < SERVICES; k++)
			free(one->uri[k]);
		if (one->revoking.arena != NULL)
			arena_free(one->revoking.arena);
	}
	free(t->v);
	arena_free(t->arena);
	free(t);
}

void
tenants_unref(struct intune *in, struct tenants *t)
{
	bool last;

	pthread_mutex_lock(&in->lock);
	last = --t->refs == 0;
	pthread_mutex_unlock(&in->lock);
	if (last)
		tenants_free(t);
}

struct tenant *
tenant_find(struct tenants *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].name, name) == 0)
			return &t->v[i];
	return NULL;
}

/* ---- what is remembered ---- */

void
tenant_forget_token(struct tenant *t, enum need which)
{
	secret_free(t->tokens[which].text);
	t->tokens[which].text = NULL;
}

void
tenant_forget_endpoints(struct tenant *t)
{
	for (size_t i = 0; i < SERVICES; i++) {
		free(t->uri[i]);
		t->uri[i] = NULL;
	}
}

void
tenant_doubt_endpoints(struct tenant *t, int64_t now)
{
	int64_t age = now - t->uri_at;

	if (age < 0 || age >= ENDPOINTS_TRUSTED)
		tenant_forget_endpoints(t);
}

void
tenant_keep_token(struct tenant *t, enum need which, struct secret *text,
    int64_t lifetime, int64_t now)
{
	int64_t margin = MIN_OF((int64_t)TOKEN_MARGIN, lifetime / 2);

	tenant_forget_token(t, which);
	t->tokens[which] = (struct token){ .text = text,
		.number = ++t->tokens_n,
		.from = now,
		.until = now + lifetime - margin };
}

void
tenant_keep_endpoints(struct tenant *t, const struct endpoints *e, int64_t now)
{
	tenant_forget_endpoints(t);
	t->uri_at = now;
	for (size_t i = 0; i < SERVICES; i++)
		if (e->uri[i] != NULL)
			t->uri[i] = mem_strdup(e->uri[i]);
}

/* Not either if the clock stepped back over its beginning. */
bool
tenant_has_token(const struct tenant *t, enum need which, int64_t now)
{
	const struct token *k = &t->tokens[which];

	return k->text != NULL && now >= k->from && now < k->until;
}
