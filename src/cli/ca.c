#include "ca/load.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/show.h"
#include "codec/pem.h"

int
ca_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "name", "NAME" },
		{ "state", "STATE" },
		{ "root", "ROOT" },
		{ "not_after", "NOT AFTER" },
		{ "days_left", "DAYS" },
		{ "crl_next_update", "CRL UNTIL" },
		{ "subject", "SUBJECT" },
	};
	struct err err = { 0 };
	json_t *answer, *cas;
	size_t n;

	if (!options_parse(cli, NULL, 0, NULL, 0, &n, &err) ||
	    !client_call(cli, "/cas", NULL, &answer, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	cas = json_object_get(answer, "cas");
	show_table(cli, cas, columns, COUNT_OF(columns));
	return EXIT_DONE;
}

static bool
one_name(const struct cli *cli, const struct option_row *rows, size_t rows_n,
    const char **name, struct err *err)
{
	size_t n;

	if (!options_parse(cli, rows, rows_n, name, 1, &n, err))
		return false;
	return n == 1 ||
	    fail(err, ERR_USAGE,
		"%s wants a CA's name, such as issuing or root",
		cli->command == NULL ? "ca" : cli->command->words);
}

int
ca_show_run(struct cli *cli)
{
	struct err err = { 0 };
	const char *name = NULL, *pem;
	json_t *ca;

	if (!one_name(cli, NULL, 0, &name, &err) ||
	    !client_call(cli,
		arena_printf(cli->arena, "/cas/%s", client_escape(cli, name)),
		NULL, &ca, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(ca));
	pem = arena_strdup(cli->arena, show_member(cli, ca, "pem"));
	json_object_del(ca, "pem");
	show_object(cli, ca, 0);
	printf("\n%s", pem);
	return EXIT_DONE;
}

/* ---- export: from the files, so that no server need run ---- */

static bool
load_chain(struct cli *cli, const struct config *config, const char *name,
    struct chain *out, struct err *err)
{
	const struct ca_source source = { state_file_read, cli };
	struct lane *lane = lane_new();
	const struct loaded_ca *cas =
	    load_cas(lane, &source, config, cli->arena);
	const struct loaded_ca *ca = loaded_find(cas, config->cas_n, name);

	lane_free(lane);
	if (ca == NULL)
		return fail(err, ERR_NOT_FOUND,
		    "there is no CA %s in the configuration", name);
	if (!ca->ok)
		return fail(err, ca->err.kind, "CA %s, %s: %s", name,
		    ca->config->certificate, ca->err.shown);
	*out = ca->chain;
	return true;
}

static void
put_chain(const struct chain *chain, struct buf *out)
{
	for (size_t i = 0; i < chain->n; i++)
		pem_put(out, "CERTIFICATE", chain->certs[i].der);
}

static void
put_p7c(const struct chain *chain, struct buf *out)
{
	struct bytes ders[CHAIN_MAX];

	for (size_t i = 0; i < chain->n; i++)
		ders[i] = chain->certs[i].der;
	pkcs7_certs_put(out, ders, chain->n);
}

static bool
encode(const struct chain *chain, const char *format, struct buf *out,
    struct err *err)
{
	if (strcmp(format, "pem") == 0)
		pem_put(out, "CERTIFICATE", chain->certs[0].der);
	else if (strcmp(format, "der") == 0)
		buf_add_bytes(out, chain->certs[0].der);
	else if (strcmp(format, "p7c") == 0)
		put_p7c(chain, out);
	else if (strcmp(format, "chain") == 0)
		put_chain(chain, out);
	else
		return fail(err, ERR_USAGE,
		    "--format %s; expected pem, der, p7c or chain", format);
	return true;
}

int
ca_export_run(struct cli *cli)
{
	const char *name = NULL, *format = "pem";
	const struct option_row rows[] = {
		{ "format", OPTION_TEXT, &format, 0, 0 },
	};
	struct config *config;
	struct err err = { 0 };
	struct chain chain = { 0 };
	AUTO_BUF out = { 0 };
	bool ok;

	if (!one_name(cli, rows, COUNT_OF(rows), &name, &err))
		return cli_fail_by_kind(cli, &err);
	config = cli_config(cli);
	if (config == NULL)
		return EXIT_REFUSED;
	ok = load_chain(cli, config, name, &chain, &err) &&
	    encode(&chain, format, &out, &err);
	config_free(config);
	if (!ok)
		return cli_fail_by_kind(cli, &err);
	fwrite(out.p, 1, out.n, stdout);
	return EXIT_DONE;
}
