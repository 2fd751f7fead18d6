/* What `chancery help`, --help and a mistyped command print; the man page is
 * made from the same rows. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/* No command (usage, exit 2) or `help [words]` or `help --man`. */
int help_run(struct cli *cli, const struct cli_command *more);
int help_command(const struct cli *cli, const struct cli_command *c);
/* An unknown command, with the nearest known one; exit 2. */
int help_unknown(const struct cli *cli, const struct cli_command *more);

#endif
