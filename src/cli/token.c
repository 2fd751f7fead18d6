#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"
#include "util/times.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000
#define USES_MAX 1000000

static bool
create(const struct cli *cli, json_t **out, struct err *err)
{
	const char *profile = NULL, *as = NULL;
	struct config_strings names = { 0 };
	int64_t uses = 1, expires = 24 * 3600;
	const struct option_row rows[] = {
		{ "profile", OPTION_TEXT, &profile, 0, 0 },
		{ "name", OPTION_LIST, &names, 0, 0 },
		{ "uses", OPTION_INT, &uses, 1, USES_MAX },
		{ "expires", OPTION_DURATION, &expires, 0, 0 },
		{ "as", OPTION_TEXT, &as, 0, 0 },
	};
	char duration[32];
	json_t *list, *body;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, err))
		return false;
	if (profile == NULL)
		return fail(
		    err, ERR_USAGE, "token create wants --profile NAME");
	duration_format(expires, duration);
	list = json_array();
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(list, json_string(names.v[i]));
	body =
	    json_pack("{s:s, s:o, s:I, s:s, s:s*}", "profile", profile, "names",
		list, "uses", (json_int_t)uses, "expires", duration, "as", as);
	if (body == NULL)
		return fail(err, ERR_USAGE, "an argument is not UTF-8");
	return client_call(cli, "/tokens", body, out, err);
}

int
token_create_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *token;

	if (!create(cli, &token, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(token));
	/* Alone on its line: for a variable of a script. */
	puts(show_member(cli, token, "secret"));
	return EXIT_DONE;
}

int
token_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "id", "ID" },
		{ "status", "STATUS" },
		{ "uses_left", "USES LEFT" },
		{ "expires_at", "EXPIRES" },
		{ "profile", "PROFILE" },
		{ "created_by", "BY" },
		{ "names", "NAMES" },
	};
	int64_t limit = LIMIT_DEFAULT;
	const struct option_row rows[] = {
		{ "limit", OPTION_INT, &limit, 1, LIMIT_MAX },
	};
	struct err err = { 0 };
	json_t *tokens;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err) ||
	    !client_list(cli, "/tokens?", "tokens", limit, &tokens, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(
		    cli, json_pack("{s:O}", "tokens", tokens));
	show_table(cli, tokens, columns, COUNT_OF(columns));
	return EXIT_DONE;
}

static bool
revoke(const struct cli *cli, json_t **out, struct err *err)
{
	const char *id = NULL, *as = NULL;
	const struct option_row rows[] = {
		{ "as", OPTION_TEXT, &as, 0, 0 },
	};
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &id, 1, &n, err))
		return false;
	if (n == 0)
		return fail(err, ERR_USAGE,
		    "token revoke wants a token's ID, as token list prints it");
	return client_call(cli,
	    arena_printf(
		cli->arena, "/tokens/%s/revoke", client_escape(cli, id)),
	    json_pack("{s:s*}", "as", as), out, err);
}

int
token_revoke_run(struct cli *cli)
{
	struct err err = { 0 };
	json_t *token;

	if (!revoke(cli, &token, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(token));
	printf("token %s is revoked\n", show_member(cli, token, "id"));
	return EXIT_DONE;
}
