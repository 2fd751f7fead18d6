#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000

int
account_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "id", "ID" },
		{ "status", "STATUS" },
		{ "created_at", "CREATED" },
		{ "key", "KEY" },
		{ "created_from", "FROM" },
		{ "contacts", "CONTACTS" },
	};
	int64_t limit = LIMIT_DEFAULT;
	const struct option_row rows[] = {
		{ "limit", OPTION_INT, &limit, 1, LIMIT_MAX },
	};
	struct err err = { 0 };
	json_t *accounts;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err) ||
	    !client_list(cli, "/accounts?", "accounts", limit, &accounts, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(
		    cli, json_pack("{s:O}", "accounts", accounts));
	show_table(cli, accounts, columns, COUNT_OF(columns));
	return EXIT_DONE;
}

/* body NULL: only shown. */
static bool
one(const struct cli *cli, const char *act, json_t *body, json_t **out,
    struct err *err)
{
	const char *id = NULL;
	size_t n;

	if (body != NULL)
		arena_adopt(cli->arena, json_t, body);
	if (!options_parse(cli, NULL, 0, &id, 1, &n, err))
		return false;
	if (n == 0)
		return fail(err, ERR_USAGE, "%s wants an account's ID",
		    cli->command == NULL ? "account" : cli->command->words);
	return client_call(cli,
	    arena_printf(
		cli->arena, "/accounts/%s%s", client_escape(cli, id), act),
	    json_incref(body), out, err);
}

int
account_show_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *account;

	if (!one(cli, "", NULL, &account, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(account));
	show_object(cli, account, 0);
	return EXIT_DONE;
}

int
account_deactivate_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *account;

	if (!one(cli, "/deactivate", json_object(), &account, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(account));
	printf("account %s is %s\n", show_member(cli, account, "id"),
	    show_member(cli, account, "status"));
	return EXIT_DONE;
}
