#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/show.h"
#include "util/text.h"
#include "util/times.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000

/* ---- issue ---- */

json_t *
csr_file_json(struct bytes file)
{
	AUTO_BUF b64 = { 0 };

	if (memmem(file.p, file.n, "-----BEGIN", 10) != NULL &&
	    text_is_utf8(file))
		return json_stringn((const char *)file.p, file.n);
	base64_encode(file, 0, &b64);
	return json_string(buf_cstr(&b64));
}

static bool
issue(const struct cli *cli, const char *csr, const char *profile,
    const char *replaces, const struct config_strings *names, json_t **out,
    struct err *err)
{
	json_t *body, *list;
	struct bytes file;

	if (csr == NULL)
		return fail(err, ERR_USAGE, "cert issue wants --csr FILE");
	if (profile == NULL)
		return fail(err, ERR_USAGE, "cert issue wants --profile NAME");
	if (!file_read(csr, CSR_FILE_MAX, cli->arena, &file, err))
		return false;
	list = json_array();
	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_string(names->v[i]));
	body = json_pack("{s:o, s:s, s:o}", "csr", csr_file_json(file),
	    "profile", profile, "names", list);
	if (replaces != NULL)
		json_object_set_new(body, "replaces", json_string(replaces));
	return client_call(cli, "/certs", body, out, err);
}

int
cert_issue_run(struct cli *cli)
{
	const char *csr = NULL, *profile = NULL, *replaces = NULL;
	struct config_strings names = { 0 };
	const struct option_row rows[] = {
		{ "csr", OPTION_TEXT, &csr, 0, 0 },
		{ "profile", OPTION_TEXT, &profile, 0, 0 },
		{ "name", OPTION_LIST, &names, 0, 0 },
		{ "replaces", OPTION_TEXT, &replaces, 0, 0 },
	};
	const char *secret;
	struct err err = { 0 };
	json_t *answer;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err) ||
	    !issue(cli, csr, profile, replaces, &names, &answer, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	fputs(show_member(cli, answer, "pem"), stdout);
	/* The chain alone goes to standard output, into a file. */
	secret =
	    json_string_value(json_object_get(answer, "revocation_secret"));
	if (secret != NULL)
		fprintf(stderr, "revocation secret: %s\n", secret);
	return EXIT_DONE;
}

/* ---- list ---- */

static bool
list(const struct cli *cli, json_t **out, struct err *err)
{
	const char *status = NULL, *name = NULL, *profile = NULL,
		   *account = NULL, *ca = NULL, *path = "/certs?";
	int64_t within = -1, limit = LIMIT_DEFAULT;
	const struct option_row rows[] = {
		{ "status", OPTION_TEXT, &status, 0, 0 },
		{ "name", OPTION_TEXT, &name, 0, 0 },
		{ "profile", OPTION_TEXT, &profile, 0, 0 },
		{ "account", OPTION_TEXT, &account, 0, 0 },
		{ "ca", OPTION_TEXT, &ca, 0, 0 },
		{ "expires-within", OPTION_DURATION, &within, 0, 0 },
		{ "limit", OPTION_INT, &limit, 1, LIMIT_MAX },
	};
	char seconds[32];
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, err))
		return false;
	if (within >= 0)
		duration_format(within, seconds);
	path = client_query(cli, path, "status", status);
	path = client_query(cli, path, "name", name);
	path = client_query(cli, path, "profile", profile);
	path = client_query(cli, path, "account", account);
	path = client_query(cli, path, "ca", ca);
	path = client_query(
	    cli, path, "expires_within", within < 0 ? NULL : seconds);
	return client_list(cli, path, "certificates", limit, out, err);
}

int
cert_list_run(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "serial", "SERIAL" },
		{ "status", "STATUS" },
		{ "not_after", "NOT AFTER" },
		{ "profile", "PROFILE" },
		{ "requester", "BY" },
		{ "names", "NAMES" },
	};
	struct err err = { 0 };
	json_t *certs;

	if (!list(cli, &certs, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(
		    cli, json_pack("{s:O}", "certificates", certs));
	show_table(cli, certs, columns, COUNT_OF(columns));
	return EXIT_DONE;
}

/* ---- show ---- */

static const char *
cert_path(const struct cli *cli, const char *serial)
{
	return arena_printf(
	    cli->arena, "/certs/%s", client_escape(cli, serial));
}

/* The PEM stands last, so that the rest is seen first. */
static int
show(const struct cli *cli, json_t *cert)
{
	const char *pem;

	if (cli->json)
		return cli_print_json(cli, json_incref(cert));
	pem = arena_strdup(cli->arena, show_member(cli, cert, "pem"));
	json_object_del(cert, "pem");
	show_object(cli, cert, 0);
	if (pem[0] == '-' && pem[1] == '-')
		printf("\n%s", pem);
	return EXIT_DONE;
}

int
cert_show_run(struct cli *cli)
{
	const char *serial = NULL;
	struct err err = { 0 };
	json_t *cert;
	size_t n;

	if (!options_parse(cli, NULL, 0, &serial, 1, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (n == 0) {
		(void)fail(&err, ERR_USAGE, "cert show wants a SERIAL");
		return cli_fail_by_kind(cli, &err);
	}
	if (!client_call(cli, cert_path(cli, serial), NULL, &cert, &err))
		return cli_fail_by_kind(cli, &err);
	return show(cli, cert);
}
