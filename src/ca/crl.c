#include "ca/core.h"
#include "ca/crl.h"
#include "ca/crl_gate.h"
#include "util/log.h"

/* After a CRL that failed: once a second, or the log would be all there is. */
#define CRL_RETRY_US 1000000
#define CRL_LARGE (1u << 20)
/* A delta's nextUpdate: two runs may be missed. */
#define DELTA_RUNS 3

/* ---- is one due? ---- */

/* The clock was set back: what is published is of a time to come. */
static bool
is_ahead(int64_t this_update, int64_t now)
{
	return this_update > now + CRL_CLOCK_BACK;
}

static bool
is_scheduled(const struct crl_state *c, const struct state *s, int64_t now)
{
	return !c->full.has_view || now >= c->scheduled_at + s->crl_period ||
	    is_ahead(c->scheduled_at, now) ||
	    is_ahead(c->full.view.this_update, now) ||
	    now > c->full.view.next_update;
}

static bool
has_delta(const struct crl_state *c, const struct state *s)
{
	return s->crl_delta != 0 && c->shard == 0;
}

static bool
delta_is_due(
    const struct crl_state *c, const struct state *s, bool dirty, int64_t now)
{
	const struct crl_live *d = &c->delta;
	int64_t full = c->full.view.this_update;

	if (!has_delta(c, s) || !c->full.has_view)
		return false;
	/* RFC 5280 section 5.2.3: of the same time they would have to have the
	 * same number; so a delta is later than its base. */
	if (now <= full && full - now < 2)
		return false;
	return dirty || !d->has_view || d->view.base != c->full.view.number ||
	    now >= d->view.this_update + s->crl_delta ||
	    is_ahead(d->view.this_update, now);
}

/* ---- one scope ---- */

/* The signer demands this number, or one a little above it. */
static uint64_t
next_number(const struct crl_state *c, int64_t this_update)
{
	return MAX_OF(c->last_number + 1, (uint64_t)this_update * 1000000);
}

/* thisUpdate does not go back, unless the clock did by minutes. */
static int64_t
this_update_of(const struct crl_state *c, bool is_delta, int64_t now)
{
	int64_t at = now;

	if (c->full.has_view && !is_ahead(c->full.view.this_update, now))
		at = MAX_OF(at, c->full.view.this_update + is_delta);
	if (c->delta.has_view && !is_ahead(c->delta.view.this_update, now))
		at = MAX_OF(at, c->delta.view.this_update);
	return at;
}

static struct crl_plan
plan_full(struct ca *ca, const struct state *s, struct issuer *issuer,
    struct crl_state *c, bool scheduled, int64_t now)
{
	struct crl_plan p = { .ca = ca,
		.state = s,
		.issuer = issuer,
		.crl = c,
		.scheduled = scheduled,
		.now = now,
		.this_update = this_update_of(c, false, now) };

	/* Both ends count: a period's last second is in it. */
	p.next_update = p.this_update + s->crl_validity - 1;
	p.fresh_until =
	    (scheduled ? p.this_update : c->scheduled_at) + s->crl_period;
	p.number = next_number(c, p.this_update);
	return p;
}

static struct crl_plan
plan_delta(struct ca *ca, const struct state *s, struct issuer *issuer,
    struct crl_state *c, int64_t now)
{
	struct crl_plan p = { .ca = ca,
		.state = s,
		.issuer = issuer,
		.crl = c,
		.is_delta = true,
		.now = now,
		.this_update = this_update_of(c, true, now) };

	p.next_update = p.this_update + DELTA_RUNS * s->crl_delta - 1;
	p.fresh_until = p.this_update + s->crl_delta;
	p.number = next_number(c, p.this_update);
	return p;
}

static void
pending_take(struct crl_state *c, bool *dirty, bool *forced)
{
	struct crl_set added;

	pthread_mutex_lock(&c->lock);
	added = c->pending;
	*dirty = c->dirty;
	*forced = c->forced;
	c->pending = (struct crl_set){ 0 };
	c->dirty = false;
	c->forced = false;
	pthread_mutex_unlock(&c->lock);
	crl_set_sort(&added);
	crl_set_unite(&c->since, &added);
}

static void
tell(const struct crl_plan *p)
{
	const struct crl_live *live =
	    p->is_delta ? &p->crl->delta : &p->crl->full;

	atomic_fetch_add(&p->ca->crls, 1);
	log_event(LOG_INFO, "crl", LF_STR("ca", p->issuer->name),
	    LF_INT("shard", p->crl->shard), LF_BOOL("delta", p->is_delta),
	    LF_INT("number", p->number),
	    LF_INT("entries", live->view.entries_n),
	    LF_BOOL("scheduled", p->scheduled));
}

/* Another writer's is published: what it published is the predecessor now. */
static bool
scope_reload(const struct crl_plan *p, struct err *err)
{
	/* The record is read whole, so nothing of memory is needed. */
	crl_set_free(&p->crl->since);
	return crl_states_load_one(p->ca, p->issuer, p->crl, err);
}

static bool
scope_make(const struct crl_plan *plan, struct err *err)
{
	struct crl_state *c = plan->crl;
	const struct crl_live *live = plan->is_delta ? &c->delta : &c->full;
	int64_t began = clock_monotonic_us();
	bool ok = crl_make(plan, err);

	if (ok)
		tell(plan);
	if (!ok) {
		c->retry_at_us =
		    clock_now_us(&plan->ca->deps.clock) + CRL_RETRY_US;
		c->stale = err->kind == ERR_CONFLICT;
		return false;
	}
	c->retry_at_us = 0;
	/* Large ones shall not be all that this machine does. */
	if (live->view.der.n > CRL_LARGE)
		c->rest_until_us = clock_monotonic_us() +
		    MIN_OF(clock_monotonic_us() - began, CRL_RETRY_US);
	return true;
}

static bool
scope_run(struct ca *ca, const struct state *s, struct issuer *issuer,
    struct crl_state *c, struct err *err)
{
	int64_t now_us = clock_now_us(&ca->deps.clock);
	int64_t now = now_us / 1000000;
	bool dirty, forced, scheduled, ok = true;
	struct crl_plan plan;

	/* A clock that went back does not make it wait for the old time. */
	if ((now_us < c->retry_at_us &&
		c->retry_at_us - now_us <= 2 * CRL_RETRY_US) ||
	    clock_monotonic_us() < c->rest_until_us)
		return true;
	pending_take(c, &dirty, &forced);
	scheduled = forced || is_scheduled(c, s, now);
	if (scheduled || (dirty && !has_delta(c, s)))
		plan = plan_full(ca, s, issuer, c, scheduled, now);
	else if (delta_is_due(c, s, dirty, now))
		plan = plan_delta(ca, s, issuer, c, now);
	else {
		if (dirty)
			crl_state_dirty(c, false);
		return true;
	}
	if (c->stale) {
		/* The plan is of what was believed: a new one comes next. */
		ok = scope_reload(&plan, err);
		crl_state_dirty(c, forced);
		return ok;
	}
	ok = scope_make(&plan, err);
	if (!ok)
		crl_state_dirty(c, forced);
	return ok;
}

/* ---- a CA, and all of them ---- */

static bool
any_is_scheduled(
    const struct issuer *issuer, const struct state *s, int64_t now)
{
	for (unsigned i = 0; i < atomic_load(&issuer->scopes_n); i++) {
		const struct crl_state *c = issuer->scopes[i];

		if (c->is_ours && is_scheduled(c, s, now))
			return true;
	}
	return false;
}

static bool
issuer_run(struct ca *ca, const struct state *s, struct issuer *issuer,
    struct err *err)
{
	int64_t now = ca_now(ca);
	bool ok = true;

	/* LE 2022-10: completeness is judged by the record, not by what this
	 * process believes. */
	if (any_is_scheduled(issuer, s, now) &&
	    !crl_states_reconcile(ca, issuer, now, err))
		return false;
	for (unsigned i = 0; i < atomic_load(&issuer->scopes_n); i++) {
		struct err why = { 0 };

		if (scope_run(ca, s, issuer, issuer->scopes[i], &why))
			continue;
		if (ok)
			*err = why;
		ok = false;
	}
	return ok;
}

bool
ca_crl_run(struct ca *ca, struct err *err)
{
	const struct state *s = ca_state(ca);
	bool ok = true;

	pthread_mutex_lock(&ca->crl_run);
	/* One CA that fails does not keep the others from theirs. */
	for (size_t i = 0; i < s->cas_n; i++) {
		struct err why = { 0 };

		if (!s->cas[i].issuer->online ||
		    issuer_run(ca, s, s->cas[i].issuer, &why))
			continue;
		if (ok && err != NULL)
			*err = why;
		ok = false;
	}
	pthread_mutex_unlock(&ca->crl_run);
	return ok;
}

bool
ca_crl_force(struct ca *ca, const char *name, struct err *err)
{
	const struct state *s = ca_state(ca);
	bool found = false;

	for (size_t i = 0; i < s->cas_n; i++) {
		struct issuer *issuer = s->cas[i].issuer;

		if (name != NULL && strcmp(issuer->name, name) != 0)
			continue;
		if (name != NULL && !issuer->online)
			return fail(err, ERR_REJECTED,
			    "CA %s is offline: its CRL is made by chancery ca "
			    "crl",
			    name);
		found = true;
		for (unsigned k = 0;
		     issuer->online && k < atomic_load(&issuer->scopes_n); k++)
			crl_state_dirty(issuer->scopes[k], true);
	}
	if (!found)
		return fail(err, ERR_NOT_FOUND, "there is no CA %s",
		    name == NULL ? "" : name);
	return ca_crl_run(ca, err);
}

bool
ca_crl_current(struct ca *ca, int64_t now)
{
	AUTO_ARENA *a = arena_new();
	struct ca_crl_view *v;
	size_t n = ca_crl_list(ca, NULL, a, &v);

	for (size_t i = 0; i < n; i++)
		if (v[i].online && now > v[i].next_update)
			return false;
	return true;
}
