/*
 * A connection to the database with the statements that it has prepared, and
 * what the files of this folder say SQL with.  One thread at a time.
 *
 *	AUTO_QUERY q = query(db, "SELECT … WHERE id = ?1");
 *	bind_text(&q, id);
 *	if (!query_next(&q, &row, err))
 *		return false;
 *	out->name = column_text(&q, a);
 *
 * Parameters are bound and columns read in order.  SQL is a string literal (or
 * lives as long as the connection): statements are kept by its address.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include "util/arena.h"

/* More literals than this folder has. */
#define DB_STATEMENTS 256u

struct db {
	sqlite3 *sqlite;
	unsigned wait_ms; /* of db_wait_closely */
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} kept[DB_STATEMENTS];
};

enum db_mode {
	DB_READ, /* query_only */
	DB_WRITE, /* synchronous=FULL, no automatic checkpoints */
	DB_CHECKPOINT /* does nothing else */
};

/* ERR_NOT_FOUND when there is no such file. */
bool db_open(const char *path, enum db_mode mode, struct db **out,
    struct err *err) MUST_CHECK;
void db_close(struct db *db);
/* Waits so long for another connection's lock, and looks each millisecond;
 * SQLite's own way is a tenth of a second between two looks. */
void db_wait_closely(struct db *db, unsigned ms);
/* A statement without parameters and rows that matter. */
bool db_run(struct db *db, const char *sql, struct err *err) MUST_CHECK;
/* From a SQLite code: ERR_STORE_FULL, ERR_CONFLICT (a constraint), ERR_BUSY or
 * ERR_STORE. */
bool fail_db(struct err *err, struct db *db, int rc, const char *sql);
static inline bool
db_in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(db->sqlite) == 0;
}

/* Sets the octets of a column where room for them was bound. */
bool db_fill(struct db *db, const char *table, const char *column, int64_t row,
    struct bytes d, struct err *err) MUST_CHECK;

struct query {
	struct db *db;
	sqlite3_stmt *stmt;
	const char *sql;
	int rc; /* of preparing and binding, told by query_next */
	int bound, column;
	bool once; /* not kept */
};

void query_done(struct query *q);
#define AUTO_QUERY __attribute__((cleanup(query_done))) struct query

struct query query(struct db *db, const char *sql);
/* For SQL that is made at run time: finalised by query_done. */
struct query query_once(struct db *db, const char *sql);
bool query_next(struct query *q, bool *row, struct err *err) MUST_CHECK;
/* Runs a change to its end; changed (NULL: no matter) counts its rows. */
bool query_change(
    struct query *q, unsigned *changed, struct err *err) MUST_CHECK;

void bind_int(struct query *q, int64_t v);
void bind_text(struct query *q, const char *s); /* NULL is NULL */
void bind_bytes(struct query *q, struct bytes d); /* no bytes is NULL */
/* n octets that db_fill gives in the same change. */
void bind_room(struct query *q, size_t n);
void bind_hash(struct query *q, const uint8_t hash[32]);

int64_t column_int(struct query *q);
char *column_text(struct query *q, struct arena *a); /* NULL is NULL */
struct bytes column_bytes(struct query *q, struct arena *a);
/* Exactly n octets, else zeros. */
void column_fixed(struct query *q, uint8_t *out, size_t n);

/*
 * Rows that a list reads: grows in the heap and moves into the arena.
 */
struct rows {
	void *v;
	size_t n, cap, size;
};

static inline void
rows_free(struct rows *r)
{
	free(r->v);
}
#define AUTO_ROWS __attribute__((cleanup(rows_free))) struct rows
/* A zeroed row at the end. */
void *rows_add(struct rows *r);
void *rows_take(struct rows *r, struct arena *a);

#endif
