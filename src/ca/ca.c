#include "ca/core.h"
#include "ca/load.h"
#include "ca/status_index.h"
#include "codec/pem.h"
#include "util/log.h"

/* ---- small questions ---- */

const struct state_ca *
state_ca_find(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->cas_n; i++)
		if (strcmp(s->cas[i].issuer->name, name) == 0)
			return &s->cas[i];
	return NULL;
}

struct issuer *
ca_issuer_by_key(struct ca *ca, const uint8_t key[32])
{
	struct issuer *found = NULL;

	/* The newest first: lists grow at the front. */
	pthread_mutex_lock(&ca->lock);
	for (struct issuer *i = ca->issuers; i != NULL && found == NULL;
	     i = i->next)
		if (memcmp(i->key, key, sizeof(i->key)) == 0)
			found = i;
	pthread_mutex_unlock(&ca->lock);
	return found;
}

bool
issuer_verify(struct ca *ca, const struct issuer *issuer, enum sig_alg alg,
    struct bytes tbs, struct bytes signature, struct err *err)
{
	AUTO_LANE loan = lane_lend(ca->deps.lanes);

	return pubkey_verify_cached(loan.lane, issuer->key,
	    &issuer->chain.certs[0].key, alg, tbs, signature, err);
}

/* ---- profiles ---- */

const struct profile *
ca_profile_keep(struct ca *ca, struct profile *p)
{
	struct known_profile *k;

	pthread_mutex_lock(&ca->lock);
	for (k = ca->profiles; k != NULL; k = k->next)
		if (memcmp(k->profile->hash, p->hash, sizeof(p->hash)) == 0)
			break;
	if (k == NULL) {
		k = mem_alloc(sizeof(*k));
		k->profile = TAKE(p);
		k->next = ca->profiles;
		ca->profiles = k;
	}
	pthread_mutex_unlock(&ca->lock);
	profile_free(p);
	return k->profile;
}

const struct profile *
ca_profile_find(struct ca *ca, const char *name)
{
	const struct state *s = ca_state(ca);

	for (size_t i = 0; i < s->profiles_n; i++)
		if (strcmp(s->profiles[i]->t.name, name) == 0)
			return s->profiles[i];
	return NULL;
}

size_t
ca_profiles(struct ca *ca, const struct profile **out, size_t max)
{
	const struct state *s = ca_state(ca);
	size_t n = MIN_OF(max, s->profiles_n);

	for (size_t i = 0; i < n; i++)
		out[i] = s->profiles[i];
	return n;
}

static const struct profile *
known_profile_find(struct ca *ca, const uint8_t hash[32])
{
	const struct profile *found = NULL;

	pthread_mutex_lock(&ca->lock);
	for (struct known_profile *k = ca->profiles; k != NULL; k = k->next)
		if (memcmp(k->profile->hash, hash, 32) == 0)
			found = k->profile;
	pthread_mutex_unlock(&ca->lock);
	return found;
}

bool
ca_profile_by_hash(struct ca *ca, const uint8_t hash[32],
    const struct profile **out, struct err *err)
{
	const struct profile *known = known_profile_find(ca, hash);
	AUTO_ARENA *a = arena_new();
	const char *name, *json;
	struct profile *p;

	if (known == NULL) {
		if (!store_profile_get(
			ca->deps.store, hash, a, &name, &json, err) ||
		    !profile_new(bytes_str(json), &p, err))
			return false;
		if (memcmp(p->hash, hash, 32) != 0) {
			profile_free(p);
			return fail(err, ERR_STORE,
			    "the recorded version of profile %s does not "
			    "have its hash",
			    name);
		}
		known = ca_profile_keep(ca, p);
	}
	*out = known;
	return true;
}

/* ---- one configuration ---- */

static void
state_free(struct state *s)
{
	arena_free(s->arena);
	free(s);
}

static bool
state_profiles(struct ca *ca, struct state *s, const struct config *config,
    const struct loaded_ca *cas, struct err *err)
{
	s->profiles =
	    arena_array(s->arena, config->profiles_n, sizeof(struct profile *));
	for (size_t i = 0; i < config->profiles_n; i++) {
		struct profile *p;
		struct err why = { 0 };

		if (!load_profile(config, &config->profiles[i], cas, &p, &why))
			return fail(err, why.kind, "profile %s: %s",
			    config->profiles[i].name, why.shown);
		s->profiles[s->profiles_n++] = ca_profile_keep(ca, p);
	}
	return true;
}

static bool
state_cas(struct ca *ca, struct state *s, const struct config *config,
    const struct loaded_ca *cas, struct err *err)
{
	s->cas = arena_array(s->arena, config->cas_n, sizeof(*s->cas));
	s->views = arena_array(s->arena, config->cas_n, sizeof(*s->views));
	for (size_t i = 0; i < config->cas_n; i++) {
		struct state_ca *c = &s->cas[i];
		struct ca_view *v = &s->views[i];

		if (!cas[i].ok)
			return fail(err, ERR_CONFIG, "CA %s: %s",
			    config->cas[i].name, cas[i].err.shown);
		if (!issuer_find_or_new(ca, &cas[i], config, &c->issuer, err))
			return false;
		c->delta_url = arena_printf(s->arena, "%s/crl/%s-delta.crl",
		    config->http_base_url == NULL ? "" : config->http_base_url,
		    c->issuer->name);
		c->max_lifetime = config->cas[i].max_lifetime;
		c->max_backdate = config->cas[i].max_backdate;
		if (config->cas[i].successor != NULL)
			c->successor =
			    arena_strdup(s->arena, config->cas[i].successor);
		v->name = c->issuer->name;
		v->cert = c->issuer->chain.certs[0];
		memcpy(v->key, c->issuer->key, sizeof(v->key));
		v->online = c->issuer->online;
		v->self_signed = cert_is_self_signed(&v->cert);
		v->successor = c->successor;
		v->cross = cross_names(c->issuer, s->arena);
		v->cross_n = c->issuer->cross_n;
		s->cas_n++;
	}
	return true;
}

/*
 * The version is durable before an order can be bound to it.  One that is
 * recorded is read alone, so that a start writes nothing: status-only mode must
 * be able to start (invariant 7).
 */
static bool
profile_record(struct ca *ca, const struct profile *p, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	const char *name, *json;
	struct err why = { 0 };

	if (store_profile_get(ca->deps.store, p->hash, a, &name, &json, &why))
		return true;
	if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return false;
	}
	return store_profile_record(
	    ca->deps.store, p->hash, p->t.name, p->json, ca_now(ca), err);
}

static bool
state_record(struct ca *ca, const struct state *s, struct err *err)
{
	for (size_t i = 0; i < s->profiles_n; i++)
		if (!profile_record(ca, s->profiles[i], err))
			return false;
	return true;
}

static bool
bytes_among(struct bytes b, const struct bytes *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(b, list[i]))
			return true;
	return false;
}

static void
state_roots(struct ca *ca, const struct state *s)
{
	struct bytes *seen = arena_array(s->arena, s->cas_n, sizeof(*seen));
	AUTO_BUF pem = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < s->cas_n; i++) {
		const struct chain *c = &s->cas[i].issuer->chain;
		struct bytes root = c->certs[c->n - 1].der;

		if (!c->has_root || bytes_among(root, seen, n))
			continue;
		seen[n++] = root;
		pem_put(&pem, "CERTIFICATE", root);
	}
	/* Below a root that nobody gave us there is none to serve. */
	if (n != 0)
		artefact_set(&ca->roots, blob_new(buf_bytes(&pem)), 0, 0);
}

static bool
state_make(struct ca *ca, const struct config *config, struct state **out,
    struct err *err)
{
	struct ca_source source = { ca->deps.read_file, ca->deps.read_ctx };
	AUTO_ARENA *a = arena_new();
	struct state *s = mem_alloc(sizeof(*s));
	struct loaded_ca *cas;

	s->arena = arena_new();
	s->crl_period = config->crl.period;
	s->crl_validity = config->crl.validity;
	s->crl_delta = config->crl.delta;
	s->crl_shards = (unsigned)config->crl.shards;
	s->crl_next_publish = config->crl.next_publish;
	{
		AUTO_LANE loan = lane_lend(ca->deps.lanes);

		cas = load_cas(loan.lane, &source, config, a);
	}
	if (!state_profiles(ca, s, config, cas, err) ||
	    !state_cas(ca, s, config, cas, err) || !state_record(ca, s, err)) {
		state_free(s);
		return false;
	}
	*out = s;
	return true;
}

/* ---- the process object ---- */

bool
ca_reload(struct ca *ca, const struct config *config, struct err *err)
{
	struct state *s;
	bool ok;

	pthread_mutex_lock(&ca->reload);
	ok = state_make(ca, config, &s, err);
	if (ok) {
		state_roots(ca, s);
		s->older = atomic_load(&ca->state);
		atomic_store(&ca->state, s);
	}
	pthread_mutex_unlock(&ca->reload);
	return ok;
}

bool
ca_new(const struct ca_deps *deps, const struct config *config, struct ca **out,
    struct err *err)
{
	struct ca *ca = mem_alloc(sizeof(*ca));

	ca->deps = *deps;
	pthread_mutex_init(&ca->reload, NULL);
	pthread_mutex_init(&ca->crl_run, NULL);
	pthread_mutex_init(&ca->lock, NULL);
	artefact_init(&ca->roots);
	responders_init(&ca->responders);
	/* The life before may have left something; a status-only start does not
	 * look, housekeeping does when a write holds again. */
	atomic_store(&ca->unfinished, true);
	atomic_store(&ca->sweep_due, true);
	atomic_store(&ca->bulk_due, true);
	if (!ca_status_load(ca, err) || !ca_reload(ca, config, err)) {
		ca_free(ca);
		return false;
	}
	*out = ca;
	return true;
}

void
ca_free(struct ca *ca)
{
	struct state *s;

	if (ca == NULL)
		return;
	for (s = atomic_load(&ca->state); s != NULL;) {
		struct state *older = s->older;

		state_free(s);
		s = older;
	}
	while (ca->issuers != NULL) {
		struct issuer *i = ca->issuers;

		ca->issuers = i->next;
		issuer_free(i);
	}
	while (ca->profiles != NULL) {
		struct known_profile *k = ca->profiles;

		ca->profiles = k->next;
		profile_free(k->profile);
		free(k);
	}
	artefact_done(&ca->roots);
	responders_done(&ca->responders);
	status_index_free(ca->status);
	pthread_mutex_destroy(&ca->reload);
	pthread_mutex_destroy(&ca->crl_run);
	pthread_mutex_destroy(&ca->lock);
	free(ca);
}

size_t
ca_list(struct ca *ca, const struct ca_view **out)
{
	const struct state *s = ca_state(ca);

	*out = s->views;
	return s->cas_n;
}

const struct ca_view *
ca_view_find(struct ca *ca, const char *name)
{
	const struct state *s = ca_state(ca);

	for (size_t i = 0; i < s->cas_n; i++)
		if (strcmp(s->views[i].name, name) == 0)
			return &s->views[i];
	return NULL;
}

void
ca_counters_get(const struct ca *ca, struct ca_counters *out)
{
	*out = (struct ca_counters){ .issued = atomic_load(&ca->issued),
		.refused = atomic_load(&ca->refused),
		.revoked = atomic_load(&ca->revoked),
		.crls = atomic_load(&ca->crls),
		.approvals_pending = atomic_load(&ca->approvals_pending) };
}
