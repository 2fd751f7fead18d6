#include <stdlib.h>
#include "ocsp/handle.h"
#include "ocsp/sign.h"
#include "util/log.h"

/* Signed ahead of time in one go of housekeeping, which has other work. */
#define REFRESH_MAX 64u

const struct ocsp_issuer *
ocsp_issuer_find(const struct ocsp_state *s, const struct ocsp_cert_id *id)
{
	/* Both hashes: a name alone, or a key alone, is not an issuer. */
	for (size_t i = 0; i < s->issuers_n; i++)
		if (ocsp_cert_id_is_of(id, &s->issuers[i].hashes))
			return &s->issuers[i];
	return NULL;
}

const struct ocsp_issuer *
ocsp_issuer_by_key(const struct ocsp_state *s, const uint8_t key[32])
{
	for (size_t i = 0; i < s->issuers_n; i++)
		if (memcmp(s->issuers[i].key, key, 32) == 0)
			return &s->issuers[i];
	return NULL;
}

/* ---- configurations ---- */

static enum ocsp_unissued
unissued_of(const struct config *config)
{
	switch (config->ocsp.unissued) {
	case UNISSUED_UNKNOWN:
		return OCSP_SAY_UNKNOWN;
	case UNISSUED_REVOKED:
		return OCSP_SAY_REVOKED;
	case UNISSUED_UNAUTHORIZED:
		break;
	}
	return OCSP_NO_ANSWER;
}

static struct ocsp_state *
state_new(struct ca *ca, const struct config *config)
{
	struct ocsp_state *s = mem_alloc(sizeof(*s));
	const struct ca_view *views;
	size_t n = ca_list(ca, &views);

	s->validity = config->ocsp.validity;
	s->unissued = unissued_of(config);
	s->issuers = mem_array(n, sizeof(*s->issuers));
	for (size_t i = 0; i < n; i++) {
		struct ocsp_issuer *issuer = &s->issuers[s->issuers_n];

		/* An offline CA has no responder; it has a CRL. */
		if (!views[i].online)
			continue;
		memcpy(issuer->key, views[i].key, sizeof(issuer->key));
		issuer->not_after = views[i].cert.not_after;
		ocsp_issuer_hash(
		    views[i].cert.subject, &views[i].cert.key, &issuer->hashes);
		s->issuers_n++;
	}
	return s;
}

void
ocsp_reload(struct ocsp *o, const struct config *config)
{
	struct ocsp_state *s = state_new(o->deps.ca, config);

	s->older = atomic_load(&o->state);
	atomic_store(&o->state, s);
}

struct ocsp *
ocsp_new(const struct ocsp_deps *deps, const struct config *config)
{
	struct ocsp *o = mem_alloc(sizeof(*o));
	uint64_t seed;

	o->deps = *deps;
	random_fill(&o->deps.random, &seed, sizeof(seed));
	o->cache = cache_new(OCSP_CACHE_MAX, seed);
	atomic_init(&o->state, state_new(deps->ca, config));
	return o;
}

void
ocsp_free(struct ocsp *o)
{
	struct ocsp_state *s;

	if (o == NULL)
		return;
	cache_free(o->cache);
	for (s = atomic_load(&o->state); s != NULL;) {
		struct ocsp_state *older = s->older;

		free(s->issuers);
		free(s);
		s = older;
	}
	free(o);
}

void
ocsp_routes(struct ocsp *o, struct http_routes *routes)
{
	/*
	 * Any content type: what parses as an OCSPRequest is one.  A slash at
	 * the end comes from AIA URLs that clients have completed.
	 */
	const struct http_route rows[] = {
		{ .methods = HTTP_POST,
		    .pattern = "/ocsp",
		    .handler = ocsp_post,
		    .ctx = o,
		    .place = ON_LOOP,
		    .max_body = OCSP_REQUEST_MAX,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS,
		    .refuse = ocsp_refuse },
		{ .methods = HTTP_POST,
		    .pattern = "/ocsp/",
		    .handler = ocsp_post,
		    .ctx = o,
		    .place = ON_LOOP,
		    .max_body = OCSP_REQUEST_MAX,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS,
		    .refuse = ocsp_refuse },
		{ .methods = HTTP_GET,
		    .pattern = "/ocsp/{request*}",
		    .handler = ocsp_get,
		    .ctx = o,
		    .place = ON_LOOP,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS,
		    .refuse = ocsp_refuse },
	};

	http_routes_add(routes, rows, COUNT_OF(rows));
}

/* ---- housekeeping ---- */

/* False: the signer does not answer; the rest can wait. */
static bool
refresh(struct ocsp *o, const struct cache_due *due)
{
	const struct ocsp_state *state = atomic_load(&o->state);
	const struct ocsp_issuer *issuer =
	    ocsp_issuer_by_key(state, due->issuer_key);
	struct question q = { 0 };
	struct ocsp_cert_id *id = &q.request.ids[0];
	struct err err = { 0 };
	struct cached made;

	if (issuer == NULL)
		return true;
	if (!ocsp_cert_id_parse(bytes_of(due->id, due->id_n), id, &err))
		return true;
	q.request.n = 1;
	if (ocsp_sign_cached(o, &q, &made, &err)) {
		blob_unref(made.blob);
		ocsp_count(&o->refreshed);
		o->refresh_failed = false;
		return true;
	}
	/* No longer issued, by now: nothing is to be said of it. */
	if (err.kind == ERR_NOT_FOUND)
		return true;
	if (!o->refresh_failed)
		log_err(LOG_ERROR, "ocsp-refresh", &err);
	o->refresh_failed = true;
	return false;
}

void
ocsp_run(struct ocsp *o)
{
	struct cache_due due[REFRESH_MAX];
	size_t n = cache_sweep(
	    o->cache, clock_now(&o->deps.clock), due, COUNT_OF(due));

	for (size_t i = 0; i < n; i++)
		if (!refresh(o, &due[i]))
			return;
}

void
ocsp_counters_get(struct ocsp *o, struct ocsp_counters *out)
{
	struct cache_usage usage;

	cache_usage_get(o->cache, &usage);
	*out = (struct ocsp_counters){ .nonces = atomic_load(&o->nonces),
		.hits = atomic_load(&o->hits),
		.signed_answers = atomic_load(&o->signed_answers),
		.refreshed = atomic_load(&o->refreshed),
		.shed = atomic_load(&o->shed),
		.cached = usage.answers,
		.cached_octets = usage.octets,
		.oldest = usage.oldest };
	for (size_t i = 0; i < OCSP_OUTCOMES; i++)
		for (size_t h = 0; h < OCSP_HASHES; h++)
			out->requests[i][h] = atomic_load(&o->requests[i][h]);
}
