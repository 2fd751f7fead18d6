#include "world.h"

static void
mistyped(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ "serv", "unknown command serv; did you mean serve?" },
		{ "serve2 now", "did you mean serve?" },
		{ "cert isue", "did you mean cert issue?" },
		{ "cret list", "did you mean cert list?" },
		{ "cert", "cert wants one of: issue, list, show, revoke" },
		{ "cert frobnicate", "cert wants one of:" },
		{ "frobnicate", "unknown command frobnicate; chancery help" },
		{ "--frobnicate", "unknown command --frobnicate" },
		{ "version more", "unexpected argument more" },
		{ "version --moer", "unknown option --moer" },
		{ "cert list --limt 5", "did you mean --limit?" },
		{ "cert list --limit 0", "--limit 0: " },
		{ "cert issue --profile default", "wants --csr FILE" },
		{ "cert issue --csr x", "wants --profile NAME" },
		{ "cert show", "wants a SERIAL" },
		{ "cert revoke", "wants a SERIAL" },
		{ "cert revoke 00 --reason boredom", "keyCompromise" },
		{ "account show", "wants an account's ID" },
		{ "order show", "wants an order's ID" },
		{ "ca show", "wants a CA's name" },
		{ "ca export issuing --format xml", "--format xml; expected" },
		{ "ca import", "wants --ca NAME and --chain FILE" },
		{ "token create", "wants --profile NAME" },
		{ "token create --profile a --uses 0", "--uses 0: " },
		{ "token revoke", "wants a token's ID" },
		{ "operator add", "wants a NAME" },
		{ "operator add a --uid -1", "--uid -1: " },
		{ "operator remove", "wants a NAME" },
		{ "approval show", "wants a request's ID" },
		{ "approval approve", "wants a request's ID" },
		{ "approval approve x", "wants --hash HASH" },
		{ "approval approve x --reason y", "unknown option" },
		{ "approval reject x --hash y", "wants --reason TEXT" },
		{ "backup", "wants --to DIR" },
		{ "check --state", "--state wants a value" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
		    world_run_bare(w,
			arena_printf(w->t->a, "--config @/chancery.yaml %s",
			    rows[i].line)),
		    EXIT_USAGE);
		assert_has(w->err, rows[i].said);
		assert_string_equal(w->out, "");
	}
}

static void
helpful(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run_bare(w, "help"), EXIT_DONE);
	assert_has(w->out, "  serve  ");
	assert_has(w->out, "  cert issue  ");
	assert_has(w->out, "exit status");
	assert_int_equal(world_run_bare(w, ""), EXIT_USAGE);
	assert_has(w->err, "  cert issue  ");
	assert_int_equal(world_run_bare(w, "cert issue --help"), EXIT_DONE);
	assert_has(w->out, "usage: chancery cert issue --csr FILE");
	assert_int_equal(world_run_bare(w, "help cert issue"), EXIT_DONE);
	assert_has(w->out, "usage: chancery cert issue --csr FILE");
	assert_int_equal(world_run_bare(w, "help cert"), EXIT_DONE);
	assert_has(w->out, "  cert revoke  ");
	assert_has_not(w->out, "  ca show  ");
	assert_int_equal(world_run_bare(w, "help crt"), EXIT_USAGE);
	/* main's own rows are run like the others. */
	assert_int_equal(world_run(w, "serve"), EXIT_DONE);
	assert_has(w->out, w->dir);
}

static void
manual(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run_bare(w, "help --man"), EXIT_DONE);
	assert_has(w->out, ".TH CHANCERY 1");
	assert_has(w->out, ".SS chancery serve\n");
	for (const struct cli_command *c = cli_commands; c->words != NULL; c++)
		assert_has(w->out,
		    arena_printf(w->t->a, ".SS chancery %s\n", c->words));
	/* A line of text that began with a dot would be a request. */
	assert_has_not(w->out, "\n..");
}

static void
errors_as_json(void **state)
{
	struct world *w = *state;
	const json_t *e;

	assert_int_equal(world_run(w, "cert show --json"), EXIT_USAGE);
	w->out = w->err;
	e = json_object_get(world_json(w), "error");
	assert_string_equal(
	    json_string_value(json_object_get(e, "kind")), "usage");
	assert_has(json_string_value(json_object_get(e, "message")), "SERIAL");
}

/* No socket, or one that nobody answers on. */
static void
unreachable(void **state)
{
	struct world *w = *state;
	static const char *const lines[] = { "cert list", "cert show 00",
		"cert revoke 00", "account list", "account show x",
		"account deactivate x", "order list", "order show x", "ca list",
		"ca show issuing" };

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		assert_int_equal(world_run(w, lines[i]), EXIT_UNREACHABLE);
		assert_has(w->err, "run/control.sock");
		assert_has(w->err, "is chancery serve running");
	}
	assert_int_equal(
	    world_run_bare(w, "cert list --state @/nowhere"), EXIT_UNREACHABLE);
	assert_int_equal(
	    world_run_bare(w, "cert list --config @/chancery.yaml"),
	    EXIT_UNREACHABLE);
	assert_has(w->err, world_path(w, "run/control.sock"));
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(mistyped),
		T(helpful),
		T(manual),
		T(errors_as_json),
		T(unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
