/*
 * cert revoke: one certificate by its serial, many by what they have in common,
 * or a key that somebody has shown to be in other hands.
 */
#include <unistd.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/show.h"
#include "codec/crl.h"
#include "util/text.h"

#define POLL_US 100000

/* What the command line says. */
struct revoke {
	const char *serial, *reason, *confirm, *key_proof;
	const char *profile, *account, *ca, *name, *from, *before;
};

static bool
is_many(const struct revoke *r)
{
	return r->profile != NULL || r->account != NULL || r->ca != NULL ||
	    r->name != NULL || r->from != NULL || r->before != NULL;
}

static bool
read_options(const struct cli *cli, struct revoke *r, struct err *err)
{
	const struct option_row rows[] = {
		{ "reason", OPTION_TEXT, &r->reason, 0, 0 },
		{ "profile", OPTION_TEXT, &r->profile, 0, 0 },
		{ "account", OPTION_TEXT, &r->account, 0, 0 },
		{ "ca", OPTION_TEXT, &r->ca, 0, 0 },
		{ "name", OPTION_TEXT, &r->name, 0, 0 },
		{ "issued-from", OPTION_TEXT, &r->from, 0, 0 },
		{ "issued-before", OPTION_TEXT, &r->before, 0, 0 },
		{ "confirm", OPTION_TEXT, &r->confirm, 0, 0 },
		{ "key-proof", OPTION_TEXT, &r->key_proof, 0, 0 },
	};
	enum crl_reason known;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &r->serial, 1, &n, err))
		return false;
	if ((n == 1) + is_many(r) + (r->key_proof != NULL) != 1)
		return fail(err, ERR_USAGE,
		    "cert revoke wants a SERIAL, or what the certificates "
		    "have in common, or --key-proof");
	if (r->confirm != NULL && !is_many(r))
		return fail(err, ERR_USAGE,
		    "--confirm belongs to the choice that was looked at");
	if (r->reason != NULL && !crl_reason_parse(r->reason, &known))
		return fail(err, ERR_USAGE,
		    "--reason %s; expected keyCompromise, "
		    "affiliationChanged, superseded, cessationOfOperation, "
		    "privilegeWithdrawn or unspecified",
		    r->reason);
	return true;
}

static const char *
reason_of(const struct revoke *r)
{
	return r->reason == NULL ? "unspecified" : r->reason;
}

/* ---- one ---- */

static int
revoke_one(struct cli *cli, const struct revoke *r)
{
	struct err err = { 0 };
	json_t *cert;
	bool changed;

	if (!client_call(cli,
		arena_printf(cli->arena, "/certs/%s/revoke",
		    client_escape(cli, r->serial)),
		json_pack("{s:s}", "reason", reason_of(r)), &cert, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(cert));
	changed = json_is_true(json_object_get(cert, "changed"));
	printf("%s %s (%s) at %s\n",
	    changed ? "revoked" : "was revoked already:",
	    show_member(cli, cert, "serial"), show_member(cli, cert, "reason"),
	    show_member(cli, cert, "revoked_at"));
	return EXIT_DONE;
}

/* ---- a key ---- */

static int
block_key(struct cli *cli, const struct revoke *r)
{
	struct err err = { 0 };
	struct bytes file;
	json_t *answer;

	if (!file_read(r->key_proof, CSR_FILE_MAX, cli->arena, &file, &err) ||
	    !client_call(cli, "/keys/block",
		json_pack("{s:o}", "csr", csr_file_json(file)), &answer, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	printf("%s the key %s\n",
	    json_is_true(json_object_get(answer, "changed"))
		? "blocked"
		: "was blocked already:",
	    show_member(cli, answer, "spki_sha256"));
	return EXIT_DONE;
}

/* ---- many ---- */

/* A day stands for its beginning. */
static const char *
time_text(const struct cli *cli, const char *s)
{
	return s != NULL && strlen(s) == strlen("2026-01-02")
	    ? arena_printf(cli->arena, "%sT00:00:00Z", s)
	    : s;
}

static json_t *
many_body(const struct cli *cli, const struct revoke *r)
{
	const struct {
		const char *key, *value;
	} members[] = {
		{ "account", r->account },
		{ "ca", r->ca },
		{ "name", r->name },
		{ "profile", r->profile },
		{ "issued_from", time_text(cli, r->from) },
		{ "issued_before", time_text(cli, r->before) },
	};
	json_t *filter = json_object(), *body;

	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (members[i].value != NULL)
			json_object_set_new(filter, members[i].key,
			    json_string(members[i].value));
	body =
	    json_pack("{s:s, s:o}", "reason", reason_of(r), "filter", filter);
	if (r->confirm != NULL)
		json_object_set_new(body, "confirm", json_string(r->confirm));
	return body;
}

static int
show_plan(struct cli *cli, const json_t *plan)
{
	static const struct show_column columns[] = {
		{ "serial", "SERIAL" },
		{ "not_after", "NOT AFTER" },
		{ "profile", "PROFILE" },
		{ "requester", "BY" },
		{ "names", "NAMES" },
	};

	printf("%s certificates would be revoked (%s), among them:\n\n",
	    show_member(cli, plan, "count"), show_member(cli, plan, "reason"));
	show_table(
	    cli, json_object_get(plan, "sample"), columns, COUNT_OF(columns));
	printf("\nNothing was changed.  To revoke exactly these, give the same "
	       "options and\n\n    --confirm %s\n",
	    show_member(cli, plan, "set_sha256"));
	return EXIT_DONE;
}

/* On a terminal one line that counts up; else silence until the end. */
static void
show_progress(const struct cli *cli, const json_t *bulk)
{
	if (!cli->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s of %s revoked",
		    show_member(cli, bulk, "revoked"),
		    show_member(cli, bulk, "count"));
}

static bool
follow(struct cli *cli, json_t **bulk, struct err *err)
{
	const char *path = arena_printf(cli->arena, "/revocations/%s",
	    client_escape(cli, show_member(cli, *bulk, "id")));

	while (strcmp(show_member(cli, *bulk, "status"), "running") == 0) {
		usleep(POLL_US);
		if (!client_call(cli, path, NULL, bulk, err))
			return false;
		show_progress(cli, *bulk);
	}
	if (!cli->json && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	return true;
}

static int
revoke_many(struct cli *cli, const struct revoke *r)
{
	struct err err = { 0 };
	json_t *answer;

	if (!client_call(cli, "/revocations", many_body(cli, r), &answer, &err))
		return cli_fail_by_kind(cli, &err);
	if (r->confirm != NULL && !follow(cli, &answer, &err))
		return cli_fail_by_kind(cli, &err);
	if (cli->json)
		return cli_print_json(cli, json_incref(answer));
	if (r->confirm == NULL)
		return show_plan(cli, answer);
	printf("revoked %s certificates (%s), %s were revoked by others; "
	       "bulk revocation %s\n",
	    show_member(cli, answer, "revoked"),
	    show_member(cli, answer, "reason"),
	    show_member(cli, answer, "skipped"),
	    show_member(cli, answer, "id"));
	return EXIT_DONE;
}

int
cert_revoke_run(struct cli *cli)
{
	struct revoke r = { 0 };
	struct err err = { 0 };

	if (!read_options(cli, &r, &err))
		return cli_fail_by_kind(cli, &err);
	if (r.key_proof != NULL)
		return block_key(cli, &r);
	return r.serial != NULL ? revoke_one(cli, &r) : revoke_many(cli, &r);
}
