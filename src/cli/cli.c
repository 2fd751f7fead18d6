#include <stdio.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "util/text.h"

/* "cert issue" at argv: how many words match, or 0. */
static int
match(const struct cli_command *c, int argc, char **argv)
{
	const char *words = c->words;
	int n = 0;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (n == argc || strlen(argv[n]) != len ||
		    memcmp(argv[n], words, len) != 0)
			return 0;
		n++;
		words += len;
		words += strspn(words, " ");
	}
	return n;
}

static const struct cli_command *
find(const struct cli_command *rows, int argc, char **argv, int *words)
{
	const struct cli_command *best = NULL;

	for (; rows->words != NULL; rows++) {
		int n = match(rows, argc, argv);

		if (n > *words) {
			best = rows;
			*words = n;
		}
	}
	return best;
}

/*
 * Takes --state, --config, --json and --help out of the arguments, wherever
 * they stand before a "--"; the rest keeps its order.
 */
static bool
take_common(struct cli *cli, int argc, char **argv, bool *help, struct err *err)
{
	bool options = true;

	cli->argv = arena_array(cli->arena, (size_t)argc + 1, sizeof(char *));
	for (int i = 0; i < argc; i++) {
		const char **value = NULL;

		if (strcmp(argv[i], "--") == 0)
			options = false;
		if (options && strcmp(argv[i], "--json") == 0)
			cli->json = true;
		else if (options && strcmp(argv[i], "--help") == 0)
			*help = true;
		else if (options && strncmp(argv[i], "--state=", 8) == 0)
			cli->state = argv[i] + 8;
		else if (options && strncmp(argv[i], "--config=", 9) == 0)
			cli->config_path = argv[i] + 9;
		else if (options && strcmp(argv[i], "--state") == 0)
			value = &cli->state;
		else if (options && strcmp(argv[i], "--config") == 0)
			value = &cli->config_path;
		else
			cli->argv[cli->argc++] = argv[i];
		if (value != NULL && i + 1 == argc)
			return fail(
			    err, ERR_USAGE, "%s wants a value", argv[i]);
		if (value != NULL)
			*value = argv[++i];
	}
	return true;
}

/* --config alone: the state directory is where the file lies. */
static void
settle_paths(struct cli *cli)
{
	const char *slash;

	if (cli->state == NULL && cli->config_path != NULL) {
		slash = strrchr(cli->config_path, '/');
		cli->state = slash == NULL
		    ? "."
		    : arena_str(cli->arena,
			  bytes_of(cli->config_path,
			      slash == cli->config_path
				  ? 1
				  : (size_t)(slash - cli->config_path)));
	}
	if (cli->state == NULL)
		cli->state = ".";
	if (cli->config_path == NULL)
		cli->config_path =
		    arena_printf(cli->arena, "%s/chancery.yaml", cli->state);
}

static int
run(struct cli *cli, int argc, char **argv, const struct cli_command *more)
{
	const struct cli_command *command = NULL;
	struct err err = { 0 };
	bool help = false;
	int words = 0;

	if (!take_common(cli, argc, argv, &help, &err))
		return cli_fail(cli, EXIT_USAGE, &err);
	settle_paths(cli);
	if (cli->argc == 0 ||
	    (cli->argc > 0 && strcmp(cli->argv[0], "help") == 0))
		return help_run(cli, more);
	command = find(more, cli->argc, cli->argv, &words);
	if (command == NULL)
		command = find(cli_commands, cli->argc, cli->argv, &words);
	if (command == NULL)
		return help_unknown(cli, more);
	cli->command = command;
	cli->argv += words;
	cli->argc -= words;
	if (help)
		return help_command(cli, command);
	return command->run(cli);
}

int
cli_main(int argc, char **argv, const struct cli_command *more)
{
	struct cli cli = { .arena = arena_new() };
	int status = run(&cli, argc - 1, argv + 1, more);

	arena_free(cli.arena);
	if (fflush(stdout) != 0 && status == EXIT_DONE)
		status = EXIT_REFUSED;
	return status;
}
