#include <stdlib.h>

#include "ca/ceremony.h"
#include "ca/core.h"
#include "ca/own_names.h"
#include "ca/ra.h"
#include "ca/status.h"
#include "util/fault.h"
#include "util/log.h"
#include "util/text.h"

#define REQUESTER "self"
#define LOOK_EVERY_US 1000000
#define TRY_AGAIN_US 30000000

/* One certificate of ours; never freed before ra is. */
struct known {
	struct known *next;
	const char *ca;
	struct ra_cert r;
	bool revoked;
};

struct ra {
	struct ra_deps deps;
	pthread_mutex_t run; /* one look at a time; guards config and key */
	const struct config *config;
	struct privkey *key, *previous; /* changed under both locks */
	bool unread; /* the record, since they were */
	pthread_mutex_t lock; /* what follows */
	struct arena *arena;
	struct known *known; /* newest first */
	int64_t look_at; /* monotonic */
};

struct ra *
ra_new(const struct ra_deps *deps)
{
	struct ra *ra = mem_alloc(sizeof(*ra));

	ra->deps = *deps;
	ra->arena = arena_new();
	pthread_mutex_init(&ra->run, NULL);
	pthread_mutex_init(&ra->lock, NULL);
	return ra;
}

void
ra_free(struct ra *ra)
{
	if (ra == NULL)
		return;
	pthread_mutex_destroy(&ra->run);
	pthread_mutex_destroy(&ra->lock);
	arena_free(ra->arena);
	free(ra);
}

void
ra_configure(struct ra *ra, const struct config *config, struct privkey *key,
    struct privkey *previous)
{
	pthread_mutex_lock(&ra->run);
	pthread_mutex_lock(&ra->lock);
	ra->config = config;
	ra->key = key;
	ra->previous = previous;
	ra->unread = true;
	ra->look_at = 0;
	pthread_mutex_unlock(&ra->lock);
	pthread_mutex_unlock(&ra->run);
}

/* ---- what is known ---- */

static bool
is_for(const struct cert *c, const struct privkey *key)
{
	return key != NULL && bytes_equal(c->spki, privkey_spki(key));
}

/* One that is revoked is neither given out nor opens anything. */
static bool
is_usable(const struct known *k, const struct privkey *key, int64_t now)
{
	return is_for(&k->r.cert, key) && !k->revoked &&
	    now <= k->r.cert.not_after;
}

/* The newest valid one of a CA for a key; NULL: none. */
static const struct known *
newest(
    const struct ra *ra, const char *ca, const struct privkey *key, int64_t now)
{
	for (const struct known *k = ra->known; k != NULL; k = k->next)
		if (strcmp(k->ca, ca) == 0 && is_usable(k, key, now) &&
		    k->r.cert.not_before <= now)
			return k;
	return NULL;
}

/* The one before stands in until the new key has its certificate. */
static const struct known *
given_out(const struct ra *ra, const char *ca, int64_t now)
{
	const struct known *k = newest(ra, ca, ra->key, now);

	return k == NULL ? newest(ra, ca, ra->previous, now) : k;
}

static bool
opens(const struct ra *ra, const struct known *k, int64_t now)
{
	return is_usable(k, ra->key, now) || is_usable(k, ra->previous, now);
}

size_t
ra_certs(struct ra *ra, const char *ca, int64_t now,
    const struct ra_cert *out[RA_CERTS_MAX])
{
	const struct known *first;
	size_t n = 0;

	pthread_mutex_lock(&ra->lock);
	first = ra->key == NULL ? NULL : given_out(ra, ca, now);
	if (first != NULL)
		out[n++] = &first->r;
	/* A client may still hold that of before a renewal, a rollover or a
	 * rotation. */
	for (const struct known *k = ra->known;
	     n > 0 && k != NULL && n < RA_CERTS_MAX; k = k->next)
		if (k != first && opens(ra, k, now))
			out[n++] = &k->r;
	pthread_mutex_unlock(&ra->lock);
	return n;
}

bool
ra_key_get(struct ra *ra, bool previous, int64_t now, struct ra_key *out)
{
	const struct privkey *key;

	*out = (struct ra_key){ 0 };
	pthread_mutex_lock(&ra->lock);
	key = previous ? ra->previous : ra->key;
	/* A rotation that did not come to its end has the same key twice. */
	if (previous && key != NULL && ra->key != NULL &&
	    bytes_equal(privkey_spki(key), privkey_spki(ra->key)))
		key = NULL;
	if (key != NULL)
		digest_sha256(privkey_spki(key), out->spki_sha256);
	for (const struct known *k = ra->known;
	     key != NULL && k != NULL && out->n < RA_CERTS_MAX; k = k->next)
		if (is_usable(k, key, now)) {
			out->certs[out->n].ca = k->ca;
			out->certs[out->n++].cert = &k->r.cert;
		}
	pthread_mutex_unlock(&ra->lock);
	return key != NULL;
}

/* Locked.  One that is known already is not added. */
static bool
add(struct ra *ra, const char *ca, struct bytes der, const struct privkey *key,
    struct err *err)
{
	struct known *k = arena_alloc(ra->arena, sizeof(*k)), **at = &ra->known;

	for (const struct known *i = ra->known; i != NULL; i = i->next)
		if (bytes_equal(i->r.cert.der, der))
			return true;
	if (!cert_parse(
		arena_bytes(ra->arena, der), ra->arena, &k->r.cert, err))
		return false;
	k->ca = arena_strdup(ra->arena, ca);
	k->r.key = key;
	while (*at != NULL && (*at)->r.cert.not_before > k->r.cert.not_before)
		at = &(*at)->next;
	k->next = *at;
	*at = k;
	return true;
}

/* ---- the record ---- */

static void
spki_of(const struct privkey *key, uint8_t out[32])
{
	memset(out, 0, 32);
	if (key != NULL)
		digest_sha256(privkey_spki(key), out);
}

/* All valid ones for both keys, of whatever CA. */
static bool
read_record(struct ra *ra, struct err *err)
{
	const struct cert_filter f = { .status = CERT_ISSUED,
		.unexpired = true,
		.profile = PROFILE_RA,
		.limit = RA_CERTS_MAX,
		.now = clock_now(&ra->deps.clock) };
	AUTO_ARENA *a = arena_new();
	struct cert_row *rows;
	uint8_t present[32], previous[32];
	bool ok = true;
	size_t n;

	spki_of(ra->key, present);
	spki_of(ra->previous, previous);
	if (!store_cert_list(ra->deps.store, &f, a, &rows, &n, err))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		const uint8_t *its = rows[i].spki_sha256;
		bool is_present = memcmp(its, present, 32) == 0;
		struct bytes pem, der;

		if (!is_present &&
		    (ra->previous == NULL || memcmp(its, previous, 32) != 0))
			continue;
		ok = ca_cert_chain(ra->deps.ca, &rows[i], a, &pem, &der, err);
		pthread_mutex_lock(&ra->lock);
		ok = ok &&
		    add(ra, rows[i].ca, der,
			is_present ? ra->key : ra->previous, err);
		pthread_mutex_unlock(&ra->lock);
	}
	ra->unread = !ok;
	return ok;
}

/* ---- issuing ---- */

static bool
ra_profile(struct ra *ra, const char *name, struct arena *a,
    const struct profile **out, struct err *err)
{
	struct ca *ca = ra->deps.ca;
	const struct state_ca *c = state_ca_find(ca_state(ca), name);
	struct profile *fresh;
	int64_t end = INT64_MAX, life;

	if (c == NULL || !c->issuer->online)
		return fail(err, ERR_REJECTED, "CA %s is not online", name);
	for (size_t i = 0; i < c->issuer->chain.n; i++)
		end = MIN_OF(end, c->issuer->chain.certs[i].not_after);
	life = MIN_OF(RA_LIFETIME, c->max_lifetime);
	life = MIN_OF(life, end - ca_now(ca));
	if (!profile_new(bytes_str(profile_encode_ra(
			     name, ra->config->http_base_url, life, a)),
		&fresh, err))
		return false;
	/* Recorded like any other version: the certificate names its hash. */
	*out = ca_profile_keep(ca, fresh);
	return store_profile_record(ra->deps.store, (*out)->hash,
	    (*out)->t.name, (*out)->json, ca_now(ca), err);
}

static bool
issue(struct ra *ra, const char *name, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	const struct ceremony ours = { .common_name = "chancery",
		.now = clock_now(&ra->deps.clock) };
	struct ca_request req = { .requester = REQUESTER };
	struct csr csr;
	struct ca_issued issued;
	AUTO_BUF der = { 0 };
	bool ok;

	/* The profile makes the subject; what the CSR says is not used. */
	if (!ca_own_names(ra->config, a, &req.names, err) ||
	    !ca_ceremony_csr(&ours, ra->key, &der, err) ||
	    !csr_parse(arena_take_buf(a, &der), a, &csr, err) ||
	    !ra_profile(ra, name, a, &req.profile, err))
		return false;
	req.csr = &csr;
	FAULT("ra.issue.before");
	if (!ca_issue(ra->deps.ca, &req, a, &issued, err))
		return false;
	FAULT("ra.issue.after");
	log_event(LOG_INFO, "ra-certificate", LF_STR("ca", name),
	    LF_STR(
		"serial", hex_arena(a, bytes_of(issued.serial, SERIAL_SIZE))));
	pthread_mutex_lock(&ra->lock);
	ok = add(ra, name, issued.der, ra->key, err);
	pthread_mutex_unlock(&ra->lock);
	return ok;
}

static bool
is_due(struct ra *ra, const char *name)
{
	int64_t now = clock_now(&ra->deps.clock), life;
	const struct known *k;
	bool due;

	pthread_mutex_lock(&ra->lock);
	k = newest(ra, name, ra->key, now);
	life = k == NULL ? 0 : k->r.cert.not_after - k->r.cert.not_before;
	due = k == NULL || k->r.cert.not_after - now < life / 3;
	pthread_mutex_unlock(&ra->lock);
	return due;
}

static bool
run_one(struct ra *ra, const char *name, bool may_issue, struct err *err)
{
	if (!is_due(ra, name) && !ra->unread)
		return true;
	/* The record decides: what was issued before a crash is there. */
	if (!read_record(ra, err))
		return false;
	return !may_issue || !is_due(ra, name) || issue(ra, name, err);
}

/* An operator may have revoked one: another takes its place at once. */
static void
mark_revoked(struct ra *ra)
{
	struct ca *ca = ra->deps.ca;
	struct err why = { 0 };
	struct status status;

	pthread_mutex_lock(&ra->lock);
	for (struct known *k = ra->known; k != NULL; k = k->next) {
		const struct ca_view *issuer = ca_view_find(ca, k->ca);

		if (issuer != NULL && !k->revoked &&
		    k->r.cert.serial.n == SERIAL_SIZE &&
		    ca_status_get(
			ca, issuer->key, k->r.cert.serial.p, &status, &why))
			k->revoked = status.kind == STATUS_REVOKED;
	}
	pthread_mutex_unlock(&ra->lock);
}

static bool
run_all(struct ra *ra, bool may_issue, struct err *err)
{
	const struct config *c = ra->config;
	struct err why = { 0 };
	bool ok = true;

	mark_revoked(ra);
	for (size_t i = 0; i < c->scep.profiles_n; i++) {
		const struct config_profile *p =
		    config_profile_find(c, c->scep.profiles[i].profile);

		if (p == NULL || run_one(ra, p->ca, may_issue, &why))
			continue;
		/* One that cannot be had keeps nobody else from theirs. */
		if (ok)
			(void)fail_detail(err, why.kind, why.shown,
			    "SCEP certificate of CA %s: %s", p->ca, why.detail);
		ok = false;
		err_clear(&why);
	}
	return ok;
}

bool
ra_run(struct ra *ra, bool may_issue, struct err *err)
{
	int64_t now = clock_monotonic_us();
	bool due, ok = true;

	if (pthread_mutex_trylock(&ra->run) != 0)
		return true;
	pthread_mutex_lock(&ra->lock);
	due = ra->key != NULL && now >= ra->look_at;
	if (due)
		ra->look_at = now + LOOK_EVERY_US;
	pthread_mutex_unlock(&ra->lock);
	if (due)
		ok = run_all(ra, may_issue, err);
	if (!ok) {
		pthread_mutex_lock(&ra->lock);
		ra->look_at = clock_monotonic_us() + TRY_AGAIN_US;
		pthread_mutex_unlock(&ra->lock);
	}
	pthread_mutex_unlock(&ra->run);
	return ok;
}

/* ---- chains ---- */

bool
ra_chain(struct ca *ca, const char *name, bool full, struct arena *a,
    const struct bytes **out, size_t *n, struct err *err)
{
	const struct state_ca *c = state_ca_find(ca_state(ca), name);
	const struct chain *chain;
	struct bytes *v;

	if (c == NULL)
		return fail(err, ERR_NOT_FOUND, "there is no CA %s", name);
	chain = &c->issuer->chain;
	*n = full ? chain->n : 1;
	v = arena_array(a, *n, sizeof(*v));
	for (size_t i = 0; i < *n; i++)
		v[i] = chain->certs[i].der;
	*out = v;
	return true;
}
