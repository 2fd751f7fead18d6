#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/files.h"
#include "util/text.h"

static void
print_usage(const struct cli_command *c)
{
	fprintf(stderr, "usage: chancery %s%s%s\n", c->words,
	    c->usage[0] == '\0' ? "" : " ", c->usage);
}

static json_t *
err_json(const struct err *err)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(err_kind_name(err->kind)));
	json_object_set_new(o, "message", json_string(err->shown));
	if (err->detail[0] != '\0')
		json_object_set_new(o, "detail", json_string(err->detail));
	return o;
}

int
cli_fail(const struct cli *cli, int status, const struct err *err)
{
	if (cli->json) {
		AUTO(json_t) *o = json_object();

		json_object_set_new(o, "error", err_json(err));
		fputs((const char *)json_print(o, cli->arena).p, stderr);
		return status;
	}
	/* The operator may see what a client may not. */
	fprintf(stderr, "chancery: %s%s%s%s\n", err->shown,
	    err->detail[0] == '\0' ? "" : " (", err->detail,
	    err->detail[0] == '\0' ? "" : ")");
	if (status == EXIT_USAGE && cli->command != NULL)
		print_usage(cli->command);
	return status;
}

int
cli_fail_by_kind(const struct cli *cli, const struct err *err)
{
	switch (err->kind) {
	case ERR_USAGE:
		return cli_fail(cli, EXIT_USAGE, err);
	case ERR_CONNECTION:
		return cli_fail(cli, EXIT_UNREACHABLE, err);
	default:
		return cli_fail(cli, EXIT_REFUSED, err);
	}
}

int
cli_usage(const struct cli *cli, const struct cli_command *c, const char *why)
{
	struct cli shown = *cli;
	struct err err = { 0 };

	(void)fail(&err, ERR_USAGE, "%s", why);
	shown.command = c;
	return cli_fail(&shown, EXIT_USAGE, &err);
}

int
cli_print_json(const struct cli *cli, json_t *value)
{
	arena_adopt(cli->arena, json_t, value);
	fputs((const char *)json_print(value, cli->arena).p, stdout);
	return EXIT_DONE;
}

/* ---- the configuration ---- */

static json_t *
mistakes_json(const char *path, const struct config_mistakes *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++) {
		json_t *row = json_object();

		json_object_set_new(row, "file", json_string(path));
		json_object_set_new(row, "line", json_integer(m->v[i].line));
		json_object_set_new(
		    row, "column", json_integer(m->v[i].column));
		json_object_set_new(row, "found", json_string(m->v[i].found));
		json_object_set_new(
		    row, "expected", json_string(m->v[i].expected));
		json_object_set_new(row, "mend", json_string(m->v[i].mend));
		json_array_append_new(list, row);
	}
	return list;
}

static void
print_mistakes(const struct cli *cli, const struct config_mistakes *m)
{
	AUTO_BUF text = { 0 };

	if (cli->json) {
		AUTO(json_t) *o = json_object();

		json_object_set_new(
		    o, "mistakes", mistakes_json(cli->config_path, m));
		fputs((const char *)json_print(o, cli->arena).p, stderr);
		return;
	}
	for (size_t i = 0; i < m->n; i++)
		config_mistake_print(cli->config_path, &m->v[i], &text);
	fputs(buf_cstr(&text), stderr);
}

struct config *
cli_config(const struct cli *cli)
{
	struct config_mistakes mistakes = { 0 };
	struct config *config = NULL;
	struct err err = { 0 };
	struct bytes text;

	if (!file_read(
		cli->config_path, CONFIG_FILE_MAX, cli->arena, &text, &err)) {
		cli_fail(cli, EXIT_REFUSED, &err);
		return NULL;
	}
	if (!config_load(cli->config_path, text, &config, &mistakes))
		print_mistakes(cli, &mistakes);
	config_mistakes_free(&mistakes);
	return config;
}
