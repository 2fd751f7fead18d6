/*
 * What a walk over the log holds, between log_walk.c (rows, tree, checkpoints)
 * and log_walk_journal.c (the signer's journal beside them).  One thread.
 */
#ifndef CLI_LOG_WALK_STATE_H
#define CLI_LOG_WALK_STATE_H

#include "ca/tlog_tree.h"
#include "cli/log_walk.h"
#include "signer/journal.h"

#define LLU(v) ((unsigned long long)(v))

/* What the signer has signed behind the rows of the snapshot. */
struct walk_behind {
	uint64_t position;
	bool head; /* a checkpoint of so many rows */
};

struct walking {
	struct log_walk *w;
	struct tlog_edge edge;
	/* Read twice: a checkpoint may stand behind records of rows that
	 * came after it, so each has its own pace. */
	struct journal_reader journal, heads;
	bool journal_done, journal_damaged;
	uint8_t log_key[32]; /* of its checkpoints: SHA-256 of the SPKI */
	struct journal_record record; /* the next one, not yet used */
	bool has_record;
	struct journal_record head; /* the next checkpoint */
	bool has_head, heads_done;
	struct log_match *match;
	struct walk_behind *behind;
	size_t behind_n, behind_cap;
	struct checkpoint_row *checkpoints;
	size_t checkpoints_n, checkpoint_at;
	uint64_t newest; /* size of the newest checkpoint */
	bool tree_broken; /* later roots differ by the same cause */
	struct arena *arena; /* of a row */
};

/* A row and its record of the journal have met. */
void walk_tell_difference(
    struct walking *s, uint64_t position, enum log_difference difference);
/* Is the root of the rows so far the one that somebody says? */
void walk_root_check(
    struct walking *s, const uint8_t expected[32], const char *whose);
/* Records up to the row that was just read, and those behind the last row. */
bool walk_journal_follow(struct walking *s, struct err *err) MUST_CHECK;
bool walk_journal_rest(struct walking *s, struct err *err) MUST_CHECK;
/* What has found no counterpart. */
void walk_unmatched(struct walking *s);

#endif
