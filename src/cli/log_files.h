/* What the commands of the log read: the state directory's database, kept
 * checkpoints and proofs in files.  One thread. */
#ifndef CLI_LOG_FILES_H
#define CLI_LOG_FILES_H

#include "cli/cli.h"
#include "codec/note.h"
#include "store/log.h"

/* A view of db/chancery.db, beside a server that runs or not. */
bool log_open(
    const struct cli *cli, struct log_view **out, struct err *err) MUST_CHECK;
/* The newest checkpoint; ERR_NOT_FOUND when there is none yet. */
bool log_newest(const struct cli *cli, struct log_view *v,
    struct checkpoint_row *row, struct checkpoint *out,
    struct err *err) MUST_CHECK;
bool log_read_checkpoint(const struct cli *cli, const char *path,
    struct checkpoint *out, struct err *err) MUST_CHECK;

#endif
