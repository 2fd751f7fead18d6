/*
 * The command line: a table of commands, one file per subcommand.  Commands
 * that need the running server speak HTTP over run/control.sock (client.h);
 * `init`, `serve`, `check`, `config`, `backup` and offline ceremonies open the
 * state directory themselves.
 *
 * Exit status: 0 done, 1 refused or failed, 2 usage, 3 server not reachable.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "codec/json.h"
#include "config/config.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3
};

/* What every command understands, already read. */
struct cli {
	const char *state; /* --state DIR, default "." or of --config */
	const char *config_path; /* --config FILE; default DIR/chancery.yaml */
	bool json;
	struct arena *arena;
	int argc; /* what follows the command's words */
	char **argv;
	const struct cli_command *command; /* NULL before it is known */
};

/* An option or an argument, for --help and the manual. */
struct cli_option {
	const char *name; /* "--csr", or an argument: "SERIAL" */
	const char *value; /* "FILE"; NULL: a flag, or an argument */
	const char *text; /* one sentence */
};

struct cli_command {
	const char *words; /* "cert issue" */
	const char *usage; /* after the words: "--csr FILE --profile NAME" */
	const char *summary;
	int (*run)(struct cli *cli);
	const struct cli_option *options; /* NULL-ended, or NULL */
};

/* All commands, ended by a NULL row; the man page is made from it too. */
extern const struct cli_command cli_commands[];
/* Parses the words and common options, runs the command.  `more` are rows of
 * main's own (init, serve), ended by a NULL row; they come first in the help.
 */
int cli_main(int argc, char **argv, const struct cli_command *more);

/* "chancery: …" on standard error, or a JSON object with --json.  EXIT_USAGE
 * adds the command's usage. */
int cli_fail(const struct cli *cli, int status, const struct err *err);
/* The same with the exit status that the kind has: usage 2, unreachable
 * (ERR_CONNECTION) 3, all others 1. */
int cli_fail_by_kind(const struct cli *cli, const struct err *err);
int cli_usage(
    const struct cli *cli, const struct cli_command *c, const char *why);
/* Loads the configuration or prints every mistake; NULL after printing. */
struct config *cli_config(const struct cli *cli);
/* Prints a JSON value to standard output; takes the reference. */
int cli_print_json(const struct cli *cli, json_t *value);

#endif
