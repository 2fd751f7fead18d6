#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "store/checkpoint.h"
#include "store/vfs.h"
#include "store/writer.h"
#include "util/fault.h"
#include "util/times.h"

struct writer {
	struct db *db;
	struct checkpoint *checkpoint;
	pthread_t thread;
	unsigned queue_max;

	pthread_mutex_t mutex; /* what follows, to the next blank line */
	pthread_cond_t work; /* something to do for the writer */
	pthread_cond_t idle; /* between groups, for writer_pause */
	struct change *first, **last;
	unsigned queued, paused;
	bool closing, in_group, status_only, broken;
	struct err broken_err;
	void (*on_broken)(void *ctx, const struct err *err);
	void *on_broken_ctx;

	atomic_uint_fast64_t commits, changes, failed, full_disk;
	atomic_uint queue_depth;
	_Atomic unsigned waking; /* callers between push and signal */
	atomic_int_fast64_t last_commit_us, last_good_us;
};

/* ---- a group ---- */

static bool
change_try(struct db *db, struct change *c)
{
	/* The savepoint is the group's own statement: its failing is too. */
	if (!db_run(db, "SAVEPOINT change", &c->err))
		return false;
	if (c->apply(db, c->arg, &c->err))
		return db_run(db, "RELEASE change", &c->err);
	if (c->err.kind == ERR_NONE)
		(void)fail(&c->err, ERR_INTERNAL, "a change failed silently");
	if (c->err.kind == ERR_STORE_FULL || !db_in_transaction(db))
		return false;
	struct err undo = { 0 };

	if (db_run(db, "ROLLBACK TO change", &undo) &&
	    db_run(db, "RELEASE change", &undo))
		return true;
	c->err = undo;
	return false;
}

/*
 * True: every change was tried and the transaction stands.  False: the group
 * is lost, for the cause in err.
 */
static bool
group_try(struct writer *w, struct change *first, struct err *err)
{
	if (!db_run(w->db, "BEGIN IMMEDIATE", err))
		return false;
	for (struct change *c = first; c != NULL; c = c->next) {
		if (change_try(w->db, c))
			continue;
		*err = c->err;
		return false;
	}
	FAULT("writer.commit.before");
	if (!db_run(w->db, "COMMIT", err))
		return false;
	FAULT("writer.commit.after");
	return true;
}

/* May this cause be answered and forgotten? */
static bool
cause_is_passing(const struct err *err)
{
	return err->kind == ERR_STORE_FULL || err->kind == ERR_BUSY;
}

void
writer_break(struct writer *w, const struct err *err)
{
	void (*on_broken)(void *ctx, const struct err *err) = NULL;
	void *ctx = NULL;

	pthread_mutex_lock(&w->mutex);
	if (!w->broken) {
		w->broken = true;
		w->broken_err = *err;
		w->broken_err.kind = ERR_STORE;
		on_broken = w->on_broken;
		ctx = w->on_broken_ctx;
	}
	pthread_mutex_unlock(&w->mutex);
	if (on_broken != NULL)
		on_broken(ctx, err);
}

void
writer_on_broken(struct writer *w,
    void (*broken)(void *ctx, const struct err *err), void *ctx)
{
	bool now;

	pthread_mutex_lock(&w->mutex);
	w->on_broken = broken;
	w->on_broken_ctx = ctx;
	now = w->broken;
	pthread_mutex_unlock(&w->mutex);
	if (now && broken != NULL)
		broken(ctx, &w->broken_err);
}

static bool
writer_is_broken(struct writer *w, struct err *err)
{
	bool broken;

	pthread_mutex_lock(&w->mutex);
	broken = w->broken;
	if (broken)
		*err = w->broken_err;
	pthread_mutex_unlock(&w->mutex);
	return broken;
}

/*
 * In status-only mode all that comes is a probe.  One that fails is an answer,
 * not the end: status goes on until one holds.
 */
static bool
writer_is_probing(struct writer *w)
{
	bool on;

	pthread_mutex_lock(&w->mutex);
	on = w->status_only;
	pthread_mutex_unlock(&w->mutex);
	return on;
}

static void
group_lost(struct writer *w, struct change *first, struct err *cause)
{
	struct err undo = { 0 };

	if (db_in_transaction(w->db) && !db_run(w->db, "ROLLBACK", &undo))
		cause->kind = ERR_STORE;
	if (cause->kind == ERR_STORE_FULL)
		atomic_fetch_add(&w->full_disk, 1);
	else if (!cause_is_passing(cause))
		cause->kind = ERR_STORE;
	/*
	 * Its own answer is void for each: what it saw of its neighbours never
	 * happened.
	 */
	for (struct change *c = first; c != NULL; c = c->next)
		c->err = *cause;
	atomic_store(&w->last_good_us, 0);
	if (!cause_is_passing(cause) && !writer_is_probing(w))
		writer_break(w, cause);
}

static void
group_answer(struct writer *w, struct change *first)
{
	while (first != NULL) {
		struct change *c = first;

		/* c is gone when its caller wakes. */
		first = c->next;
		if (c->err.kind != ERR_NONE)
			atomic_fetch_add(&w->failed, 1);
		else
			atomic_fetch_add(&w->changes, 1);
		c->done(c, c->err.kind == ERR_NONE ? NULL : &c->err);
	}
}

static void
group_run(struct writer *w, struct change *first)
{
	int64_t start = clock_monotonic_us();
	struct err cause = { 0 };

	if (writer_is_broken(w, &cause)) {
		for (struct change *c = first; c != NULL; c = c->next)
			c->err = cause;
	} else if (group_try(w, first, &cause)) {
		int64_t end = clock_monotonic_us();

		atomic_fetch_add(&w->commits, 1);
		atomic_store(&w->last_commit_us, end - start);
		atomic_store(&w->last_good_us, end);
	} else {
		group_lost(w, first, &cause);
	}
	group_answer(w, first);
}

/* ---- the thread ---- */

/* Takes all that gathered; NULL at the end. */
static struct change *
group_take(struct writer *w)
{
	struct change *first;

	pthread_mutex_lock(&w->mutex);
	w->in_group = false;
	pthread_cond_broadcast(&w->idle);
	while (!w->closing && (w->first == NULL || w->paused > 0))
		pthread_cond_wait(&w->work, &w->mutex);
	first = w->first;
	w->first = NULL;
	w->last = &w->first;
	w->queued = 0;
	atomic_store(&w->queue_depth, 0);
	w->in_group = first != NULL;
	pthread_mutex_unlock(&w->mutex);
	return first;
}

static void *
writer_main(void *arg)
{
	struct writer *w = arg;
	struct change *first;

	pthread_setname_np(pthread_self(), "writer");
	while ((first = group_take(w)) != NULL)
		group_run(w, first);
	return NULL;
}

/* After each commit: frames in the WAL.  It replaces automatic checkpoints. */
static int
writer_wal_hook(void *ctx, sqlite3 *sqlite, const char *name, int frames)
{
	struct writer *w = ctx;

	(void)sqlite;
	(void)name;
	checkpoint_post(w->checkpoint, frames);
	return SQLITE_OK;
}

struct writer *
writer_new(struct db *db, struct checkpoint *cp, unsigned queue)
{
	struct writer *w = mem_alloc(sizeof(*w));

	w->db = db;
	w->checkpoint = cp;
	w->queue_max = queue;
	w->last = &w->first;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->idle, NULL);
	sqlite3_wal_hook(db->sqlite, writer_wal_hook, w);
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0)
		abort();
	return w;
}

void
writer_free(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->closing = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	db_close(w->db);
	pthread_cond_destroy(&w->idle);
	while (atomic_load(&w->waking) != 0)
		sched_yield();
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

/* ---- callers ---- */

static bool
writer_push(struct writer *w, struct change *c, enum writer_flags flags,
    struct err *err)
{
	bool ok = true, first = false;

	c->next = NULL;
	pthread_mutex_lock(&w->mutex);
	if (w->broken)
		ok = fail_detail(err, ERR_STORE, "the store has failed", "%s",
		    w->broken_err.detail);
	else if (w->closing)
		ok = fail(err, ERR_BUSY, "the store is closing");
	else if (w->status_only && (flags & WRITER_PROBE) == 0)
		ok = fail(err, ERR_BUSY,
		    "the store takes no changes until it can write again");
	else if (w->queued >= w->queue_max)
		ok = fail(err, ERR_BUSY, "%u changes wait already", w->queued);
	if (ok) {
		*w->last = c;
		w->last = &c->next;
		first = w->queued++ == 0;
		atomic_store(&w->queue_depth, w->queued);
	}
	if (first)
		atomic_fetch_add(&w->waking, 1);
	pthread_mutex_unlock(&w->mutex);
	/* Afterwards, or the writer wakes to wait for the mutex; counted,
	 * because the writer may be done with it all before the signal. */
	if (first) {
		pthread_cond_signal(&w->work);
		atomic_fetch_sub(&w->waking, 1);
	}
	return ok;
}

struct waiting {
	struct change change;
	sem_t done;
};

static void
waiting_done(struct change *c, const struct err *err)
{
	(void)err;
	sem_post(&((struct waiting *)c)->done);
}

bool
writer_run(struct writer *w, change_fn *apply, void *arg,
    enum writer_flags flags, struct err *err)
{
	struct waiting wait = {
		.change = { .apply = apply, .arg = arg, .done = waiting_done },
	};
	bool ok;

	/* Each caller has its own: nobody else is woken for it. */
	sem_init(&wait.done, 0, 0);
	ok = writer_push(w, &wait.change, flags, err);
	if (ok) {
		while (sem_wait(&wait.done) != 0)
			continue;
		ok = wait.change.err.kind == ERR_NONE;
		if (!ok && err != NULL && err->kind == ERR_NONE)
			*err = wait.change.err;
	}
	sem_destroy(&wait.done);
	return ok;
}

bool
writer_post(struct writer *w, struct change *c, struct err *err)
{
	return writer_push(w, c, WRITER_PLAIN, err);
}

void
writer_pause(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->paused++;
	while (w->in_group)
		pthread_cond_wait(&w->idle, &w->mutex);
	pthread_mutex_unlock(&w->mutex);
}

void
writer_resume(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->paused--;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->mutex);
}

void
writer_set_status_only(struct writer *w, bool on)
{
	pthread_mutex_lock(&w->mutex);
	w->status_only = on;
	pthread_mutex_unlock(&w->mutex);
}

void
writer_counters_get(const struct writer *w, struct store_counters *out)
{
	*out = (struct store_counters){
		.commits = atomic_load(&w->commits),
		.changes = atomic_load(&w->changes),
		.failed_changes = atomic_load(&w->failed),
		.queue_depth = atomic_load(&w->queue_depth),
		.full_disk = atomic_load(&w->full_disk),
		.last_commit_us = atomic_load(&w->last_commit_us),
		.fsyncs = vfs_syncs(),
	};
}

bool
writer_is_fresh(const struct writer *w, int64_t us)
{
	int64_t good = atomic_load(&w->last_good_us);

	return good != 0 && clock_monotonic_us() - good <= us;
}
