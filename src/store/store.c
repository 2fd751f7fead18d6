#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "store/checkpoint.h"
#include "store/migrate.h"
#include "store/parts.h"
#include "util/fault.h"
#include "util/own.h"

#define QUEUE_DEFAULT 1024u
/* With less than this a disk counts as full: some groups of issuances. */
#define ROOM_MIN (8u << 20)
/* A commit this young says that the store is writable. */
#define FRESH_US 1000000

/* SQLite would make it readable for all. */
static bool
store_make_file(const char *path, struct err *err)
{
	AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "cannot make the database %s", path);
	return true;
}

static bool
store_check_file(const char *path, bool create, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		if (errno == ENOENT && create)
			return store_make_file(path, err);
		return fail_errno(err,
		    errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM,
		    "there is no database at %s", path);
	}
	/* An empty file would become a new database: somebody lost one. */
	if (st.st_size == 0 && !create)
		return fail(
		    err, ERR_CONFLICT, "the database %s is empty", path);
	return true;
}

bool
store_open(const struct store_options *o, struct store **out, struct err *err)
{
	struct db *write = NULL, *copy = NULL;
	struct store *s;

	if (!store_check_file(o->path, o->create, err))
		return false;
	if (!db_open(o->path, DB_WRITE, &write, err))
		return false;
	if (!migrate(write, err) ||
	    !db_open(o->path, DB_CHECKPOINT, &copy, err)) {
		db_close(write);
		return false;
	}
	s = mem_alloc(sizeof(*s));
	s->clock = o->clock.now_us == NULL ? clock_system(0) : o->clock;
	s->path = mem_strdup(o->path);
	s->readers = readers_new(o->path);
	s->checkpoint = checkpoint_new(copy);
	s->writer = writer_new(
	    write, s->checkpoint, o->queue == 0 ? QUEUE_DEFAULT : o->queue);
	checkpoint_start(s->checkpoint, s->writer);
	*out = s;
	return true;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	checkpoint_stop(s->checkpoint);
	/* The last connection that closes copies the WAL: not the writer's,
	 * whose cache is the largest. */
	writer_free(s->writer);
	readers_free(s->readers);
	checkpoint_free(s->checkpoint);
	free(s->path);
	free(s);
}

static bool
probe_apply(struct db *db, void *arg, struct err *err)
{
	AUTO_QUERY q =
	    query(db, "UPDATE meta SET value = value + 1 WHERE key = 'probe'");

	(void)arg;
	return query_change(&q, NULL, err);
}

/*
 * A probe writes where the log has room already, so it holds on a disk on which
 * no issuance would.
 */
static bool
check_room(const struct store *s, struct err *err)
{
	struct statvfs st;
	uint64_t room;

	if (statvfs(s->path, &st) != 0)
		return fail_errno(err, ERR_STORE, "statvfs");
	room = (uint64_t)st.f_bavail * st.f_frsize;
	if (FAULT_ERRNO("vfs.room") != 0)
		room = 0;
	if (room < ROOM_MIN)
		return fail(err, ERR_STORE_FULL,
		    "%llu octets are free for the database, expected %u",
		    (unsigned long long)room, ROOM_MIN);
	return true;
}

bool
store_check_writable(struct store *s, struct err *err)
{
	if (!check_room(s, err))
		return false;
	if (writer_is_fresh(s->writer, FRESH_US))
		return true;
	return writer_run(s->writer, probe_apply, NULL, WRITER_PROBE, err);
}

void
store_on_broken(struct store *s,
    void (*broken)(void *ctx, const struct err *err), void *ctx)
{
	writer_on_broken(s->writer, broken, ctx);
}

void
store_set_status_only(struct store *s, bool on)
{
	writer_set_status_only(s->writer, on);
}

void
store_counters_get(const struct store *s, struct store_counters *out)
{
	writer_counters_get(s->writer, out);
}

void
store_pause(struct store *s)
{
	writer_pause(s->writer);
}

void
store_resume(struct store *s)
{
	writer_resume(s->writer);
}
