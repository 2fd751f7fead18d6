/*
 * Options of commands, for commands.c: those of the acts with key files, and
 * what several commands have in common.  Immutable.
 */
#ifndef CLI_COMMAND_OPTIONS_H
#define CLI_COMMAND_OPTIONS_H

#include "cli/cli.h"

#define END                                                                    \
	{                                                                      \
		NULL, NULL, NULL                                               \
	}
#define LIMIT                                                                  \
	{                                                                      \
		"--limit", "N", "At most so many, newest first; default 100."  \
	}

#define AS                                                                     \
	{                                                                      \
		"--as", "NAME",                                                \
		    "Act as this named operator: one with your uid, or, for "  \
		    "root and the server's user, one without a uid."           \
	}

extern const struct cli_option import_options[];
extern const struct cli_option ca_options[];
extern const struct cli_option export_options[];
extern const struct cli_option ca_new_options[];
extern const struct cli_option ca_rollover_options[];
extern const struct cli_option ca_cross_options[];
extern const struct cli_option ca_retire_options[];
extern const struct cli_option ca_crl_options[];
extern const struct cli_option ra_rotate_options[];
extern const struct cli_option ra_retire_options[];

#endif
