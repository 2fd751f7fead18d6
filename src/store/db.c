#include <stdlib.h>
#include <time.h>
#include "store/db.h"
#include "store/vfs.h"
#include "util/text.h"

/* A multiple of SQLite's pages. */
#define FILL_PIECE ((size_t)1 << 20)

bool
fail_db(struct err *err, struct db *db, int rc, const char *sql)
{
	const char *why = sqlite3_errmsg(db->sqlite);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return fail_detail(err, ERR_STORE_FULL,
		    "the disk of the store is full", "%s: %s", why, sql);
	case SQLITE_CONSTRAINT:
		return fail_detail(err, ERR_CONFLICT,
		    "it exists already, or what it refers to does not",
		    "%s: %s", why, sql);
	case SQLITE_BUSY:
		return fail_detail(err, ERR_BUSY,
		    "the store is held by another process", "%s: %s", why, sql);
	default:
		return fail_detail(err, ERR_STORE, "the store failed",
		    "%s (%d): %s", why, rc, sql);
	}
}

bool
db_run(struct db *db, const char *sql, struct err *err)
{
	AUTO_QUERY q = query(db, sql);
	bool row;

	do {
		if (!query_next(&q, &row, err))
			return false;
	} while (row);
	return true;
}

static const char *const pragmas_all[] = {
	"PRAGMA busy_timeout = 5000",
	/* No file outside the folder that we may use. */
	"PRAGMA temp_store = MEMORY",
	"PRAGMA foreign_keys = ON",
	"PRAGMA trusted_schema = OFF",
	"PRAGMA wal_autocheckpoint = 0",
	NULL,
};
static const char *const pragmas_read[] = {
	"PRAGMA query_only = ON",
	/* KiB: there are as many connections as workers. */
	"PRAGMA cache_size = -1024",
	NULL,
};
/* journal_size_limit stays unset: the WAL file is written over, not cut. */
static const char *const pragmas_write[] = {
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = FULL",
	"PRAGMA cache_size = -8192",
	/* Debian's default writes zeros over whole pages that are given up: a
	 * replaced CRL twice to the log, and a copy of it in memory. */
	"PRAGMA secure_delete = FAST",
	NULL,
};
static const char *const pragmas_checkpoint[] = {
	"PRAGMA synchronous = FULL",
	"PRAGMA cache_size = -64",
	NULL,
};

static int
look_again(void *arg, int looks)
{
	const struct timespec ms = { 0, 1000000 };
	struct db *db = arg;

	if ((unsigned)looks >= db->wait_ms)
		return 0;
	nanosleep(&ms, NULL);
	return 1;
}

void
db_wait_closely(struct db *db, unsigned ms)
{
	db->wait_ms = ms;
	sqlite3_busy_handler(db->sqlite, look_again, db);
}

/* text_match(pattern, text): util/text.h in SQL. */
static void
sql_text_match(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *pattern = (const char *)sqlite3_value_text(v[0]);
	const char *s = (const char *)sqlite3_value_text(v[1]);

	(void)n;
	sqlite3_result_int(
	    ctx, pattern != NULL && s != NULL && text_match(pattern, s));
}

static bool
db_add_functions(struct db *db, struct err *err)
{
	int rc = sqlite3_create_function(db->sqlite, "text_match", 2,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_text_match, NULL,
	    NULL);

	return rc == SQLITE_OK || fail_db(err, db, rc, "text_match");
}

static bool
db_run_all(struct db *db, const char *const *sql, struct err *err)
{
	for (; *sql != NULL; sql++)
		if (!db_run(db, *sql, err))
			return false;
	return true;
}

/* SQLite keeps the old mode silently where it cannot have this one. */
static bool
db_check_wal(struct db *db, struct err *err)
{
	AUTO_QUERY q = query(db, "PRAGMA journal_mode");
	bool row;

	if (!query_next(&q, &row, err))
		return false;
	if (!row ||
	    strcmp((const char *)sqlite3_column_text(q.stmt, 0), "wal") != 0)
		return fail(err, ERR_STORE,
		    "the database cannot use a write-ahead log; is it on a "
		    "network file system?");
	return true;
}

static bool
db_prepare_mode(struct db *db, enum db_mode mode, struct err *err)
{
	static const char *const *const modes[] = {
		[DB_READ] = pragmas_read,
		[DB_WRITE] = pragmas_write,
		[DB_CHECKPOINT] = pragmas_checkpoint,
	};

	return db_add_functions(db, err) && db_run_all(db, pragmas_all, err) &&
	    db_run_all(db, modes[mode], err) &&
	    (mode != DB_WRITE || db_check_wal(db, err));
}

bool
db_open(const char *path, enum db_mode mode, struct db **out, struct err *err)
{
	struct db *db;
	int rc;

	if (!vfs_register(err))
		return false;
	db = mem_alloc(sizeof(*db));
	/* No mutex: a connection is used by one thread at a time. */
	rc = sqlite3_open_v2(path, &db->sqlite,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, VFS_NAME);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(db->sqlite, 1);
		if (db_prepare_mode(db, mode, err)) {
			*out = db;
			return true;
		}
	} else if (rc == SQLITE_CANTOPEN) {
		(void)fail_detail(err, ERR_NOT_FOUND,
		    "there is no database that can be opened", "%s: %s", path,
		    sqlite3_errmsg(db->sqlite));
	} else {
		(void)fail_db(err, db, rc, path);
	}
	db_close(db);
	return false;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(db->kept[i].stmt);
	sqlite3_close(db->sqlite);
	free(db);
}

static int
db_prepare(struct db *db, const char *sql, sqlite3_stmt **out)
{
	return sqlite3_prepare_v3(
	    db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

struct query
query(struct db *db, const char *sql)
{
	struct query q = { .db = db, .sql = sql };
	size_t i = ((uintptr_t)sql >> 3) % DB_STATEMENTS;

	for (size_t tried = 0; tried < DB_STATEMENTS; tried++) {
		if (db->kept[i].sql == NULL) {
			q.rc = db_prepare(db, sql, &db->kept[i].stmt);
			/* A failure is not kept: the next call tries again. */
			if (q.rc == SQLITE_OK)
				db->kept[i].sql = sql;
		}
		if (db->kept[i].sql == sql || q.rc != SQLITE_OK) {
			q.stmt = db->kept[i].stmt;
			return q;
		}
		i = (i + 1) % DB_STATEMENTS;
	}
	return query_once(db, sql);
}

struct query
query_once(struct db *db, const char *sql)
{
	struct query q = { .db = db, .sql = sql, .once = true };

	q.rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &q.stmt, NULL);
	return q;
}

void
query_done(struct query *q)
{
	if (q->once)
		sqlite3_finalize(q->stmt);
	else
		sqlite3_reset(q->stmt);
}

bool
query_next(struct query *q, bool *row, struct err *err)
{
	int rc = q->rc;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return fail_db(err, q->db, rc, q->sql);
	q->column = 0;
	*row = rc == SQLITE_ROW;
	return true;
}

bool
query_change(struct query *q, unsigned *changed, struct err *err)
{
	int64_t before = sqlite3_total_changes64(q->db->sqlite);
	bool row;

	do {
		if (!query_next(q, &row, err))
			return false;
	} while (row);
	/* sqlite3_changes() would tell of an older change if this has none. */
	if (changed != NULL)
		*changed = sqlite3_total_changes64(q->db->sqlite) == before
		    ? 0
		    : (unsigned)sqlite3_changes(q->db->sqlite);
	return true;
}

static void
bind_rc(struct query *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

void
bind_int(struct query *q, int64_t v)
{
	bind_rc(q, sqlite3_bind_int64(q->stmt, ++q->bound, v));
}

void
bind_text(struct query *q, const char *s)
{
	/* Bound values outlive the query, so nothing is copied. */
	bind_rc(
	    q, sqlite3_bind_text(q->stmt, ++q->bound, s, -1, SQLITE_STATIC));
}

void
bind_bytes(struct query *q, struct bytes d)
{
	bind_rc(q,
	    sqlite3_bind_blob64(q->stmt, ++q->bound, d.n == 0 ? NULL : d.p, d.n,
		SQLITE_STATIC));
}

void
bind_room(struct query *q, size_t n)
{
	bind_rc(q, sqlite3_bind_zeroblob64(q->stmt, ++q->bound, n));
}

/* A piece at a time: of what is bound whole, SQLite makes a copy. */
bool
db_fill(struct db *db, const char *table, const char *column, int64_t row,
    struct bytes d, struct err *err)
{
	sqlite3_blob *blob = NULL;
	int rc =
	    sqlite3_blob_open(db->sqlite, "main", table, column, row, 1, &blob);

	for (size_t at = 0; rc == SQLITE_OK && at < d.n; at += FILL_PIECE)
		rc = sqlite3_blob_write(
		    blob, d.p + at, (int)MIN_OF(FILL_PIECE, d.n - at), (int)at);
	if (rc == SQLITE_OK)
		rc = sqlite3_blob_close(TAKE(blob));
	else
		sqlite3_blob_close(blob);
	return rc == SQLITE_OK || fail_db(err, db, rc, table);
}

void
bind_hash(struct query *q, const uint8_t hash[32])
{
	bind_bytes(q, bytes_of(hash, 32));
}

int64_t
column_int(struct query *q)
{
	return sqlite3_column_int64(q->stmt, q->column++);
}

struct bytes
column_bytes(struct query *q, struct arena *a)
{
	const void *p = sqlite3_column_blob(q->stmt, q->column);
	size_t n = (size_t)sqlite3_column_bytes(q->stmt, q->column);

	q->column++;
	return p == NULL ? BYTES_NONE : arena_bytes(a, bytes_of(p, n));
}

char *
column_text(struct query *q, struct arena *a)
{
	const void *p = sqlite3_column_text(q->stmt, q->column);
	size_t n = (size_t)sqlite3_column_bytes(q->stmt, q->column);

	q->column++;
	return p == NULL ? NULL : arena_str(a, bytes_of(p, n));
}

void
column_fixed(struct query *q, uint8_t *out, size_t n)
{
	const void *p = sqlite3_column_blob(q->stmt, q->column);

	if (p != NULL && (size_t)sqlite3_column_bytes(q->stmt, q->column) == n)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
	q->column++;
}

void *
rows_add(struct rows *r)
{
	void *row;

	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 16 : 2 * r->cap;
		r->v = mem_grow(r->v, r->cap, r->size);
	}
	row = (char *)r->v + r->n++ * r->size;
	memset(row, 0, r->size);
	return row;
}

void *
rows_take(struct rows *r, struct arena *a)
{
	return arena_dup(a, r->v, r->n * r->size);
}
