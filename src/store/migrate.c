#include <errno.h>
#include <sys/random.h>
#include "store/migrate.h"

/* "Chnc", so that file(1) and a curious operator know whose it is. */
#define APPLICATION_ID "1130917475"

int
migrate_newest(void)
{
	int newest = 0;

	for (const struct migration *m = migrations; m->version != 0; m++)
		newest = m->version;
	return newest;
}

static bool
read_number(struct db *db, const char *sql, int64_t *out, struct err *err)
{
	AUTO_QUERY q = query_once(db, sql);
	bool row;

	if (!query_next(&q, &row, err))
		return false;
	*out = row ? column_int(&q) : 0;
	return true;
}

static bool
run_script(struct db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || fail_db(err, db, rc, "migration");
}

bool
migrate_version(struct db *db, int64_t *out, struct err *err)
{
	int64_t tables, ours;

	if (!read_number(
		db, "SELECT count(*) FROM sqlite_schema", &tables, err) ||
	    !read_number(db,
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
		"name = 'schema'",
		&ours, err))
		return false;
	if (tables == 0) {
		*out = 0;
		return true;
	}
	if (ours == 0)
		return fail(err, ERR_CONFLICT,
		    "the database is not a Chancery's: it has no schema table");
	return read_number(db, "SELECT version FROM schema", out, err);
}

/* The node's prefix of serials (design section 5), 1 to 127. */
static bool
node_draw(struct db *db, struct err *err)
{
	AUTO_QUERY q = query_once(db,
	    "INSERT INTO meta (key, value) VALUES ('node', ?1), ('probe', 0) "
	    "ON CONFLICT DO NOTHING");
	uint32_t drawn;

	if (getrandom(&drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn))
		return fail_errno(err, ERR_SYSTEM, "no randomness");
	bind_int(&q, 1 + drawn % 127);
	return query_change(&q, NULL, err);
}

static bool
version_set(struct db *db, int version, struct err *err)
{
	if (!run_script(db,
		"CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL);"
		"DELETE FROM schema;"
		"PRAGMA application_id = " APPLICATION_ID,
		err))
		return false;
	AUTO_QUERY q =
	    query_once(db, "INSERT INTO schema (version) VALUES (?1)");

	bind_int(&q, version);
	return query_change(&q, NULL, err);
}

static bool
migrate_from(struct db *db, int64_t version, struct err *err)
{
	for (const struct migration *m = migrations; m->version != 0; m++)
		if (m->version > version && !run_script(db, m->sql, err))
			return false;
	return node_draw(db, err) && version_set(db, migrate_newest(), err);
}

bool
migrate(struct db *db, struct err *err)
{
	int64_t version;

	if (!migrate_version(db, &version, err))
		return false;
	if (version == migrate_newest())
		return true;
	if (version > migrate_newest())
		return fail(err, ERR_CONFLICT,
		    "the database has schema %lld, this program knows %d: run "
		    "the newer program, or restore a backup",
		    (long long)version, migrate_newest());
	if (!db_run(db, "BEGIN IMMEDIATE", err))
		return false;
	/*
	 * Another process may have migrated it in between.  After a failure
	 * the caller closes the connection, which rolls back.
	 */
	return migrate_version(db, &version, err) &&
	    (version >= migrate_newest() || migrate_from(db, version, err)) &&
	    db_run(db, "COMMIT", err);
}
