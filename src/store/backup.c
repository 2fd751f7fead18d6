#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "store/parts.h"
#include "store/vfs.h"
#include "util/own.h"

struct target {
	sqlite3 *sqlite;
	const char *path;
	bool made, done;
};

/* Half a backup is none: its file goes. */
static void
target_close(struct target *t)
{
	sqlite3_close(t->sqlite);
	if (t->made && !t->done)
		unlink(t->path);
}

static bool
target_open(struct target *t, struct err *err)
{
	/* Never over another file, and readable for its owner alone. */
	AUTO_FD fd = open(t->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return fail_errno(err,
		    errno == EEXIST ? ERR_CONFLICT : ERR_SYSTEM,
		    "cannot make the backup %s", t->path);
	t->made = true;
	rc = sqlite3_open_v2(t->path, &t->sqlite,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, VFS_NAME);
	if (rc != SQLITE_OK)
		return fail_detail(err, ERR_SYSTEM, "cannot open the backup",
		    "%s: %s", t->path, sqlite3_errmsg(t->sqlite));
	return true;
}

static bool
target_fail(struct target *t, int rc, struct err *err)
{
	return fail_detail(err,
	    (rc & 0xff) == SQLITE_FULL ? ERR_STORE_FULL : ERR_SYSTEM,
	    "the backup failed", "%s: %s", t->path, sqlite3_errstr(rc));
}

/* One step: one snapshot, which no writer disturbs. */
static bool
target_copy(struct target *t, struct db *from, struct err *err)
{
	sqlite3_backup *b =
	    sqlite3_backup_init(t->sqlite, "main", from->sqlite, "main");
	int rc, end;

	if (b == NULL)
		return target_fail(t, sqlite3_errcode(t->sqlite), err);
	rc = sqlite3_backup_step(b, -1);
	end = sqlite3_backup_finish(b);
	if (rc != SQLITE_DONE || end != SQLITE_OK)
		return target_fail(t, rc != SQLITE_DONE ? rc : end, err);
	return true;
}

/* The file's name is durable only with its folder. */
static bool
target_sync_folder(const struct target *t, struct err *err)
{
	const char *slash = strrchr(t->path, '/');
	AUTO_STR *folder = slash == NULL
	    ? mem_strdup(".")
	    : mem_printf("%.*s", (int)(slash - t->path + 1), t->path);
	AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return fail_errno(err, ERR_SYSTEM,
		    "cannot make the backup %s durable", t->path);
	return true;
}

static bool
backup_from(struct db *db, const char *to_path, struct err *err)
{
	__attribute__((cleanup(target_close))) struct target t = {
		.path = to_path,
	};

	if (!target_open(&t, err) || !target_copy(&t, db, err) ||
	    !target_sync_folder(&t, err))
		return false;
	t.done = true;
	return true;
}

/* ---- from outside of the server ---- */

/* For the right to write. */
#define LOCK_MS 60000

struct store_snapshot {
	struct db *lock; /* holds the right to write, and writes nothing */
	struct db *db; /* in a read transaction */
};

static bool
snapshot_take(struct store_snapshot *s, const char *path, struct err *err)
{
	bool row;

	if (!db_open(path, DB_CHECKPOINT, &s->lock, err) ||
	    !db_open(path, DB_READ, &s->db, err))
		return false;
	/* A server that writes all the time leaves gaps of microseconds. */
	db_wait_closely(s->lock, LOCK_MS);
	if (!db_run(s->lock, "BEGIN IMMEDIATE", err) ||
	    !db_run(s->db, "BEGIN", err))
		return false;
	/* The first read takes the snapshot. */
	AUTO_QUERY q = query(s->db, "SELECT count(*) FROM sqlite_schema");

	return query_next(&q, &row, err);
}

bool
store_snapshot_begin(
    const char *path, struct store_snapshot **out, struct err *err)
{
	struct store_snapshot *s = mem_alloc(sizeof(*s));

	if (!snapshot_take(s, path, err)) {
		store_snapshot_end(s);
		return false;
	}
	*out = s;
	return true;
}

void
store_snapshot_go_on(struct store_snapshot *s)
{
	db_close(s->lock);
	s->lock = NULL;
}

bool
store_snapshot_copy(
    struct store_snapshot *s, const char *to_path, struct err *err)
{
	return backup_from(s->db, to_path, err);
}

void
store_snapshot_end(struct store_snapshot *s)
{
	if (s == NULL)
		return;
	db_close(s->lock);
	db_close(s->db);
	free(s);
}
