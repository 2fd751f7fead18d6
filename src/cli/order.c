#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000

int
order_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "id", "ID" },
		{ "status", "STATUS" },
		{ "created_at", "CREATED" },
		{ "profile", "PROFILE" },
		{ "account", "ACCOUNT" },
		{ "names", "NAMES" },
	};
	const char *account = NULL, *path;
	int64_t limit = LIMIT_DEFAULT;
	const struct option_row rows[] = {
		{ "account", OPTION_TEXT, &account, 0, 0 },
		{ "limit", OPTION_INT, &limit, 1, LIMIT_MAX },
	};
	struct err err = { 0 };
	json_t *orders;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	path = client_query(cli, "/orders?", "account", account);
	if (!client_list(cli, path, "orders", limit, &orders, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(
		    cli, json_pack("{s:O}", "orders", orders));
	show_table(cli, orders, columns, COUNT_OF(columns));
	return EXIT_DONE;
}

static bool
show(const struct cli *cli, json_t **out, struct err *err)
{
	const char *id = NULL;
	size_t n;

	if (!options_parse(cli, NULL, 0, &id, 1, &n, err))
		return false;
	if (n == 0)
		return fail(err, ERR_USAGE, "order show wants an order's ID");
	return client_call(cli,
	    arena_printf(cli->arena, "/orders/%s", client_escape(cli, id)),
	    NULL, out, err);
}

int
order_show_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *order;

	if (!show(cli, &order, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(order));
	show_object(cli, order, 0);
	return EXIT_DONE;
}
