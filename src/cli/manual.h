/* chancery(1), docs/man/chancery.1, from the command and option rows. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/cli.h"

/* `more`: main's own rows, which come first. */
void manual_print(const struct cli_command *more, struct buf *out);
/* What every command understands; NULL-ended. */
const struct cli_option *help_common_options(void);

#endif
