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

/* ---- issuers ---- */

static void
issuer_free(struct issuer *i)
{
	issuer_free_cross(i);
	for (unsigned k = 0; k < atomic_load(&i->scopes_n); k++)
		crl_state_free(i->scopes[k]);
	for (size_t k = 0; k < CA_CRL; k++)
		artefact_done(&i->artefacts[k]);
	arena_free(i->arena);
	free(i);
}

/*
 * Everything of the chain but a root: clients have that, or trust nothing.  In
 * its place stands the root's cross-certificate, so that those who have only
 * the root before or after it verify as well.
 */
static struct bytes
chain_pem_make(const struct chain *c, struct bytes link, struct arena *a)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < c->n; i++)
		if (!(c->has_root && i == c->n - 1))
			pem_put(&b, "CERTIFICATE", c->certs[i].der);
	if (link.n > 0)
		pem_put(&b, "CERTIFICATE", link);
	return arena_take_buf(a, &b);
}

/* Parses once more into the issuer's own arena: a state's dies before it. */
static bool
chain_copy(struct lane *lane, const struct chain *from, struct arena *a,
    struct chain *out, struct err *err)
{
	struct cert *certs = arena_array(a, from->n, sizeof(*certs));

	for (size_t i = 0; i < from->n; i++)
		if (!cert_parse(
			arena_bytes(a, from->certs[i].der), a, &certs[i], err))
			return false;
	return chain_build(
	    lane, &certs[0], certs + 1, from->n - 1, a, out, err);
}

static bool
issuer_new(struct ca *ca, const struct loaded_ca *from, struct issuer **out,
    struct err *err)
{
	AUTO_LANE loan = lane_lend(ca->deps.lanes);
	struct issuer *i = mem_alloc(sizeof(*i));
	const struct cert *cert = &i->chain.certs[0];

	i->arena = arena_new();
	i->name = arena_strdup(i->arena, from->config->name);
	i->online = from->config->key != NULL;
	i->scopes[0] = crl_state_new(0, NULL);
	atomic_init(&i->scopes_n, 1);
	for (size_t k = 0; k < CA_CRL; k++)
		artefact_init(&i->artefacts[k]);
	if (!chain_copy(loan.lane, &from->chain, i->arena, &i->chain, err) ||
	    !issuer_take_cross(i, from, err)) {
		issuer_free(i);
		return false;
	}
	digest_sha256(cert->spki, i->key);
	i->key_id = cert->ski;
	if (i->key_id.n == 0) {
		/* Only a root of others may lack it; it issues nothing here. */
		uint8_t id[20];

		key_identifier(&cert->key, id);
		i->key_id = arena_bytes(i->arena, bytes_of(id, sizeof(id)));
	}
	i->sig_alg = key_alg_signs(cert->key.alg);
	i->link = arena_bytes(i->arena, chain_link(from, ca_now(ca)));
	i->chain_pem = chain_pem_make(&i->chain, i->link, i->arena);
	artefact_set_certificates(&i->artefacts[CA_CERT_DER],
	    &i->artefacts[CA_CERT_PEM], &i->artefacts[CA_CHAIN_P7], &i->chain,
	    i->link);
	*out = i;
	return true;
}

static bool
issuer_is(const struct issuer *i, const struct loaded_ca *c, int64_t now)
{
	if (strcmp(i->name, c->config->name) != 0 ||
	    i->online != (c->config->key != NULL) || i->chain.n != c->chain.n ||
	    !issuer_has_cross(i, c) ||
	    !bytes_equal(i->link, chain_link(c, now)))
		return false;
	for (size_t k = 0; k < c->chain.n; k++)
		if (!bytes_equal(i->chain.certs[k].der, c->chain.certs[k].der))
			return false;
	return true;
}

/*
 * Shards that certificates are spread over now, and those that unexpired ones
 * were spread over when there were more: changing the number moves none.
 */
static bool
issuer_shards(struct ca *ca, struct issuer *i, const struct config *config,
    struct err *err)
{
	unsigned first = atomic_load(&i->scopes_n), want;
	bool is_loaded = i->crl_base != NULL, ok = true;
	const char *base = arena_printf(i->arena, "%s/crl/%s/",
	    config->http_base_url == NULL ? "" : config->http_base_url,
	    i->name);

	if (!store_shard_highest(ca->deps.store, i->key,
		(unsigned)config->crl.shards,
		ca_now(ca) - 2 * config->crl.validity, &want, err))
		return false;
	if (want > CRL_SHARDS_MAX)
		return fail(err, ERR_STORE,
		    "a certificate names shard %u, there are at most %u", want,
		    CRL_SHARDS_MAX);
	if (is_loaded && first > 1 && strcmp(i->crl_base, base) != 0)
		return fail(err, ERR_CONFIG,
		    "the certificates of CA %s name CRLs under %s; "
		    "http_base_url cannot change while they last",
		    i->name, i->crl_base);
	i->crl_base = base;
	/* No run sees them before they are loaded. */
	pthread_mutex_lock(&ca->crl_run);
	for (unsigned k = first; k <= want; k++) {
		i->scopes[k] =
		    crl_state_new(k, crl_shard_uri(i->arena, base, k));
		atomic_store(&i->scopes_n, k + 1);
	}
	/* Of a new issuer the caller loads all in one walk. */
	if (is_loaded && first <= want)
		ok = crl_states_load(ca, i, first, config->crl.validity, err);
	pthread_mutex_unlock(&ca->crl_run);
	return ok;
}

/* The issuer that runs already if nothing about it has changed. */
static bool
issuer_find_or_new(struct ca *ca, const struct loaded_ca *c,
    const struct config *config, struct issuer **out, struct err *err)
{
	struct issuer *i;

	for (i = ca->issuers; i != NULL; i = i->next)
		if (issuer_is(i, c, ca_now(ca))) {
			*out = i;
			return i->online ? issuer_shards(ca, i, config, err)
					 : issuer_crl_read(ca, i, err);
		}
	if (!issuer_new(ca, c, &i, err))
		return false;
	/* In the list before the record is read: a revocation in between
	 * reaches it twice rather than never. */
	pthread_mutex_lock(&ca->lock);
	i->next = ca->issuers;
	ca->issuers = i;
	pthread_mutex_unlock(&ca->lock);
	*out = i;
	if (!i->online)
		return issuer_crl_read(ca, i, err);
	return issuer_shards(ca, i, config, err) &&
	    crl_states_load(ca, i, 0, config->crl.validity, err);
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
