/*
 * Many certificates revoked by one decision.  The set is written with the
 * decision, in parts of one change each; a part that was carried out is gone,
 * so that a crash in the middle leaves exactly what is still to be done.
 */
#include <stdlib.h>
#include "store/cert.h"
#include "store/parts.h"
#include "store/revocation.h"
#include "util/fault.h"

#define SERIAL 20u
#define BULK_COLUMNS                                                           \
	"id, at, by, reason, filter, set_sha256, total, revoked, skipped, "    \
	"finished_at"

/* ---- what a filter finds ---- */

bool
store_bulk_select(struct store *s, const struct cert_filter *f, struct arena *a,
    struct buf *serials, struct err *err)
{
	struct cert_filter wanted = *f;
	AUTO_BUF sql = { 0 };
	AUTO_BUF found = { 0 };
	AUTO_LEASE r = { 0 };
	bool row;

	wanted.status = CERT_ISSUED;
	wanted.unexpired = true;
	wanted.after = NULL;
	if (!store_read(s, &r, err))
		return false;
	buf_add_str(&sql, "SELECT c.serial FROM cert c WHERE 1");
	cert_filter_sql(&wanted, &sql);
	buf_add_str(&sql, " ORDER BY c.serial");
	AUTO_QUERY q = query_once(r.db, buf_cstr(&sql));

	cert_filter_bind(&wanted, a, &q);
	for (;;) {
		uint8_t serial[SERIAL];

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		if (found.n == (size_t)BULK_MAX * SERIAL)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u certificates; narrow the choice",
			    BULK_MAX);
		column_fixed(&q, serial, sizeof(serial));
		buf_add(&found, serial, sizeof(serial));
	}
	buf_free(serials);
	*serials = found;
	found = (struct buf){ 0 };
	return true;
}

/* ---- the decision ---- */

struct bulk_begin {
	const struct bulk_row *row;
	struct bytes serials;
	struct event event;
};

static bool
bulk_parts_insert(
    struct db *db, int64_t seq, struct bytes serials, struct err *err)
{
	for (size_t at = 0; at < serials.n; at += (size_t)BULK_STEP * SERIAL) {
		size_t n = MIN_OF(serials.n - at, (size_t)BULK_STEP * SERIAL);
		AUTO_QUERY q = query(db,
		    "INSERT INTO bulk_part (bulk_seq, serials) VALUES (?1, "
		    "?2)");

		bind_int(&q, seq);
		bind_bytes(&q, bytes_of(serials.p + at, n));
		if (!query_change(&q, NULL, err))
			return false;
	}
	return true;
}

static bool
bulk_begin_apply(struct db *db, void *arg, struct err *err)
{
	const struct bulk_begin *c = arg;
	AUTO_QUERY q = query(db,
	    "INSERT INTO bulk (id, at, by, reason, filter, set_sha256, total) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	bind_text(&q, c->row->id);
	bind_int(&q, c->row->at);
	bind_text(&q, c->row->by);
	bind_int(&q, c->row->reason);
	bind_text(&q, c->row->filter_json);
	bind_hash(&q, c->row->set_sha256);
	bind_int(&q, (int64_t)(c->serials.n / SERIAL));
	return query_change(&q, NULL, err) &&
	    bulk_parts_insert(
		db, sqlite3_last_insert_rowid(db->sqlite), c->serials, err) &&
	    event_append(db, &c->event, NULL, err);
}

bool
store_bulk_begin(struct store *s, const struct bulk_row *row,
    struct bytes serials, struct err *err)
{
	struct bulk_begin c = { .row = row, .serials = serials };
	AUTO_EVENT e = event("bulk-revocation", row->at);

	if (serials.n == 0 || serials.n % SERIAL != 0)
		return fail(err, ERR_INTERNAL,
		    "a bulk revocation has a set of %zu octets", serials.n);
	event_text(&e, "by", row->by);
	event_int(&e, "count", (int64_t)(serials.n / SERIAL));
	if (!event_json(&e, "filter", row->filter_json, err))
		return false;
	event_text(&e, "id", row->id);
	event_int(&e, "reason", row->reason);
	event_hex(&e, "set_sha256", row->set_sha256, 32);
	event_end(&e);
	c.event = e;
	FAULT("bulk.begin.before");
	if (!store_change(s, bulk_begin_apply, &c, err))
		return false;
	FAULT("bulk.begin.after");
	return true;
}

static void
bulk_read(struct query *q, struct arena *a, struct bulk_row *out)
{
	out->id = column_text(q, a);
	out->at = column_int(q);
	out->by = column_text(q, a);
	out->reason = (int)column_int(q);
	out->filter_json = column_text(q, a);
	column_fixed(q, out->set_sha256, sizeof(out->set_sha256));
	out->total = (uint64_t)column_int(q);
	out->revoked = (uint64_t)column_int(q);
	out->skipped = (uint64_t)column_int(q);
	out->finished_at = column_int(q);
}

bool
store_bulk_get(struct store *s, const char *id, struct arena *a,
    struct bulk_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT " BULK_COLUMNS " FROM bulk WHERE id = ?1");

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "there is no such bulk revocation");
	bulk_read(&q, a, out);
	return true;
}

bool
store_bulk_list(struct store *s, unsigned limit, struct arena *a,
    struct bulk_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct bulk_row) };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " BULK_COLUMNS " FROM bulk ORDER BY seq DESC LIMIT ?1");

	bind_int(&q, limit);
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		bulk_read(&q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

/* ---- steps ---- */

static bool
rows_by_serials(struct db *db, struct bytes serials, struct arena *a,
    struct cert_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct cert_row) };
	bool row;

	for (size_t at = 0; at + SERIAL <= serials.n; at += SERIAL) {
		AUTO_QUERY q = query(db,
		    "SELECT " CERT_COLUMNS " FROM cert c WHERE c.serial = ?1");

		bind_bytes(&q, bytes_of(serials.p + at, SERIAL));
		if (!query_next(&q, &row, err))
			return false;
		if (row)
			cert_read(&q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

bool
store_bulk_next(
    struct store *s, struct arena *a, struct bulk_step *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	struct bulk_step step;
	struct bytes serials;
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT b.id, p.seq, b.reason, b.by, p.serials FROM bulk b LEFT "
	    "JOIN bulk_part p ON p.bulk_seq = b.seq WHERE b.finished_at = 0 "
	    "ORDER "
	    "BY b.seq, p.seq LIMIT 1");

	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "no bulk revocation runs");
	step.id = column_text(&q, a);
	step.part = column_int(&q);
	step.reason = (int)column_int(&q);
	step.by = column_text(&q, a);
	serials = column_bytes(&q, a);
	if (!rows_by_serials(r.db, serials, a, &step.rows, &step.n, err))
		return false;
	*out = step;
	return true;
}

struct revoke_step {
	struct revoke_item *items;
	struct event *events;
	size_t n;
	int reason;
	bool block_key;
	int64_t now;
	const struct bulk_step *bulk; /* NULL: of a blocked key */
	bool finished;
};

static bool
item_apply(struct db *db, const struct revoke_step *c, size_t i,
    unsigned *revoked, struct err *err)
{
	const struct cert_row *row = c->items[i].row;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE cert SET status = 3, revoked_at = ?2, reason = ?3 WHERE "
	    "id = ?1 AND status = 2");

	c->items[i].revoked = false;
	bind_text(&q, row->id);
	bind_int(&q, c->now);
	bind_int(&q, c->reason);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return true;
	c->items[i].revoked = true;
	++*revoked;
	return (!c->block_key ||
		   key_block_insert(
		       db, row->spki_sha256, c->now, row->id, NULL, err)) &&
	    event_append(db, &c->events[i], NULL, err);
}

/* The end: what was never there to be revoked counts as skipped. */
static bool
bulk_finish(struct db *db, struct revoke_step *c, struct err *err)
{
	AUTO_QUERY end = query(db,
	    "UPDATE bulk SET finished_at = ?2, skipped = total - revoked "
	    "WHERE id = ?1 AND finished_at = 0 AND NOT EXISTS (SELECT 1 FROM "
	    "bulk_part p WHERE p.bulk_seq = bulk.seq)");
	unsigned changed;

	bind_text(&end, c->bulk->id);
	bind_int(&end, c->now);
	if (!query_change(&end, &changed, err))
		return false;
	c->finished = changed != 0;
	return true;
}

/* The part is done: what is counted is exactly what happened with it. */
static bool
part_finish(
    struct db *db, struct revoke_step *c, unsigned revoked, struct err *err)
{
	AUTO_QUERY part = query(db, "DELETE FROM bulk_part WHERE seq = ?1");
	AUTO_QUERY count = query(db,
	    "UPDATE bulk SET revoked = revoked + ?2, skipped = skipped + ?3 "
	    "WHERE id = ?1");
	unsigned changed;

	bind_int(&part, c->bulk->part);
	bind_text(&count, c->bulk->id);
	bind_int(&count, revoked);
	bind_int(&count, (int64_t)c->n - revoked);
	if (!query_change(&part, &changed, err))
		return false;
	if (changed == 0)
		return fail(err, ERR_CONFLICT, "this part was carried out");
	return query_change(&count, NULL, err);
}

static bool
revoke_step_apply(struct db *db, void *arg, struct err *err)
{
	struct revoke_step *c = arg;
	unsigned revoked = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!item_apply(db, c, i, &revoked, err))
			return false;
	if (c->bulk == NULL)
		return true;
	return c->bulk->part == 0 ? bulk_finish(db, c, err)
				  : part_finish(db, c, revoked, err);
}

/* Events are made here, so that the writer only inserts them. */
static bool
step_run(struct store *s, struct revoke_step *c, struct err *err)
{
	bool ok;

	c->events = mem_alloc((c->n + 1) * sizeof(*c->events));
	for (size_t i = 0; i < c->n; i++) {
		c->events[i] = event("cert-revoked", c->now);
		cert_revoked_event(&c->events[i], c->items[i].row, c->reason,
		    c->items[i].by, c->items[i].cause, c->block_key);
	}
	FAULT("bulk.step.before");
	ok = store_change(s, revoke_step_apply, c, err);
	if (ok)
		FAULT("bulk.step.after");
	for (size_t i = 0; i < c->n; i++)
		event_free(&c->events[i]);
	free(c->events);
	return ok;
}

bool
store_revoke_step(struct store *s, struct revoke_item *items, size_t n,
    int reason, bool block_key, int64_t now, struct err *err)
{
	struct revoke_step c = {
		.items = items,
		.n = n,
		.reason = reason,
		.block_key = block_key,
		.now = now,
	};

	return step_run(s, &c, err);
}

bool
store_bulk_step(struct store *s, const struct bulk_step *step,
    struct revoke_item *items, bool block_key, int64_t now, bool *finished,
    struct err *err)
{
	struct revoke_step c = {
		.items = items,
		.n = step->n,
		.reason = step->reason,
		.block_key = block_key,
		.now = now,
		.bulk = step,
	};

	if (!step_run(s, &c, err))
		return false;
	*finished = c.finished;
	return true;
}

/* ---- what a compromised key takes with it ---- */

bool
store_compromised_list(struct store *s, int64_t now, unsigned limit,
    struct arena *a, struct compromised_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct compromised_row) };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	/* Few keys are blocked: CROSS JOIN keeps SQLite from walking through
	 * all unexpired certificates instead. */
	AUTO_QUERY q = query(r.db,
	    "SELECT " CERT_COLUMNS ", k.cert_id FROM key_block k CROSS JOIN "
	    "cert c ON c.spki_sha256 = k.spki_sha256 WHERE c.status = 2 AND "
	    "c.not_after >= ?1 LIMIT ?2");

	bind_int(&q, now);
	bind_int(&q, limit);
	for (;;) {
		struct compromised_row *c;

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		c = rows_add(&rows);
		cert_read(&q, a, &c->cert);
		c->cause = column_text(&q, a);
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}
