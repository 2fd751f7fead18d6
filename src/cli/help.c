#include <limits.h>

#include "cli/help.h"
#include "cli/manual.h"
#include "util/text.h"

static const struct cli_option common_options[] = {
	{ "--state", "DIR",
	    "The state directory; default: where the configuration lies, or "
	    "the current directory." },
	{ "--config", "FILE",
	    "The configuration; default: chancery.yaml of the state "
	    "directory." },
	{ "--json", NULL, "Print JSON, for programs." },
	{ "--help", NULL, "Print how a command is used." },
	{ NULL, NULL, NULL },
};

const struct cli_option *
help_common_options(void)
{
	return common_options;
}

static void
list_commands(FILE *to, const struct cli_command *rows)
{
	for (; rows->words != NULL; rows++)
		fprintf(to, "  %-20s %s\n", rows->words, rows->summary);
}

static void
list_options(FILE *to, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		fprintf(to, "  %s%s%s\n", o->name, o->value == NULL ? "" : " ",
		    o->value == NULL ? "" : o->value);
		fprintf(to, "      %s\n", o->text);
	}
}

static void
print_all(FILE *to, const struct cli_command *more)
{
	fputs("usage: chancery COMMAND [--state DIR | --config FILE] [--json] "
	      "…\n\ncommands:\n",
	    to);
	list_commands(to, more);
	list_commands(to, cli_commands);
	fprintf(to, "  %-20s %s\n", "help [COMMAND]",
	    "prints this, or how a command is used");
	fputs("\noptions of every command:\n", to);
	list_options(to, common_options);
	fputs("\nexit status: 0 done, 1 refused or failed, 2 usage, 3 server "
	      "not reachable\n",
	    to);
}

int
help_command(const struct cli *cli, const struct cli_command *c)
{
	(void)cli;
	printf("chancery %s: %s\n\nusage: chancery %s%s%s\n", c->words,
	    c->summary, c->words, c->usage[0] == '\0' ? "" : " ", c->usage);
	if (c->options != NULL) {
		fputs("\noptions:\n", stdout);
		list_options(stdout, c->options);
	}
	fputs("\noptions of every command:\n", stdout);
	list_options(stdout, common_options);
	return EXIT_DONE;
}

/* The arguments up to the first option, as one text. */
static const char *
joined(const struct cli *cli, int from)
{
	AUTO_BUF b = { 0 };

	for (int i = from; i < cli->argc && i < from + 2; i++) {
		if (cli->argv[i][0] == '-')
			break;
		if (b.n > 0)
			buf_add_byte(&b, ' ');
		buf_add_str(&b, cli->argv[i]);
	}
	return arena_str(cli->arena, buf_bytes(&b));
}

/* How many commands begin with these words; they are printed. */
static unsigned
list_beginning(const struct cli_command *rows, const char *words)
{
	size_t n = strlen(words);
	unsigned found = 0;

	for (; rows->words != NULL; rows++)
		if (n > 0 && strncmp(rows->words, words, n) == 0 &&
		    (rows->words[n] == ' ' || rows->words[n] == '\0')) {
			printf("  %-20s %s\n", rows->words, rows->summary);
			found++;
		}
	return found;
}

static const struct cli_command *
find_exact(const struct cli_command *rows, const char *words)
{
	for (; rows->words != NULL; rows++)
		if (strcmp(rows->words, words) == 0)
			return rows;
	return NULL;
}

int
help_run(struct cli *cli, const struct cli_command *more)
{
	const struct cli_command *c;
	const char *words;

	if (cli->argc == 0) {
		print_all(stderr, more);
		return EXIT_USAGE;
	}
	if (cli->argc == 2 && strcmp(cli->argv[1], "--man") == 0) {
		AUTO_BUF page = { 0 };

		manual_print(more, &page);
		fputs(buf_cstr(&page), stdout);
		return EXIT_DONE;
	}
	words = joined(cli, 1);
	if (words[0] == '\0') {
		print_all(stdout, more);
		return EXIT_DONE;
	}
	c = find_exact(more, words);
	if (c == NULL)
		c = find_exact(cli_commands, words);
	if (c != NULL)
		return help_command(cli, c);
	if (list_beginning(more, words) + list_beginning(cli_commands, words) >
	    0)
		return EXIT_DONE;
	cli->argv++;
	cli->argc--;
	return help_unknown(cli, more);
}

/* ---- mistyped ---- */

/* A mistyped word is close to what was meant: a third of it is wrong. */
static void
nearest(const struct cli_command *rows, const char *words, unsigned *best,
    const char **name)
{
	for (; rows->words != NULL; rows++) {
		unsigned d = text_distance(words, rows->words);

		if (d < *best && d <= (strlen(words) + 2) / 3) {
			*best = d;
			*name = rows->words;
		}
	}
}

/* "cert" alone, or "cert frobnicate": what follows cert? */
static const char *
family(const struct cli *cli, const struct cli_command *rows)
{
	AUTO_BUF b = { 0 };
	size_t n = strlen(cli->argv[0]);

	for (; rows->words != NULL; rows++)
		if (strncmp(rows->words, cli->argv[0], n) == 0 &&
		    rows->words[n] == ' ')
			buf_printf(&b, "%s%s", b.n == 0 ? "" : ", ",
			    rows->words + n + 1);
	return b.n == 0 ? NULL : arena_str(cli->arena, buf_bytes(&b));
}

int
help_unknown(const struct cli *cli, const struct cli_command *more)
{
	const char *words = joined(cli, 0), *name = NULL,
		   *of = family(cli, cli_commands);
	unsigned best = UINT_MAX;
	struct err err = { 0 };

	nearest(more, words, &best, &name);
	nearest(cli_commands, words, &best, &name);
	/* "serv now": the second word may be an argument. */
	if (of == NULL) {
		nearest(more, cli->argv[0], &best, &name);
		nearest(cli_commands, cli->argv[0], &best, &name);
	}
	if (words[0] == '\0')
		words = cli->argv[0];
	if (of != NULL && (name == NULL || strchr(words, ' ') == NULL))
		(void)fail(
		    &err, ERR_USAGE, "%s wants one of: %s", cli->argv[0], of);
	else if (name != NULL)
		(void)fail(&err, ERR_USAGE,
		    "unknown command %s; did you mean %s?", words, name);
	else
		(void)fail(&err, ERR_USAGE,
		    "unknown command %s; chancery help lists them", words);
	return cli_fail(cli, EXIT_USAGE, &err);
}
