#include "ca/core.h"
#include "ca/crl_gate.h"
#include "util/fault.h"
#include "util/log.h"

/* After a CRL that failed: once a second, or the log would be all there is. */
#define CRL_RETRY_US 1000000

static const struct cert *
issuer_cert(const struct issuer *issuer)
{
	return &issuer->chain.certs[0];
}

static void
pending_add(void *ctx, const uint8_t serial[20], int64_t revoked_at, int reason,
    int64_t not_after)
{
	struct crl_state *c = &((struct issuer *)ctx)->crl;

	pthread_mutex_lock(&c->lock);
	crl_set_add(&c->pending, serial, revoked_at, reason, not_after);
	pthread_mutex_unlock(&c->lock);
}

/* Takes the reference of blob, whose bytes view has. */
static void
crl_publish(struct issuer *issuer, struct blob *blob, const struct crl *view)
{
	struct crl_state *c = &issuer->crl;

	artefact_set(&issuer->artefacts[CA_CRL], blob_ref(blob),
	    view->this_update, view->next_update);
	blob_unref(c->blob);
	c->blob = blob;
	c->view = *view;
	c->has_view = true;
	c->last_number = MAX_OF(c->last_number, view->number);
	pthread_mutex_lock(&c->lock);
	c->next_update = view->next_update;
	pthread_mutex_unlock(&c->lock);
}

/* ---- at start ---- */

/* A CRL from the store or a file: is it this CA's? */
static bool
crl_check(struct ca *ca, const struct issuer *issuer, struct bytes der,
    struct crl *out, struct err *err)
{
	AUTO_LANE loan = lane_lend(ca->deps.lanes);
	const struct cert *cert = issuer_cert(issuer);
	struct crl crl;

	if (!crl_parse(der, &crl, err))
		return false;
	if (!bytes_equal(crl.issuer, cert->subject))
		return fail(err, ERR_REJECTED, "the CRL's issuer is not CA %s",
		    issuer->name);
	if (!crl_verify(loan.lane, &crl, &cert->key, err))
		return false;
	*out = crl;
	return true;
}

static bool
crl_adopt(
    struct ca *ca, struct issuer *issuer, struct bytes der, struct err *err)
{
	struct blob *blob = blob_new(der);
	struct crl view;

	if (!crl_check(ca, issuer, blob_bytes(blob), &view, err)) {
		blob_unref(blob);
		return false;
	}
	crl_publish(issuer, blob, &view);
	issuer->crl.scheduled_at = view.this_update;
	return true;
}

/* Is something revoked that the published CRL does not tell, or not with this
 * reason (a crash between the two)?  Both are in the order of serials. */
static bool
pending_is_news(const struct crl_state *c, int64_t now)
{
	struct bytes serial = BYTES_NONE;
	AUTO_BUF told = { 0 };
	enum crl_reason reason;
	int64_t at;
	size_t pos = 0;
	bool more = c->has_view;

	for (size_t i = 0; i < c->pending.n; i++) {
		const struct crl_item *item = &c->pending.items[i];
		struct bytes mine =
		    bytes_of(c->pending.bytes.p + item->at + 4, SERIAL_SIZE);

		if (item->not_after < now)
			continue;
		while (more &&
		    (serial.n < mine.n || bytes_compare(serial, mine) < 0))
			more = crl_entry_next(
			    &c->view, &pos, &serial, &at, &reason);
		if (!more || !bytes_equal(serial, mine))
			return true;
		told.n = 0;
		crl_entry_put(&told, serial, at, reason);
		if (!bytes_equal(buf_bytes(&told),
			bytes_of(c->pending.bytes.p + item->at, item->size)))
			return true;
	}
	return false;
}

bool
issuer_crl_load(
    struct ca *ca, struct issuer *issuer, int64_t validity, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct crl_state *c = &issuer->crl;
	struct err why = { 0 };
	struct crl_row row;
	int64_t since = 0;

	if (store_crl_get(ca->deps.store, issuer->key, a, &row, &why)) {
		c->last_number = row.number;
		if (row.der.n != 0 && !crl_adopt(ca, issuer, row.der, &why)) {
			/* A new one is made at once; its number rises. */
			log_err(LOG_ERROR, "crl.unusable", &why);
		}
	} else if (why.kind != ERR_NOT_FOUND)
		return fail(err, why.kind, "%s", why.shown);
	/*
	 * What expired long before the published CRL has left for good.  What
	 * expired near it may not have been on a scheduled one yet: it is
	 * listed once more.
	 */
	if (c->has_view)
		since = c->view.this_update - 2 * validity;
	if (!store_revoked_each(
		ca->deps.store, issuer->key, since, pending_add, issuer, err))
		return false;
	c->dirty = pending_is_news(c, ca_now(ca));
	return true;
}

/* Kamu SM 2026-06: an older file is put in the place of a newer one, and what
 * was revoked is not any more. */
static bool
check_newer(const struct issuer *issuer, const char *path, struct bytes der,
    struct err *err)
{
	const struct crl_state *c = &issuer->crl;
	struct crl new;

	if (!c->has_view)
		return true;
	if (!crl_parse(der, &new, err))
		return false;
	return new.number > c->view.number ||
	    fail(err, ERR_CONFIG,
		"%s has number %llu, the one that is served %llu: numbers rise "
		"(RFC 5280 section 5.2.3)",
		path, (unsigned long long)new.number,
		(unsigned long long)c->view.number);
}

bool
issuer_crl_read(struct ca *ca, struct issuer *issuer, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	char *path = arena_printf(a, "crl/%s.crl", issuer->name);
	struct err why = { 0 };
	struct bytes der;

	if (!ca->deps.read_file(
		ca->deps.read_ctx, path, CRL_MAX, a, &der, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return true;
		return fail(err, why.kind, "%s", why.shown);
	}
	if (issuer->crl.has_view &&
	    bytes_equal(der, blob_bytes(issuer->crl.blob)))
		return true;
	return check_newer(issuer, path, der, err) &&
	    crl_adopt(ca, issuer, der, err);
}

/* ---- the next one ---- */

struct crl_job {
	struct ca *ca;
	const struct state *state;
	struct issuer *issuer;
	int64_t this_update, next_update;
	bool scheduled;
	uint64_t number, position;
	struct crl_item *items; /* of the new one */
	size_t items_n;
	struct blob *blob;
	struct crl view;
};

static bool
may_leave(void *ctx, struct bytes serial, int64_t prev_update, struct err *err)
{
	struct crl_job *job = ctx;
	AUTO_ARENA *a = arena_new();
	struct cert_row row;

	if (!store_cert_get_by_serial(
		job->ca->deps.store, job->issuer->key, serial, a, &row, err))
		return false;
	/* RFC 5280 section 3.3: only after it was on a CRL issued beyond the
	 * certificate's validity, and the predecessor is that one. */
	if (row.not_after >= prev_update)
		return fail(err, ERR_INTERNAL,
		    "the certificate had not expired when the published CRL "
		    "was issued");
	return true;
}

static bool
has_settled(const struct crl_state *c)
{
	for (size_t i = 0; i < c->items_n; i++)
		if (c->items[i].settled)
			return true;
	return false;
}

/* The to-be-signed bytes; frees what it no longer needs on the way, because
 * each copy may have tens of megabytes. */
static void
crl_tbs_make(struct crl_job *job, struct crl_set *added, struct buf *tbs)
{
	struct crl_state *c = &job->issuer->crl;
	struct crl_spec spec = { .sig_alg = job->issuer->sig_alg,
		.issuer = issuer_cert(job->issuer)->subject,
		.aki = job->issuer->key_id,
		.this_update = job->this_update,
		.next_update = job->next_update,
		.number = job->number };
	struct bytes base = c->is_ours ? c->view.entries : BYTES_NONE;

	if (added->n == 0 && c->items_n != 0 && !has_settled(c)) {
		job->items_n = c->items_n;
		job->items = mem_dup(c->items, c->items_n * sizeof(*c->items));
		spec.entries = base;
		crl_tbs_put(tbs, &spec);
	} else {
		struct crl_set merged = { 0 };

		crl_set_merge(c->items, c->items_n, base, added, &merged);
		spec.entries = buf_bytes(&merged.bytes);
		crl_tbs_put(tbs, &spec);
		job->items_n = merged.n;
		job->items = TAKE(merged.items);
		crl_set_free(&merged);
	}
	if (job->scheduled)
		for (size_t i = 0; i < job->items_n; i++)
			if (job->items[i].not_after < job->this_update)
				job->items[i].settled = true;
}

static bool
crl_sign(struct crl_job *job, struct bytes tbs, struct buf *signature,
    struct err *err)
{
	struct issuer *issuer = job->issuer;
	struct crl_row row = { .ca = issuer->name,
		.number = job->number,
		.this_update = job->this_update,
		.next_update = job->next_update };
	struct signer_request req = { .kind = SIGN_CRL, .tbs = tbs };

	memcpy(row.issuer_key, issuer->key, sizeof(row.issuer_key));
	memcpy(req.issuer, issuer->key, sizeof(req.issuer));
	digest_sha256(tbs, row.tbs_sha256);
	if (!store_crl_intent(job->ca->deps.store, &row, &job->position, err))
		return false;
	issuer->crl.last_number = job->number;
	req.position = job->position;
	FAULT("crl.sign.before");
	if (!signer_sign(&job->ca->deps.signer, &req, signature, err))
		return false;
	FAULT("crl.sign.after");
	return true;
}

/* Parses what was made, verifies it and holds it against its predecessor. */
static bool
crl_review(struct crl_job *job, struct err *err)
{
	struct crl_state *c = &job->issuer->crl;
	struct crl_gate gate = { may_leave, job };

	if (!crl_check(
		job->ca, job->issuer, blob_bytes(job->blob), &job->view, err))
		return false;
	if (job->view.number != job->number ||
	    job->view.entries_n != job->items_n)
		return fail(err, ERR_INTERNAL,
		    "the CRL that was read back has %zu entries and number "
		    "%llu, expected %zu and %llu",
		    job->view.entries_n, (unsigned long long)job->view.number,
		    job->items_n, (unsigned long long)job->number);
	return crl_gate_check(
	    &gate, c->has_view ? &c->view : NULL, &job->view, err);
}

static bool
crl_store(struct crl_job *job, struct err *err)
{
	struct crl_row row = { .ca = job->issuer->name,
		.number = job->number,
		.position = job->position,
		.this_update = job->this_update,
		.next_update = job->next_update,
		.der = blob_bytes(job->blob) };

	memcpy(row.issuer_key, job->issuer->key, sizeof(row.issuer_key));
	digest_sha256(row.der, row.sha256);
	FAULT("crl.publish.before");
	if (!store_crl_publish(job->ca->deps.store, &row, err))
		return false;
	FAULT("crl.publish.after");
	return true;
}

static bool
crl_make(struct crl_job *job, struct crl_set *added, struct err *err)
{
	AUTO_BUF tbs = { 0 };
	AUTO_BUF signature = { 0 };
	AUTO_BUF der = { 0 };

	crl_tbs_make(job, added, &tbs);
	if (tbs.n > CRL_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "the CRL of CA %s has %zu octets, at most %u are signed",
		    job->issuer->name, tbs.n, CRL_MAX);
	if (!crl_sign(job, buf_bytes(&tbs), &signature, err))
		return false;
	crl_put(
	    &der, buf_bytes(&tbs), job->issuer->sig_alg, buf_bytes(&signature));
	buf_free(&tbs);
	job->blob = blob_new(buf_bytes(&der));
	buf_free(&der);
	if (!crl_review(job, err) || !crl_store(job, err))
		return false;
	crl_publish(job->issuer, TAKE(job->blob), &job->view);
	free(job->issuer->crl.items);
	job->issuer->crl.items = TAKE(job->items);
	job->issuer->crl.items_n = job->items_n;
	job->issuer->crl.is_ours = true;
	if (job->scheduled)
		job->issuer->crl.scheduled_at = job->this_update;
	return true;
}

/*
 * Before each scheduled CRL the record is read again: what it has as revoked
 * and unexpired and this process does not know enters now, so that a lost
 * update heals instead of lasting.
 */
static void
reconcile_add(void *ctx, const uint8_t serial[20], int64_t revoked_at,
    int reason, int64_t not_after)
{
	struct issuer *issuer = ctx;
	struct crl_state *c = &issuer->crl;

	if (!crl_items_have(c->items, c->items_n, c->view.entries, serial))
		pending_add(issuer, serial, revoked_at, reason, not_after);
}

static bool
crl_run_job(struct crl_job *job, struct err *err)
{
	struct crl_state *c = &job->issuer->crl;
	struct crl_set added;
	bool ok;

	if (job->scheduled && c->is_ours &&
	    !store_revoked_each(job->ca->deps.store, job->issuer->key,
		job->this_update, reconcile_add, job->issuer, err))
		return false;
	pthread_mutex_lock(&c->lock);
	added = c->pending;
	c->pending = (struct crl_set){ 0 };
	c->dirty = false;
	pthread_mutex_unlock(&c->lock);

	ok = crl_make(job, &added, err);
	if (!ok) {
		pthread_mutex_lock(&c->lock);
		crl_set_append(&c->pending, &added);
		c->dirty = true;
		pthread_mutex_unlock(&c->lock);
	}
	crl_set_free(&added);
	free(job->items);
	blob_unref(job->blob);
	return ok;
}

/* The signer demands exactly this number. */
static uint64_t
next_number(const struct crl_state *c, int64_t this_update)
{
	return MAX_OF(c->last_number + 1, (uint64_t)this_update * 1000000);
}

static bool
issuer_crl_run(struct ca *ca, const struct state *s, struct issuer *issuer,
    struct err *err)
{
	struct crl_state *c = &issuer->crl;
	int64_t now_us = clock_now_us(&ca->deps.clock);
	int64_t now = now_us / 1000000;
	struct crl_job job = { .ca = ca, .state = s, .issuer = issuer };
	bool dirty;

	pthread_mutex_lock(&c->lock);
	dirty = c->dirty;
	pthread_mutex_unlock(&c->lock);
	job.scheduled = !c->has_view || now >= c->scheduled_at + s->crl_period;
	if ((!dirty && !job.scheduled) || now_us < c->retry_at_us)
		return true;
	/* thisUpdate never goes back, whatever the clock did. */
	job.this_update = c->has_view ? MAX_OF(now, c->view.this_update) : now;
	/* Both ends count: a period's last second is in it. */
	job.next_update = job.this_update + s->crl_validity - 1;
	job.number = next_number(c, job.this_update);
	if (!crl_run_job(&job, err)) {
		c->retry_at_us = now_us + CRL_RETRY_US;
		return false;
	}
	c->retry_at_us = 0;
	atomic_fetch_add(&ca->crls, 1);
	log_event(LOG_INFO, "crl", LF_STR("ca", issuer->name),
	    LF_INT("number", job.number), LF_INT("entries", c->items_n),
	    LF_BOOL("scheduled", job.scheduled));
	return true;
}

bool
ca_crl_run(struct ca *ca, struct err *err)
{
	const struct state *s = ca_state(ca);
	bool ok = true;

	pthread_mutex_lock(&ca->crl_run);
	/* One CA that fails does not keep the others from theirs. */
	for (size_t i = 0; i < s->cas_n; i++)
		if (s->cas[i].issuer->online &&
		    !issuer_crl_run(ca, s, s->cas[i].issuer, err))
			ok = false;
	pthread_mutex_unlock(&ca->crl_run);
	return ok;
}

bool
ca_crl_current(struct ca *ca, int64_t now)
{
	const struct state *s = ca_state(ca);

	for (size_t i = 0; i < s->cas_n; i++) {
		struct crl_state *c = &s->cas[i].issuer->crl;
		int64_t next_update;

		if (!s->cas[i].issuer->online)
			continue;
		pthread_mutex_lock(&c->lock);
		next_update = c->next_update;
		pthread_mutex_unlock(&c->lock);
		if (next_update == 0 || now > next_update)
			return false;
	}
	return true;
}
