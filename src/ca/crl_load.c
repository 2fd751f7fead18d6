#include "ca/core.h"
#include "util/log.h"

/* ---- what is published ---- */

/* The scope of a stored CRL must be the one that certificates name. */
static bool
check_scope(const struct crl_state *c, const struct crl *view, bool is_delta,
    struct err *err)
{
	if (view->is_delta != is_delta || view->has_idp != (c->uri != NULL) ||
	    (c->uri != NULL && !bytes_equal(view->idp_uri, bytes_str(c->uri))))
		return fail(err, ERR_CONFIG,
		    "the published CRL of shard %u is for %.*s, the "
		    "configuration says %s; certificates name the former, so "
		    "http_base_url cannot change while they last",
		    c->shard, (int)view->idp_uri.n,
		    view->idp_uri.n == 0 ? "" : (const char *)view->idp_uri.p,
		    c->uri == NULL ? "the whole CA" : c->uri);
	return true;
}

static bool
live_adopt(struct ca *ca, struct issuer *issuer, struct crl_state *c,
    const struct crl_row *row, struct err *err)
{
	struct blob *blob = blob_new(row->der);
	uint8_t sum[32];
	struct crl view;

	if (!crl_check(ca, issuer, blob_bytes(blob), &view, sum, err) ||
	    !check_scope(c, &view, row->is_delta, err)) {
		blob_unref(blob);
		return false;
	}
	crl_live_set(c, row->is_delta, blob, &view, sum, view.this_update);
	return true;
}

static bool
live_load(struct ca *ca, struct issuer *issuer, struct crl_state *c,
    bool is_delta, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct err why = { 0 };
	struct crl_row row;

	if (!store_crl_get(ca->deps.store, issuer->key, c->shard, is_delta, a,
		&row, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return true;
		*err = why;
		return false;
	}
	(is_delta ? &c->delta : &c->full)->stored = row.number;
	if (row.der.n == 0 || live_adopt(ca, issuer, c, &row, &why))
		return true;
	if (why.kind == ERR_CONFIG) {
		*err = why;
		return false;
	}
	/* A new one is made at once; its number rises. */
	log_err(LOG_ERROR, "crl.unusable", &why);
	return true;
}

/* ---- what is revoked ---- */

/* Walks all scopes beside the record, which comes in the order of serials. */
struct walk {
	struct issuer *issuer;
	unsigned first, n; /* scopes from first to below n */
	int64_t now;
	struct crl_cursor cursors[CRL_SHARDS_MAX + 1];
	struct buf entry;
};

static void
walk_begin(struct walk *w, struct issuer *issuer, unsigned first, unsigned n,
    int64_t now)
{
	*w = (struct walk){
		.issuer = issuer, .first = first, .n = n, .now = now
	};
	for (unsigned i = first; i < n; i++) {
		const struct crl_state *c = issuer->scopes[i];

		w->cursors[i] = crl_cursor_of(
		    c->is_ours ? c->full.view.entries : BYTES_NONE);
	}
}

static void
walk_entry(struct walk *w, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason)
{
	w->entry.n = 0;
	crl_entry_put(&w->entry, bytes_of(serial, SERIAL_SIZE), revoked_at,
	    reason < 0 ? REASON_UNSPECIFIED : (enum crl_reason)reason);
}

/* Is w->entry on the scope's full CRL, with this reason?  Then when it may
 * leave is known. */
static bool
walk_match(struct walk *w, unsigned i, const uint8_t serial[SERIAL_SIZE],
    int64_t not_after, bool learn)
{
	struct crl_state *c = w->issuer->scopes[i];
	struct crl_cursor *at = &w->cursors[i];

	if (!crl_cursor_seek(at, serial))
		return false;
	if (w->entry.n != crl_entry_octets(at->p) ||
	    memcmp(at->p, w->entry.p, w->entry.n) != 0)
		return false; /* told otherwise: told anew */
	if (learn)
		c->ends[at->i] = crl_end_of(not_after);
	return true;
}

static void
load_one(void *ctx, const uint8_t serial[20], int64_t revoked_at, int reason,
    int64_t not_after, unsigned shard)
{
	struct walk *w = ctx;

	walk_entry(w, serial, revoked_at, reason);
	for (unsigned i = w->first; i < w->n; i++) {
		if (i != 0 && i != shard)
			continue;
		/* News: a crash came between revocation and CRL. */
		if (!walk_match(w, i, serial, not_after, true))
			crl_state_add(w->issuer->scopes[i], serial, revoked_at,
			    reason, not_after, not_after >= w->now);
	}
}

static void
reconcile_one(void *ctx, const uint8_t serial[20], int64_t revoked_at,
    int reason, int64_t not_after, unsigned shard)
{
	struct walk *w = ctx;

	walk_entry(w, serial, revoked_at, reason);
	for (unsigned i = w->first; i < w->n; i++)
		if ((i == 0 || i == shard) &&
		    !walk_match(w, i, serial, not_after, false))
			crl_state_add(w->issuer->scopes[i], serial, revoked_at,
			    reason, not_after, true);
}

bool
crl_states_reconcile(
    struct ca *ca, struct issuer *issuer, int64_t now, struct err *err)
{
	struct walk *w = mem_alloc(sizeof(*w));
	bool ok;

	walk_begin(w, issuer, 0, atomic_load(&issuer->scopes_n), now);
	ok = store_revoked_each(
	    ca->deps.store, issuer->key, now, reconcile_one, w, err);
	buf_free(&w->entry);
	free(w);
	return ok;
}

static bool
scope_load(
    struct ca *ca, struct issuer *issuer, struct crl_state *c, struct err *err)
{
	uint64_t last;

	if (!live_load(ca, issuer, c, false, err) ||
	    (c->shard == 0 && !live_load(ca, issuer, c, true, err)) ||
	    !store_crl_last_number(
		ca->deps.store, issuer->key, c->shard, &last, err))
		return false;
	c->last_number = MAX_OF(c->last_number, last);
	free(c->ends);
	c->ends = NULL;
	c->ends_n = 0;
	c->is_ours = c->full.has_view && c->full.view.is_uniform;
	if (c->full.has_view)
		c->scheduled_at = c->full.view.this_update;
	if (c->is_ours && c->full.view.entries_n != 0) {
		/* What the record no longer tells stays CRL_SETTLED. */
		c->ends_n = c->full.view.entries_n;
		c->ends = mem_array(c->ends_n, sizeof(*c->ends));
	}
	return true;
}

static bool
scopes_load(struct ca *ca, struct issuer *issuer, unsigned first, unsigned n,
    int64_t validity, struct err *err)
{
	struct walk *w;
	int64_t since = INT64_MAX;
	bool ok;

	for (unsigned i = first; i < n; i++) {
		const struct crl_state *c = issuer->scopes[i];

		if (!scope_load(ca, issuer, issuer->scopes[i], err))
			return false;
		/*
		 * What expired long before the published CRL has left for
		 * good.  What expired near it may not have been on a scheduled
		 * one yet: it is listed once more.
		 */
		since = MIN_OF(since,
		    c->full.has_view ? c->full.view.this_update - 2 * validity
				     : 0);
	}
	w = mem_alloc(sizeof(*w));
	walk_begin(w, issuer, first, n, ca_now(ca));
	ok = store_revoked_each(
	    ca->deps.store, issuer->key, since, load_one, w, err);
	buf_free(&w->entry);
	free(w);
	return ok;
}

bool
crl_states_load(struct ca *ca, struct issuer *issuer, unsigned first,
    int64_t validity, struct err *err)
{
	return scopes_load(
	    ca, issuer, first, atomic_load(&issuer->scopes_n), validity, err);
}

bool
crl_states_load_one(
    struct ca *ca, struct issuer *issuer, struct crl_state *c, struct err *err)
{
	if (!scopes_load(ca, issuer, c->shard, c->shard + 1,
		ca_state(ca)->crl_validity, err))
		return false;
	c->stale = false;
	return true;
}

/* ---- offline CAs: a file of the state directory ---- */

/* What was served last of this key, by whichever certificate; NULL: nothing. */
static const struct crl_live *
last_served(struct ca *ca, const struct issuer *issuer)
{
	const struct crl_live *last = NULL;

	for (const struct issuer *i = ca->issuers; i != NULL; i = i->next) {
		const struct crl_live *l = &i->scopes[0]->full;

		if (memcmp(i->key, issuer->key, sizeof(i->key)) == 0 &&
		    l->has_view &&
		    (last == NULL || l->view.number > last->view.number))
			last = l;
	}
	return last;
}

/* A file that was copied back from somewhere must not undo a revocation. */
static bool
check_follows(
    const struct crl *view, const struct crl_live *served, struct err *err)
{
	if (view->is_delta || view->has_idp != view->only_ca_certs)
		return fail(err, ERR_REJECTED,
		    "it is no full CRL, but a delta or for a part");
	/* The same one, for a certificate that was renewed or crossed. */
	if (served != NULL && bytes_equal(view->der, blob_bytes(served->blob)))
		return true;
	if (served != NULL && view->number <= served->view.number)
		return fail(err, ERR_CONFIG,
		    "it has number %llu, the one that is served %llu: numbers "
		    "rise (RFC 5280 section 5.2.3)",
		    (unsigned long long)view->number,
		    (unsigned long long)served->view.number);
	return true;
}

bool
issuer_crl_read(struct ca *ca, struct issuer *issuer, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	char *path = arena_printf(a, "crl/%s.crl", issuer->name);
	struct crl_state *c = issuer->scopes[0];
	struct err why = { 0 };
	struct blob *blob;
	struct bytes der;
	uint8_t sum[32];
	struct crl view;

	if (!ca->deps.read_file(
		ca->deps.read_ctx, path, CRL_MAX, a, &der, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return true;
		return fail(err, why.kind, "%s", why.shown);
	}
	if (c->full.has_view && bytes_equal(der, blob_bytes(c->full.blob)))
		return true;
	blob = blob_new(der);
	if (!crl_check(ca, issuer, blob_bytes(blob), &view, sum, &why) ||
	    !check_follows(&view, last_served(ca, issuer), &why)) {
		blob_unref(blob);
		return fail(err, why.kind, "%s: %s", path, why.shown);
	}
	crl_live_set(c, false, blob, &view, sum, 0);
	return true;
}
