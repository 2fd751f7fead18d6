/* The last steps of an act: configuration, reload. */
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/act.h"
#include "cli/bound.h"
#include "cli/client.h"
#include "cli/files.h"
#include "util/fault.h"

/* A reload that issues may wait for the signer and the store. */
#define RELOAD_WAIT_US 30000000
#define RELOAD_LOOK_MS 100

void
act_edit(struct act *act, const char *path, const char *text)
{
	if (act->edits_n == ACT_EDITS_MAX)
		abort();
	act->edits[act->edits_n++] =
	    (struct config_edit){ .path = path, .text = text };
}

void
act_edit_list(
    struct act *act, const char *path, const struct config_strings *list)
{
	if (act->edits_n == ACT_EDITS_MAX)
		abort();
	act->edits[act->edits_n++] =
	    (struct config_edit){ .path = path, .list = list };
}

static bool
refuse_mistakes(
    struct act *act, struct config_mistakes *mistakes, struct err *err)
{
	AUTO_BUF line = { 0 };

	config_mistake_print("the new configuration", &mistakes->v[0], &line);
	while (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	config_mistakes_free(mistakes);
	(void)act;
	return fail(err, ERR_CONFIG, "%s", buf_cstr(&line));
}

/* As serve and check would find it. */
static bool
validate(struct act *act, struct bytes text, struct err *err)
{
	struct config_mistakes mistakes = { 0 };
	struct config *config = NULL;
	bool ok = config_load(act->cli->config_path, text, &config, &mistakes);

	if (ok && !act->dry_run)
		ok = ca_check_config(
		    config, state_file_read, act->cli, &mistakes);
	config_free(config);
	return ok || refuse_mistakes(act, &mistakes, err);
}

static bool
edited(struct act *act, struct buf *out, struct err *err)
{
	AUTO_BUF lines = { 0 };
	struct err why = { 0 };

	if (config_edit(act->text, act->edits, act->edits_n, out, &why))
		return true;
	config_edit_show(act->edits, act->edits_n, &lines);
	fprintf(stderr, "chancery: to be written into %s by hand:\n%s",
	    act->cli->config_path, buf_cstr(&lines));
	return fail(err, why.kind, "%s: %s; all before this step is done",
	    act->cli->config_path, why.shown);
}

/* The old file beside the new one, under a name that was never there. */
static bool
keep_old(struct act *act, struct err *err)
{
	char when[TIME_ASN1_SIZE];
	const char *path;
	struct err why = { 0 };

	time_format_generalized(act->now, when);
	for (unsigned i = 0; i < 100; i++) {
		path = act_printf(act, "%s.%s%s", act->cli->config_path, when,
		    i == 0 ? "" : act_printf(act, "-%u", i));
		err_clear(&why);
		if (file_write_new(path, 0600, act->text, &why)) {
			act_say(act, "old configuration", path);
			return true;
		}
		if (why.kind != ERR_CONFLICT)
			break;
	}
	return fail(err, why.kind, "%s", why.shown);
}

bool
act_commit(struct act *act, struct err *err)
{
	const char *path = act->cli->config_path;
	AUTO_BUF text = { 0 };
	struct bytes again;
	struct stat st;

	if (act->edits_n == 0)
		return true;
	if (!edited(act, &text, err) || !validate(act, buf_bytes(&text), err))
		return false;
	if (act->dry_run)
		return true;
	FAULT("ceremony.config.before");
	/* Somebody's editor meanwhile must not lose what it saved. */
	if (!file_read(path, CONFIG_FILE_MAX, act->cli->arena, &again, err))
		return false;
	if (!bytes_equal(again, act->text))
		return fail(err, ERR_CONFLICT,
		    "%s was changed meanwhile; run the command again", path);
	if (stat(path, &st) != 0)
		return fail_errno(err, ERR_SYSTEM, "%s", path);
	if (!keep_old(act, err) ||
	    !file_replace(path, st.st_mode & 0777, buf_bytes(&text), err))
		return false;
	FAULT("ceremony.config.after");
	return true;
}

/* ---- the running server ---- */

static bool
server_has(struct act *act, const char *path, const char *text)
{
	struct err ignored = { 0 };
	json_t *answer;

	return client_call(act->cli, path, NULL, &answer, &ignored) &&
	    strstr((const char *)json_print_compact(answer, act->cli->arena).p,
		text) != NULL;
}

void
act_reload(struct act *act, const char *ca, const char *text)
{
	act_reload_seen(
	    act, act_printf(act, "/cas/%s", client_escape(act->cli, ca)), text);
}

void
act_reload_seen(struct act *act, const char *path, const char *text)
{
	int64_t until = clock_monotonic_us() + RELOAD_WAIT_US;
	struct bound bound;

	if (act->dry_run) {
		act_say(act, "server", "nothing was changed (--dry-run)");
		return;
	}
	bound_read(act->cli, &bound);
	if (!bound.alive) {
		act_say(act, "server", "does not run; it starts with this");
		return;
	}
	if (act->no_reload || kill((pid_t)bound.pid, SIGHUP) != 0) {
		act_say(act, "server",
		    act_printf(act, "to use it: kill -HUP %lld",
			(long long)bound.pid));
		return;
	}
	while (!server_has(act, path, text)) {
		if (clock_monotonic_us() > until) {
			act_say(act, "server",
			    "has not taken it up; its log says why "
			    "(reload-refused)");
			return;
		}
		poll(NULL, 0, RELOAD_LOOK_MS);
	}
	act_say(act, "server", "has taken it up");
}
