#include "cli/commands.h"

/* One row a command, in the order of the manual; help and chancery(1) are
 * printed from them, and a test holds usage and options against each other. */

static const struct cli_option config_options[] = {
	{ "--markdown", NULL,
	    "Print the reference of all options as Markdown instead." },
	{ NULL, NULL, NULL },
};

const struct cli_command cli_commands[] = {
	{ "config", "[--markdown]",
	    "prints a commented configuration with every option and default",
	    config_run, config_options },
	{ "urls", "",
	    "prints every URL, the root's fingerprint, the control "
	    "socket",
	    urls_run, NULL },
	{ "version", "", "prints the version", version_run, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
