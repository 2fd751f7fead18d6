#include "ca/ca.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/passphrase.h"
#include "est/est.h"
#include "intune/intune.h"
#include "scep/scep.h"

static void
add(struct check *c, enum finding_kind kind, const char *where,
    const char *found, const char *expected, const char *mend)
{
	const struct finding new = { .kind = kind,
		.where = where,
		.found = found,
		.expected = expected,
		.mend = mend };

	finding_add(&c->findings, &new);
}

void
check_mistake(struct check *c, const char *where, const char *found,
    const char *expected, const char *mend)
{
	add(c, FINDING_MISTAKE, where, found, expected, mend);
}

void
check_warning(struct check *c, const char *where, const char *found,
    const char *expected, const char *mend)
{
	add(c, FINDING_WARNING, where, found, expected, mend);
}

void
check_note(struct check *c, const char *where, const char *found)
{
	add(c, FINDING_NOTE, where, found, NULL, NULL);
}

static bool
load_config(struct check *c, struct config **out, struct err *err)
{
	const char *path = c->cli->config_path;
	struct config_mistakes mistakes = { 0 };
	struct bytes text;

	if (!file_read(path, CONFIG_FILE_MAX, c->cli->arena, &text, err))
		return false;
	/* A loaded one may have mistakes that only those who read its files
	 * see. */
	if (config_load(path, text, out, &mistakes)) {
		ca_check_config(*out, state_file_read, c->cli, &mistakes);
		est_check_config(*out, state_file_read, c->cli, &mistakes);
		scep_check_config(*out, state_file_read, c->cli, &mistakes);
		intune_check_config(*out, state_file_read, c->cli, &mistakes);
	}
	findings_add_mistakes(&c->findings, path, &mistakes);
	config_mistakes_free(&mistakes);
	return true;
}

static int
report(const struct check *c, bool quiet)
{
	size_t mistakes = findings_count(&c->findings, FINDING_MISTAKE);
	int status = mistakes == 0 ? EXIT_DONE : EXIT_REFUSED;

	if (c->cli->json) {
		cli_print_json(c->cli,
		    json_pack("{s:b, s:o}", "ok", mistakes == 0, "findings",
			findings_json(&c->findings)));
		return status;
	}
	findings_print(&c->findings, quiet);
	if (mistakes == 0 && !quiet)
		printf("%s: all is well\n", c->cli->config_path);
	return status;
}

/* Not with a configuration that does not load: what the rest of the directory
 * should look like depends on it. */
static void
check_all(struct check *c)
{
	check_state(c);
	check_keys(c);
	check_expiry(c);
	check_weak_keys(c);
	check_store(c);
	check_net(c);
	check_users(c);
}

/* As `serve` finds it, but never asked for: keys that it does not open are
 * matched by their certificates alone. */
static bool
find_passphrase(const struct cli *cli, const char *file, struct secret **out,
    struct err *err)
{
	AUTO_FD state = open(cli->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A directory that is not there is told by the configuration. */
	return state < 0 ||
	    passphrase_find(&passphrase_online, file, state, false, out, err);
}

int
check_run(struct cli *cli)
{
	const char *passphrase_file = NULL;
	bool quiet = false;
	const struct option_row rows[] = {
		{ "quiet", OPTION_FLAG, &quiet, 0, 0 },
		{ "passphrase-file", OPTION_TEXT, &passphrase_file, 0, 0 },
	};
	struct check c = { .cli = cli, .findings = { .arena = cli->arena } };
	AUTO_SECRET *passphrase = NULL;
	struct config *config = NULL;
	struct clock clock;
	struct err err = { 0 };
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err) ||
	    !find_passphrase(cli, passphrase_file, &passphrase, &err) ||
	    !load_config(&c, &config, &err))
		return cli_fail_by_kind(cli, &err);
	c.config = config;
	c.passphrase = passphrase;
	bound_read(cli, &c.bound);
	if (config != NULL) {
		clock = clock_system(config->testing.clock_offset);
		c.now = clock_now(&clock);
		check_all(&c);
	}
	config_free(config);
	return report(&c, quiet);
}
