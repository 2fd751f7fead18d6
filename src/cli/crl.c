#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"

/* A CA's name, or none for all. */
static bool
one_ca(const struct cli *cli, const char **ca, struct err *err)
{
	size_t n;

	return options_parse(cli, NULL, 0, ca, 1, &n, err);
}

static int
show(struct cli *cli, json_t *answer)
{
	static const struct show_column columns[] = {
		{ "ca", "CA" },
		{ "kind", "KIND" },
		{ "shard", "SHARD" },
		{ "number", "NUMBER" },
		{ "base", "BASE" },
		{ "this_update", "THIS UPDATE" },
		{ "next_update", "NEXT UPDATE" },
		{ "entries", "ENTRIES" },
		{ "url", "URL" },
	};

	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	show_table(
	    cli, json_object_get(answer, "crls"), columns, COUNT_OF(columns));
	return EXIT_DONE;
}

int
crl_show_run(struct cli *cli)
{
	const char *ca = NULL;
	struct err err = { 0 };
	json_t *answer;

	if (!one_ca(cli, &ca, &err) ||
	    !client_call(cli, client_query(cli, "/crls?", "ca", ca), NULL,
		&answer, &err))
		return cli_fail_by_kind(cli, &err);
	return show(cli, answer);
}

int
crl_now_run(struct cli *cli)
{
	const char *ca = NULL;
	struct err err = { 0 };
	json_t *answer;

	if (!one_ca(cli, &ca, &err) ||
	    !client_call(cli, "/crls/now",
		ca == NULL ? json_object() : json_pack("{s:s}", "ca", ca),
		&answer, &err))
		return cli_fail_by_kind(cli, &err);
	return show(cli, answer);
}
