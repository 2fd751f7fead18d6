/*
 * A walk over the whole log: rows, tree, tiles, checkpoints and the signer's
 * journal, each held against the others.  Everything that is wrong is told, not
 * only the first.  Memory does not grow with the log.  One thread.
 */
#ifndef CLI_LOG_WALK_H
#define CLI_LOG_WALK_H

#include "cli/cli.h"
#include "cli/log_match.h"
#include "codec/note.h"
#include "store/log.h"

/* Lines of findings that are printed; beyond, they are counted. */
#define LOG_FINDINGS_MAX 1000u

struct log_walk {
	struct cli *cli;
	struct lane *lane;
	struct log_view *view;
	const char *journal; /* path */
	const struct note_key *key; /* demanded of checkpoints, or NULL */
	const struct checkpoint *kept; /* of --checkpoint, or NULL */

	/* what came of it */
	uint64_t rows, findings, records, signed_checkpoints;
	size_t checkpoints;
	json_t *list; /* with --json: of findings */
	struct merkle tree;
};

/* ERR_…: it could not look; what is wrong is in findings. */
bool log_walk(struct log_walk *w, struct err *err) MUST_CHECK;
void log_finding(struct log_walk *w, const char *fmt, ...) PRINTF(2, 3);

#endif
