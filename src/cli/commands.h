/* The commands' entries; each lies in the file of its noun. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

int config_run(struct cli *cli);
int urls_run(struct cli *cli);
int version_run(struct cli *cli);

#endif
