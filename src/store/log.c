#include <stdlib.h>
#include "store/log.h"
#include "store/migrate.h"
#include "store/parts.h"

#define LEVEL_SHIFT 56
#define HOUR 3600

static int64_t
tile_id(unsigned level, uint64_t n)
{
	return (int64_t)((uint64_t)level << LEVEL_SHIFT | n);
}

/* ---- writing ---- */

struct checkpoint_put {
	const struct checkpoint_row *row;
	const struct tile_row *tiles;
	size_t n;
};

static bool
tiles_put(struct db *db, const struct checkpoint_put *c, struct err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		AUTO_QUERY q = query(
		    db, "INSERT INTO log_tile (id, hashes) VALUES (?1, ?2)");

		bind_int(&q, tile_id(c->tiles[i].level, c->tiles[i].n));
		bind_bytes(&q, bytes_of(c->tiles[i].hashes, LOG_TILE_SIZE));
		if (!query_change(&q, NULL, err))
			return false;
	}
	return true;
}

/* Those of the same hour; the newest of an hour stays when a later one comes.
 */
static bool
checkpoints_drop(
    struct db *db, const struct checkpoint_row *row, struct err *err)
{
	AUTO_QUERY q = query(
	    db, "DELETE FROM checkpoint WHERE at / ?1 = ?2 AND size < ?3");

	bind_int(&q, HOUR);
	bind_int(&q, row->at / HOUR);
	bind_int(&q, (int64_t)row->size);
	return query_change(&q, NULL, err);
}

static bool
checkpoint_put_apply(struct db *db, void *arg, struct err *err)
{
	const struct checkpoint_put *c = arg;
	AUTO_QUERY q = query(db,
	    "INSERT INTO checkpoint (size, at, root, key, note) VALUES (?1, "
	    "?2, ?3, ?4, CAST(?5 AS TEXT)) ON CONFLICT (size) DO UPDATE SET "
	    "key = excluded.key, note = excluded.note");

	bind_int(&q, (int64_t)c->row->size);
	bind_int(&q, c->row->at);
	bind_hash(&q, c->row->root);
	bind_hash(&q, c->row->key);
	bind_bytes(&q, c->row->note);
	return tiles_put(db, c, err) && query_change(&q, NULL, err) &&
	    checkpoints_drop(db, c->row, err);
}

bool
store_checkpoint_put(struct store *s, const struct checkpoint_row *row,
    const struct tile_row *tiles, size_t n, struct err *err)
{
	struct checkpoint_put c = { row, tiles, n };

	return store_change(s, checkpoint_put_apply, &c, err);
}

/* ---- views ---- */

struct log_view {
	struct lease lease; /* of the store, or … */
	struct db *own; /* … a connection of its own */
	struct db *db;
	struct query rows;
	bool reading;
};

static bool
view_begin(struct log_view *v, struct log_view **out, struct err *err)
{
	uint64_t ignored;

	/* The snapshot is taken by the first read. */
	if (!db_run(v->db, "BEGIN", err) || !log_view_size(v, &ignored, err)) {
		log_view_close(v);
		return false;
	}
	*out = v;
	return true;
}

bool
log_view_of_store(struct store *s, struct log_view **out, struct err *err)
{
	struct log_view *v = mem_alloc(sizeof(*v));

	if (!store_read(s, &v->lease, err)) {
		free(v);
		return false;
	}
	v->db = v->lease.db;
	return view_begin(v, out, err);
}

bool
log_view_of_file(const char *path, struct log_view **out, struct err *err)
{
	struct log_view *v;
	struct db *db;
	int64_t schema;

	if (!db_open(path, DB_READ, &db, err))
		return false;
	if (!migrate_version(db, &schema, err) || schema != migrate_newest()) {
		db_close(db);
		return fail(err, ERR_CONFLICT,
		    "the database has schema %lld, this program knows %d: "
		    "start this version of the server once, or look with the "
		    "program that serves",
		    (long long)schema, migrate_newest());
	}
	v = mem_alloc(sizeof(*v));
	v->own = v->db = db;
	return view_begin(v, out, err);
}

void
log_view_close(struct log_view *v)
{
	struct err ignored = { 0 };

	if (v == NULL)
		return;
	if (v->reading)
		query_done(&v->rows);
	/* It has only read: there is nothing to lose. */
	if (db_in_transaction(v->db))
		(void)!db_run(v->db, "ROLLBACK", &ignored);
	if (v->own != NULL)
		db_close(v->own);
	else
		reader_give_back(&v->lease);
	free(v);
}

bool
log_view_size(struct log_view *v, uint64_t *out, struct err *err)
{
	AUTO_QUERY q = query(v->db, "SELECT max(position) FROM log");
	bool row;

	if (!query_next(&q, &row, err))
		return false;
	*out = row ? (uint64_t)column_int(&q) : 0;
	return true;
}

bool
log_view_seek(struct log_view *v, uint64_t from, uint64_t to, struct err *err)
{
	(void)err;
	if (v->reading)
		query_done(&v->rows);
	v->rows = query(v->db,
	    "SELECT position, at, kind, body FROM log WHERE position BETWEEN "
	    "?1 AND ?2 ORDER BY position");
	v->reading = true;
	bind_int(&v->rows, (int64_t)MIN_OF(from, (uint64_t)INT64_MAX));
	bind_int(&v->rows, (int64_t)MIN_OF(to, (uint64_t)INT64_MAX));
	return true;
}

bool
log_view_next(
    struct log_view *v, struct log_row *out, bool *row, struct err *err)
{
	sqlite3_stmt *stmt = v->rows.stmt;

	if (!query_next(&v->rows, row, err))
		return false;
	if (!*row)
		return true;
	/* Straight from the page: a walk reads millions of them. */
	out->position = (uint64_t)sqlite3_column_int64(stmt, 0);
	out->at = sqlite3_column_int64(stmt, 1);
	out->kind = (const char *)sqlite3_column_text(stmt, 2);
	if (out->kind == NULL)
		out->kind = "";
	out->body.p = sqlite3_column_blob(stmt, 3);
	out->body.n = (size_t)sqlite3_column_bytes(stmt, 3);
	return true;
}

bool
log_view_tile(struct log_view *v, unsigned level, uint64_t n,
    uint8_t out[LOG_TILE_SIZE], bool *found, struct err *err)
{
	AUTO_QUERY q =
	    query(v->db, "SELECT hashes FROM log_tile WHERE id = ?1");

	bind_int(&q, tile_id(level, n));
	if (!query_next(&q, found, err))
		return false;
	if (*found)
		column_fixed(&q, out, LOG_TILE_SIZE);
	return true;
}

static void
checkpoint_read(struct query *q, struct arena *a, struct checkpoint_row *out)
{
	out->size = (uint64_t)column_int(q);
	out->at = column_int(q);
	column_fixed(q, out->root, sizeof(out->root));
	column_fixed(q, out->key, sizeof(out->key));
	out->note = column_bytes(q, a);
}

bool
log_view_checkpoints(struct log_view *v, struct arena *a,
    struct checkpoint_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct checkpoint_row) };
	AUTO_QUERY q = query(v->db,
	    "SELECT size, at, root, key, CAST(note AS BLOB) FROM checkpoint "
	    "ORDER BY size");
	bool row;

	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		checkpoint_read(&q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

bool
log_view_checkpoint(struct log_view *v, struct arena *a,
    struct checkpoint_row *out, bool *found, struct err *err)
{
	AUTO_QUERY q = query(v->db,
	    "SELECT size, at, root, key, CAST(note AS BLOB) FROM checkpoint "
	    "ORDER BY size DESC LIMIT 1");

	if (!query_next(&q, found, err))
		return false;
	if (*found)
		checkpoint_read(&q, a, out);
	return true;
}

bool
log_view_find_serial(struct log_view *v, struct bytes serial,
    uint64_t *position, struct err *err)
{
	AUTO_QUERY q =
	    query(v->db, "SELECT intent_position FROM cert WHERE serial = ?1");
	bool row;

	bind_bytes(&q, serial);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND,
		    "the log has no certificate of this serial number");
	*position = (uint64_t)column_int(&q);
	return true;
}
