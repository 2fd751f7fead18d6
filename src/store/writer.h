/*
 * The writer: one thread, one connection, every change.  It takes all changes
 * that gathered while the last group was being made durable, runs each in a
 * savepoint of its own, commits them together and tells each caller.
 *
 * A full disk rolls the whole group back; each of its changes answers
 * ERR_STORE_FULL and the writer goes on.  A COMMIT or fsync that fails for any
 * other cause is the end (invariant 7): nothing is tried again, every later
 * change is ERR_STORE, and the owner is told once.
 *
 * Any thread runs and posts changes.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/db.h"
#include "store/store.h"

struct writer;
struct checkpoint;

/* What a change does.  Runs on the writer thread, inside a savepoint. */
typedef bool change_fn(struct db *db, void *arg, struct err *err);

struct change {
	change_fn *apply;
	void *arg;
	/*
	 * After the commit, on the writer thread; err is NULL when the change
	 * holds.  It frees the change if it likes.
	 */
	void (*done)(struct change *c, const struct err *err);
	struct err err;
	struct change *next;
};

/* Takes the connection.  The checkpointer is told how long the WAL is. */
struct writer *writer_new(struct db *db, struct checkpoint *cp, unsigned queue);
/* Runs what is queued, then stops. */
void writer_free(struct writer *w);

enum writer_flags {
	WRITER_PLAIN = 0,
	WRITER_PROBE = 1 /* also in status-only mode */
};

/* Waits for the commit.  ERR_BUSY: queue full, or status-only. */
bool writer_run(struct writer *w, change_fn *apply, void *arg,
    enum writer_flags flags, struct err *err) MUST_CHECK;
/* Does not wait; c lives until its done. */
bool writer_post(
    struct writer *w, struct change *c, struct err *err) MUST_CHECK;

/* Holds the writer between groups; nests. */
void writer_pause(struct writer *w);
void writer_resume(struct writer *w);
void writer_set_status_only(struct writer *w, bool on);
/* See store_on_broken; told at once if it is broken already. */
void writer_on_broken(struct writer *w,
    void (*broken)(void *ctx, const struct err *err), void *ctx);
/* An fsync outside a commit failed. */
void writer_break(struct writer *w, const struct err *err);
void writer_counters_get(const struct writer *w, struct store_counters *out);
/* A commit succeeded within these microseconds, and none failed after it. */
bool writer_is_fresh(const struct writer *w, int64_t us);

#endif
