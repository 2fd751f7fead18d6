#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000

int
approval_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "id", "ID" },
		{ "status", "STATUS" },
		{ "created_at", "CREATED" },
		{ "expires_at", "EXPIRES" },
		{ "protocol", "BY" },
		{ "label", "LABEL" },
		{ "requester", "REQUESTER" },
		{ "names", "NAMES" },
	};
	const char *status = NULL, *path;
	int64_t limit = LIMIT_DEFAULT;
	const struct option_row rows[] = {
		{ "status", OPTION_TEXT, &status, 0, 0 },
		{ "limit", OPTION_INT, &limit, 1, LIMIT_MAX },
	};
	struct err err = { 0 };
	json_t *approvals;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	path = client_query(cli, "/approvals?", "status", status);
	if (!client_list(cli, path, "approvals", limit, &approvals, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(
		    cli, json_pack("{s:O}", "approvals", approvals));
	show_table(cli, approvals, columns, COUNT_OF(columns));
	return EXIT_DONE;
}

static const char *
approval_path(const struct cli *cli, const char *id, const char *act)
{
	return arena_printf(
	    cli->arena, "/approvals/%s%s", client_escape(cli, id), act);
}

int
approval_show_run(struct cli *cli)
{
	const char *id = NULL, *pem;
	struct err err = { 0 };
	json_t *row;
	size_t n;

	if (!options_parse(cli, NULL, 0, &id, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (n == 0) {
		(void)fail(
		    &err, ERR_USAGE, "approval show wants a request's ID");
		return cli_fail_by_kind(cli, &err);
	}
	if (!client_call(cli, approval_path(cli, id, ""), NULL, &row, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(row));
	/* The PEM stands last, so that the rest is seen first. */
	pem = arena_strdup(cli->arena, show_member(cli, row, "csr"));
	json_object_del(row, "csr");
	show_object(cli, row, 0);
	printf("\n%s", pem);
	return EXIT_DONE;
}

/*
 * The hash says which request the operator has looked at; it is never fetched
 * here on the way, or it would say nothing.
 */
static bool
decide(const struct cli *cli, const char *act, json_t **out, struct err *err)
{
	const char *id = NULL, *sha256 = NULL, *reason = NULL, *as = NULL;
	bool rejects = strcmp(act, "reject") == 0;
	const struct option_row rows[] = {
		{ "hash", OPTION_TEXT, &sha256, 0, 0 },
		{ "as", OPTION_TEXT, &as, 0, 0 },
		{ "reason", OPTION_TEXT, &reason, 0, 0 },
	};
	json_t *body;
	size_t n;

	if (!options_parse(
		cli, rows, COUNT_OF(rows) - (rejects ? 0 : 1), &id, 1, &n, err))
		return false;
	if (n == 0)
		return fail(
		    err, ERR_USAGE, "approval %s wants a request's ID", act);
	if (sha256 == NULL)
		return fail(err, ERR_USAGE,
		    "approval %s wants --hash HASH, the request sha256 that "
		    "approval show prints",
		    act);
	if (rejects && reason == NULL)
		return fail(
		    err, ERR_USAGE, "approval reject wants --reason TEXT");
	body = json_pack(
	    "{s:s, s:s*, s:s*}", "sha256", sha256, "reason", reason, "as", as);
	if (body == NULL)
		return fail(err, ERR_USAGE, "an argument is not UTF-8");
	return client_call(cli,
	    approval_path(cli, id, arena_printf(cli->arena, "/%s", act)), body,
	    out, err);
}

static int
decide_run(struct cli *cli, const char *act)
{
	struct err err = { 0 };
	json_t *row;

	if (!decide(cli, act, &row, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(row));
	printf("request %s is %s by %s\n", show_member(cli, row, "id"),
	    show_member(cli, row, "status"),
	    show_member(cli, row, "decided_by"));
	return EXIT_DONE;
}

int
approval_approve_run(struct cli *cli)
{
	return decide_run(cli, "approve");
}

int
approval_reject_run(struct cli *cli)
{
	return decide_run(cli, "reject");
}
