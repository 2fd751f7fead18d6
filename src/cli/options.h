/*
 * A command's options as rows: --name VALUE, --name=VALUE or a flag, in any
 * order with the positional arguments; "--" ends them.  Mistakes are ERR_USAGE
 * with the nearest known option.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/cli.h"

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char * */
	OPTION_INT, /* int64_t in min..max */
	OPTION_DURATION, /* int64_t seconds: "30d" */
	OPTION_LIST /* struct config_strings, each use adds one */
};

struct option_row {
	const char *name; /* without the dashes */
	enum option_kind kind;
	void *to;
	int64_t min, max;
};

/* Reads cli->argv; at most max positional arguments. */
bool options_parse(const struct cli *cli, const struct option_row *rows,
    size_t n, const char **positional, size_t max, size_t *positional_n,
    struct err *err) MUST_CHECK;

#endif
