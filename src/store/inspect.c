/*
 * What offline commands ask of a database file, by a connection of their own
 * that neither migrates nor writes.
 */
#include "store/migrate.h"
#include "store/parts.h"

static bool
read_count(struct db *db, const char *sql, uint64_t *out, struct err *err)
{
	AUTO_QUERY q = query(db, sql);
	bool row;

	if (!query_next(&q, &row, err))
		return false;
	*out = row ? (uint64_t)column_int(&q) : 0;
	return true;
}

/* Positions rise with seq, so the newest row has the highest. */
static bool
read_signed(struct db *db, uint64_t *out, struct err *err)
{
	uint64_t cert, crl;

	if (!read_count(db,
		"SELECT intent_position FROM cert WHERE issued_position > 0 "
		"ORDER BY seq DESC LIMIT 1",
		&cert, err) ||
	    !read_count(db,
		"SELECT position FROM crl WHERE der IS NOT NULL "
		"ORDER BY position DESC LIMIT 1",
		&crl, err))
		return false;
	*out = MAX_OF(cert, crl);
	return true;
}

/* One row "ok", or a row for each thing that is wrong. */
static bool
check_whole(struct db *db, struct err *err)
{
	AUTO_QUERY q = query(db, "PRAGMA integrity_check(1)");
	AUTO_ARENA *a = arena_new();
	const char *said;
	bool row;

	if (!query_next(&q, &row, err))
		return false;
	said = row ? column_text(&q, a) : NULL;
	if (said == NULL || strcmp(said, "ok") != 0)
		return fail(err, ERR_STORE, "the database is damaged: %s",
		    said == NULL ? "no answer" : said);
	return true;
}

static bool
inspect(struct db *db, bool whole, struct store_file_info *out, struct err *err)
{
	struct store_file_info info = { .newest = migrate_newest() };
	uint64_t node;

	if (!migrate_version(db, &info.schema, err))
		return false;
	if (info.schema != info.newest) {
		*out = info;
		return true;
	}
	if (!read_count(
		db, "SELECT value FROM meta WHERE key = 'node'", &node, err) ||
	    !read_count(
		db, "SELECT max(position) FROM log", &info.positions, err) ||
	    !read_count(
		db, "SELECT count(*) FROM cert", &info.certificates, err) ||
	    !read_signed(db, &info.signed_position, err) ||
	    (whole && !check_whole(db, err)))
		return false;
	info.node = (uint8_t)node;
	*out = info;
	return true;
}

bool
store_file_inspect(
    const char *path, bool whole, struct store_file_info *out, struct err *err)
{
	struct db *db;
	bool ok;

	if (!db_open(path, DB_READ, &db, err))
		return false;
	ok = inspect(db, whole, out, err);
	db_close(db);
	return ok;
}
