#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"

#define UID_LAST INT64_C(4294967294)

static bool
add(const struct cli *cli, json_t **out, struct err *err)
{
	const char *name = NULL, *as = NULL;
	int64_t uid = -1;
	const struct option_row rows[] = {
		{ "uid", OPTION_INT, &uid, 0, UID_LAST },
		{ "as", OPTION_TEXT, &as, 0, 0 },
	};
	json_t *body;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &name, 1, &n, err))
		return false;
	if (n == 0)
		return fail(err, ERR_USAGE, "operator add wants a NAME");
	body = json_pack("{s:s, s:s*}", "name", name, "as", as);
	if (body == NULL)
		return fail(err, ERR_USAGE, "the NAME is not UTF-8");
	if (uid >= 0)
		json_object_set_new(body, "uid", json_integer(uid));
	return client_call(cli, "/operators", body, out, err);
}

int
operator_add_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *row;

	if (!add(cli, &row, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(row));
	printf("operator %s (uid %s) was added by %s\n",
	    show_member(cli, row, "name"), show_member(cli, row, "uid"),
	    show_member(cli, row, "added_by"));
	return EXIT_DONE;
}

int
operator_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "name", "NAME" },
		{ "uid", "UID" },
		{ "status", "STATUS" },
		{ "added_at", "ADDED" },
		{ "added_by", "BY" },
		{ "removed_at", "REMOVED" },
	};
	struct err err = { 0 };
	json_t *answer;
	size_t n;

	if (!options_parse(cli, NULL, 0, NULL, 0, &n, &err) ||
	    !client_call(cli, "/operators", NULL, &answer, &err))
		return cli_fail_by_kind(cli, &err);
	json_object_del(answer, "next");
	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	show_table(cli, json_object_get(answer, "operators"), columns,
	    COUNT_OF(columns));
	return EXIT_DONE;
}

static bool
remove_one(const struct cli *cli, json_t **out, struct err *err)
{
	const char *name = NULL, *as = NULL;
	const struct option_row rows[] = {
		{ "as", OPTION_TEXT, &as, 0, 0 },
	};
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &name, 1, &n, err))
		return false;
	if (n == 0)
		return fail(err, ERR_USAGE, "operator remove wants a NAME");
	return client_call(cli,
	    arena_printf(
		cli->arena, "/operators/%s/remove", client_escape(cli, name)),
	    json_pack("{s:s*}", "as", as), out, err);
}

int
operator_remove_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *row;

	if (!remove_one(cli, &row, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(row));
	printf("operator %s is removed\n", show_member(cli, row, "name"));
	return EXIT_DONE;
}
