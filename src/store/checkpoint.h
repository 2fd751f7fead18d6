/*
 * Checkpoints: a thread with a connection of its own copies the WAL into the
 * database (PASSIVE: it waits for nobody and nobody for it), so that no commit
 * pays for it.  When the WAL has grown far beyond what one checkpoint should
 * leave, the writer is held between two groups for a last short one, after
 * which the WAL is written from its start again.
 */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/db.h"

struct checkpoint;
struct writer;

/* Takes the connection. */
struct checkpoint *checkpoint_new(struct db *db);
/* Whom to hold; then the thread starts. */
void checkpoint_start(struct checkpoint *cp, struct writer *w);
/* Ends the thread; it does not touch the writer any more. */
void checkpoint_stop(struct checkpoint *cp);
void checkpoint_free(struct checkpoint *cp);
/* From the writer, after each commit. */
void checkpoint_post(struct checkpoint *cp, int frames);

#endif
