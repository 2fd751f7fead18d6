#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "store/checkpoint.h"
#include "store/writer.h"
#include "util/log.h"

/* Pages of 4 KiB: 4 MiB is copied at once; with 32 MiB in the WAL the writer
 * waits for it (a start after a crash reads all of it). */
#define CHECKPOINT_FRAMES 1000
#define CHECKPOINT_FRAMES_HELD 8192

struct checkpoint {
	struct db *db;
	struct writer *writer;
	pthread_t thread;
	bool started;

	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool due, closing;
	atomic_int done_frames; /* copied by the last one */
};

/* False: its fsync failed, the store must stop. */
static bool
checkpoint_run(struct checkpoint *cp, int *frames, int *copied)
{
	struct err err = { 0 };
	int rc = sqlite3_wal_checkpoint_v2(
	    cp->db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, frames, copied);

	/* Busy: another process checkpoints.  Full: the WAL keeps it all. */
	if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY)
		return true;
	(void)fail_db(&err, cp->db, rc, "checkpoint");
	if (err.kind == ERR_STORE_FULL) {
		log_err(LOG_WARN, "checkpoint", &err);
		return true;
	}
	writer_break(cp->writer, &err);
	return false;
}

static bool
checkpoint_due(struct checkpoint *cp)
{
	int frames = 0, copied = 0;

	if (!checkpoint_run(cp, &frames, &copied))
		return false;
	atomic_store(&cp->done_frames, copied);
	if (frames < CHECKPOINT_FRAMES_HELD || copied == frames)
		return true;
	/* Under load without a pause the copy never catches up with the end. */
	writer_pause(cp->writer);
	frames = copied = 0;
	if (!checkpoint_run(cp, &frames, &copied)) {
		writer_resume(cp->writer);
		return false;
	}
	atomic_store(&cp->done_frames, copied);
	writer_resume(cp->writer);
	return true;
}

static void *
checkpoint_main(void *arg)
{
	struct checkpoint *cp = arg;

	pthread_setname_np(pthread_self(), "checkpoint");
	for (;;) {
		pthread_mutex_lock(&cp->mutex);
		while (!cp->due && !cp->closing)
			pthread_cond_wait(&cp->wake, &cp->mutex);
		cp->due = false;
		bool closing = cp->closing;
		pthread_mutex_unlock(&cp->mutex);
		if (closing || !checkpoint_due(cp))
			return NULL;
	}
}

struct checkpoint *
checkpoint_new(struct db *db)
{
	struct checkpoint *cp = mem_alloc(sizeof(*cp));

	cp->db = db;
	pthread_mutex_init(&cp->mutex, NULL);
	pthread_cond_init(&cp->wake, NULL);
	return cp;
}

void
checkpoint_start(struct checkpoint *cp, struct writer *w)
{
	cp->writer = w;
	if (pthread_create(&cp->thread, NULL, checkpoint_main, cp) != 0)
		abort();
	cp->started = true;
}

void
checkpoint_stop(struct checkpoint *cp)
{
	pthread_mutex_lock(&cp->mutex);
	cp->closing = true;
	pthread_cond_signal(&cp->wake);
	pthread_mutex_unlock(&cp->mutex);
	if (cp->started)
		pthread_join(cp->thread, NULL);
	cp->started = false;
}

void
checkpoint_free(struct checkpoint *cp)
{
	db_close(cp->db);
	pthread_cond_destroy(&cp->wake);
	pthread_mutex_destroy(&cp->mutex);
	free(cp);
}

void
checkpoint_post(struct checkpoint *cp, int frames)
{
	int done = atomic_load(&cp->done_frames);

	/* A WAL shorter than what was copied has started again. */
	if (frames < done)
		done = 0;
	if (frames - done < CHECKPOINT_FRAMES)
		return;
	pthread_mutex_lock(&cp->mutex);
	if (!cp->due) {
		cp->due = true;
		pthread_cond_signal(&cp->wake);
	}
	pthread_mutex_unlock(&cp->mutex);
}
