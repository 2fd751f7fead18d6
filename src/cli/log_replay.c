#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "store/replay.h"

#define DATABASE "db/chancery.db"
#define SCRATCH "chancery-replay-XXXXXX"

static int
tell(const struct cli *cli, const struct replay *r)
{
	int status = r->differences_n == 0 ? EXIT_DONE : EXIT_REFUSED;
	size_t n = MIN_OF(r->differences_n, (uint64_t)REPLAY_DIFFERENCES_MAX);

	if (cli->json) {
		json_t *list = json_array();

		for (size_t i = 0; i < n; i++)
			json_array_append_new(
			    list, json_string(r->differences[i]));
		(void)cli_print_json(cli,
		    json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
			      "s:I, s:I, s:I, s:o}",
			"agrees", n == 0, "events", (json_int_t)r->events,
			"accounts", (json_int_t)r->accounts, "certificates",
			(json_int_t)r->certificates, "revocations",
			(json_int_t)r->revocations, "blocked_keys",
			(json_int_t)r->blocked_keys, "profiles",
			(json_int_t)r->profiles, "crls", (json_int_t)r->crls,
			"operators", (json_int_t)r->operators, "tokens",
			(json_int_t)r->tokens, "approvals",
			(json_int_t)r->approvals, "differences_n",
			(json_int_t)r->differences_n, "differences", list));
		return status;
	}
	for (size_t i = 0; i < n; i++)
		printf("%s\n", r->differences[i]);
	printf("%llu events give %llu accounts, %llu certificates, %llu of "
	       "them off, %llu blocked keys, %llu profile versions, %llu "
	       "CRLs, %llu operators, %llu tokens, %llu decisions: ",
	    (unsigned long long)r->events, (unsigned long long)r->accounts,
	    (unsigned long long)r->certificates,
	    (unsigned long long)r->revocations,
	    (unsigned long long)r->blocked_keys,
	    (unsigned long long)r->profiles, (unsigned long long)r->crls,
	    (unsigned long long)r->operators, (unsigned long long)r->tokens,
	    (unsigned long long)r->approvals);
	if (n == 0)
		printf("the live tables agree\n");
	else
		printf(
		    "%llu differences\n", (unsigned long long)r->differences_n);
	return status;
}

/* In a folder of our own, which goes at the end. */
static bool
replay_away(const struct cli *cli, struct replay *out, struct err *err)
{
	const char *top = getenv("TMPDIR");
	char *dir =
	    arena_printf(cli->arena, "%s/" SCRATCH, top == NULL ? "/tmp" : top);
	const char *path;
	bool ok;

	if (mkdtemp(dir) == NULL)
		return fail(err, ERR_SYSTEM, "%s: %s", dir, strerror(errno));
	path = arena_printf(cli->arena, "%s/replay.db", dir);
	ok = store_file_replay(
	    state_path(cli, DATABASE), path, cli->arena, out, err);
	unlink(path);
	unlink(arena_printf(cli->arena, "%s-journal", path));
	rmdir(dir);
	return ok;
}

int
log_replay_run(struct cli *cli)
{
	const char *to = NULL;
	const struct option_row rows[] = {
		{ "to", OPTION_TEXT, &to, 0, 0 },
	};
	struct err err = { 0 };
	struct replay r;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (to != NULL ? !store_file_replay(state_path(cli, DATABASE), to,
			     cli->arena, &r, &err)
		       : !replay_away(cli, &r, &err))
		return cli_fail_by_kind(cli, &err);
	return tell(cli, &r);
}
