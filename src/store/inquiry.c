#include <stdlib.h>

#include "store/inquiry.h"
#include "store/parts.h"
#include "util/fault.h"

/* ---- reading ---- */

#define INQUIRY_COLUMNS                                                        \
	"id, profile, client_transaction, csr_sha256, spki_sha256, "           \
	"signer_sha256, service, service_name, withhold, state, sealed, "      \
	"due_at, lease, attempts, address, replaces, created_at, decided_at, " \
	"moved_at, verdict, reason, cert_id"

#define NO_INQUIRY "there is no such inquiry"

static void
inquiry_read(struct query *q, struct arena *a, struct inquiry *out)
{
	out->id = column_text(q, a);
	out->profile = column_text(q, a);
	out->transaction = column_text(q, a);
	column_fixed(q, out->csr_sha256, sizeof(out->csr_sha256));
	column_fixed(q, out->spki_sha256, sizeof(out->spki_sha256));
	column_fixed(q, out->signer_sha256, sizeof(out->signer_sha256));
	out->service = (enum inquiry_service)column_int(q);
	out->service_name = column_text(q, a);
	out->withhold = column_int(q) != 0;
	out->state = (enum inquiry_state)column_int(q);
	out->sealed = column_bytes(q, a);
	out->due_at = column_int(q);
	out->lease = column_int(q);
	out->attempts = (unsigned)column_int(q);
	out->address = column_text(q, a);
	out->replaces = column_text(q, a);
	out->created_at = column_int(q);
	out->decided_at = column_int(q);
	out->moved_at = column_int(q);
	out->verdict = column_text(q, a);
	out->reason = column_text(q, a);
	out->cert_id = column_text(q, a);
}

static bool
inquiry_read_one(
    struct query *q, struct arena *a, struct inquiry *out, struct err *err)
{
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, NO_INQUIRY);
	inquiry_read(q, a, out);
	return true;
}

bool
store_inquiry_get(struct store *s, const char *id, struct arena *a,
    struct inquiry *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(
	    r.db, "SELECT " INQUIRY_COLUMNS " FROM inquiry WHERE id = ?1");

	bind_text(&q, id);
	return inquiry_read_one(&q, a, out, err);
}

bool
store_inquiry_find(struct store *s, const char *profile,
    const char *transaction, const uint8_t signer_sha256[32], struct arena *a,
    struct inquiry *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " INQUIRY_COLUMNS " FROM inquiry WHERE profile = ?1 AND "
	    "client_transaction = ?2 AND signer_sha256 = ?3 ORDER BY seq DESC "
	    "LIMIT 1");

	bind_text(&q, profile);
	bind_text(&q, transaction);
	bind_hash(&q, signer_sha256);
	return inquiry_read_one(&q, a, out, err);
}

static bool
read_request(struct db *db, const struct inquiry *row, struct arena *a,
    struct inquiry *out, bool *found, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT " INQUIRY_COLUMNS " FROM inquiry WHERE profile = ?1 AND "
	    "client_transaction = ?2 AND csr_sha256 = ?3 AND signer_sha256 = "
	    "?4");

	bind_text(&q, row->profile);
	bind_text(&q, row->transaction);
	bind_hash(&q, row->csr_sha256);
	bind_hash(&q, row->signer_sha256);
	if (!query_next(&q, found, err))
		return false;
	if (*found)
		inquiry_read(&q, a, out);
	return true;
}

bool
store_inquiry_find_request(struct store *s, const struct inquiry *row,
    struct arena *a, struct inquiry *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool found;

	if (!store_read(s, &r, err) ||
	    !read_request(r.db, row, a, out, &found, err))
		return false;
	return found || fail(err, ERR_NOT_FOUND, NO_INQUIRY);
}

/* The row may not know its certificate yet, but its request does. */
bool
store_inquiry_find_cert(struct store *s, const char *cert_id, struct arena *a,
    struct inquiry *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " INQUIRY_COLUMNS " FROM inquiry WHERE seq = (SELECT i.seq "
	    "FROM scep_request r JOIN inquiry i ON i.profile = r.profile AND "
	    "i.client_transaction = r.client_transaction AND i.csr_sha256 = "
	    "r.csr_sha256 WHERE r.cert_id = ?1)");

	bind_text(&q, cert_id);
	return inquiry_read_one(&q, a, out, err);
}

bool
store_inquiry_next_due(struct store *s, int64_t *at, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT max(due_at, lease_until) FROM inquiry WHERE due_at > 0 "
	    "ORDER BY max(due_at, lease_until) LIMIT 1");

	if (!query_next(&q, &row, err))
		return false;
	*at = row ? column_int(&q) : 0;
	return true;
}

bool
store_inquiry_count(
    struct store *s, uint64_t n[INQUIRY_STATES], struct err *err)
{
	AUTO_LEASE r = { 0 };
	uint64_t found[INQUIRY_STATES] = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT state, count(*) FROM inquiry WHERE due_at > 0 GROUP BY "
	    "state");

	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		size_t state = (size_t)column_int(&q);

		found[state] = (uint64_t)column_int(&q);
	}
	memcpy(n, found, sizeof(found));
	return true;
}

/* ---- a new one, or the one that runs ---- */

struct inquiry_open {
	const struct inquiry *row;
	int64_t again_before, max;
	/* The caller waits, so its arena is ours meanwhile. */
	struct arena *a;
	struct inquiry *out;
	bool opened;
};

static bool
open_check(struct db *db, const struct inquiry_open *c, struct err *err)
{
	AUTO_QUERY other = query(db,
	    "SELECT 1 FROM inquiry WHERE profile = ?1 AND client_transaction = "
	    "?2 AND (spki_sha256 <> ?3 OR signer_sha256 <> ?4) AND "
	    "state NOT IN (5, 6) LIMIT 1");
	AUTO_QUERY running = query(db,
	    "SELECT count(*) FROM inquiry WHERE profile = ?1 AND due_at > 0");
	bool row;

	bind_text(&other, c->row->profile);
	bind_text(&other, c->row->transaction);
	bind_hash(&other, c->row->spki_sha256);
	bind_hash(&other, c->row->signer_sha256);
	if (!query_next(&other, &row, err))
		return false;
	if (row)
		return fail(err, ERR_CONFLICT,
		    "the transaction is that of another key's request");
	bind_text(&running, c->row->profile);
	if (!query_next(&running, &row, err))
		return false;
	if (row && column_int(&running) >= c->max)
		return fail(
		    err, ERR_BUSY, "too many requests wait for an answer");
	return true;
}

static bool
open_insert(struct db *db, const struct inquiry_open *c, struct err *err)
{
	const struct inquiry *row = c->row;
	AUTO_QUERY q = query(db,
	    "INSERT INTO inquiry (id, profile, client_transaction, csr_sha256, "
	    "spki_sha256, signer_sha256, service, service_name, withhold, "
	    "state, sealed, due_at, lease, lease_until, attempts, address, "
	    "replaces, created_at, moved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
	    "?7, ?8, ?9, 1, ?10, ?11, ?12, ?11 + ?12, 1, ?13, ?14, ?11, ?11)");

	bind_text(&q, row->id);
	bind_text(&q, row->profile);
	bind_text(&q, row->transaction);
	bind_hash(&q, row->csr_sha256);
	bind_hash(&q, row->spki_sha256);
	bind_hash(&q, row->signer_sha256);
	bind_int(&q, row->service);
	bind_text(&q, row->service_name);
	bind_int(&q, row->withhold);
	bind_bytes(&q, row->sealed);
	bind_int(&q, row->created_at);
	bind_int(&q, row->lease);
	bind_text(&q, row->address);
	bind_text(&q, row->replaces);
	return query_change(&q, NULL, err);
}

static bool
inquiry_open_apply(struct db *db, void *arg, struct err *err)
{
	struct inquiry_open *c = arg;
	bool found;
	/* REFUSED and FAILED. */
	AUTO_QUERY old = query(db,
	    "DELETE FROM inquiry WHERE profile = ?1 AND client_transaction = "
	    "?2 AND csr_sha256 = ?3 AND state IN (5, 6) AND due_at = 0 AND "
	    "moved_at <= ?4");

	bind_text(&old, c->row->profile);
	bind_text(&old, c->row->transaction);
	bind_hash(&old, c->row->csr_sha256);
	bind_int(&old, c->again_before);
	if (!query_change(&old, NULL, err) ||
	    !read_request(db, c->row, c->a, c->out, &found, err))
		return false;
	c->opened = !found;
	return found ||
	    (open_check(db, c, err) && open_insert(db, c, err) &&
		read_request(db, c->row, c->a, c->out, &found, err));
}

bool
store_inquiry_open(struct store *s, const struct inquiry *row,
    int64_t again_before, int64_t max, struct arena *a, struct inquiry *out,
    bool *opened, struct err *err)
{
	struct inquiry made;
	struct inquiry_open c = { .row = row,
		.again_before = again_before,
		.max = max,
		.a = a,
		.out = &made };

	FAULT("inquiry.open.before");
	if (!store_change(s, inquiry_open_apply, &c, err))
		return false;
	FAULT("inquiry.open.after");
	*out = made;
	*opened = c.opened;
	return true;
}

/* ---- claim ---- */

struct inquiry_claim {
	int64_t now;
	unsigned limit;
	struct arena *a;
	struct rows *rows;
};

static bool
inquiry_claim_apply(struct db *db, void *arg, struct err *err)
{
	struct inquiry_claim *c = arg;
	bool row;
	AUTO_QUERY q = query(db,
	    "UPDATE inquiry SET lease_until = ?1 + lease, attempts = attempts "
	    "+ 1 WHERE seq IN (SELECT seq FROM inquiry WHERE due_at > 0 AND "
	    "max(due_at, lease_until) <= ?1 ORDER BY max(due_at, lease_until) "
	    "LIMIT ?2) RETURNING " INQUIRY_COLUMNS);

	bind_int(&q, c->now);
	bind_int(&q, c->limit);
	c->rows->n = 0;
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			return true;
		inquiry_read(&q, c->a, rows_add(c->rows));
	}
}

bool
store_inquiry_claim(struct store *s, int64_t now, unsigned limit,
    struct arena *a, struct inquiry **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct inquiry) };
	struct inquiry_claim c = { now, limit, a, &rows };

	if (!store_change(s, inquiry_claim_apply, &c, err))
		return false;
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

/* ---- a step ---- */

/* A step that waits for the writer, with copies of its texts. */
struct inquiry_post {
	struct change change;
	struct inquiry_move m;
	void (*done)(void *arg, const struct err *err);
	void *arg;
	char *id, *verdict, *reason, *cert_id;
};

static bool
move_check(const struct inquiry_move *m, struct err *err)
{
	if (inquiry_may_move(m->from, m->to))
		return true;
	return fail(err, ERR_INTERNAL, "an inquiry goes from %s to %s",
	    inquiry_state_name(m->from), inquiry_state_name(m->to));
}

static bool
inquiry_move_apply(struct db *db, void *arg, struct err *err)
{
	const struct inquiry_post *p = arg;
	const struct inquiry_move *m = &p->m;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE inquiry SET state = ?3, due_at = ?4, lease_until = 0, "
	    "sealed = iif(?4 = 0, NULL, sealed), attempts = iif(?2 = ?3, "
	    "attempts, 0), moved_at = iif(?2 = ?3 AND ?4 > 0, moved_at, ?5), "
	    "decided_at = iif(?6, ?5, decided_at), verdict = coalesce(?7, "
	    "verdict), reason = coalesce(?8, reason), cert_id = coalesce(?9, "
	    "cert_id) WHERE id = ?1 AND state = ?2 AND due_at > 0");

	FAULT("inquiry.move.before");
	bind_text(&q, m->id);
	bind_int(&q, m->from);
	bind_int(&q, m->to);
	bind_int(&q, m->due_at);
	bind_int(&q, m->at);
	bind_int(&q, m->decided);
	bind_text(&q, m->verdict);
	bind_text(&q, m->reason);
	bind_text(&q, m->cert_id);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail(err, ERR_CONFLICT, "the inquiry is not %s any more",
		    inquiry_state_name(m->from));
	return true;
}

static char *
copy_text(const char *s)
{
	return s == NULL ? NULL : mem_strdup(s);
}

static void
inquiry_post_free(struct inquiry_post *p)
{
	free(p->id);
	free(p->verdict);
	free(p->reason);
	free(p->cert_id);
	free(p);
}

static void
inquiry_post_done(struct change *c, const struct err *err)
{
	struct inquiry_post *p = c->arg;

	if (err == NULL)
		FAULT("inquiry.move.after");
	p->done(p->arg, err);
	inquiry_post_free(p);
}

bool
store_inquiry_post(struct store *s, const struct inquiry_move *m,
    void (*done)(void *arg, const struct err *err), void *arg, struct err *err)
{
	struct inquiry_post *p;

	if (!move_check(m, err))
		return false;
	p = mem_alloc(sizeof(*p));
	p->m = *m;
	p->m.id = p->id = mem_strdup(m->id);
	p->m.verdict = p->verdict = copy_text(m->verdict);
	p->m.reason = p->reason = copy_text(m->reason);
	p->m.cert_id = p->cert_id = copy_text(m->cert_id);
	p->done = done;
	p->arg = arg;
	p->change = (struct change){
		.apply = inquiry_move_apply,
		.arg = p,
		.done = inquiry_post_done,
	};
	if (writer_post(s->writer, &p->change, err))
		return true;
	inquiry_post_free(p);
	return false;
}
