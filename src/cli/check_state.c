#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/files.h"
#include "cli/passphrase.h"

static const struct {
	const char *name;
	mode_t mode; /* as init makes it */
	mode_t forbidden;
} folders[] = {
	{ ".", 0755, 022 },
	{ "keys", 0700, 077 },
	{ "certs", 0755, 022 },
	{ "db", 0700, 077 },
	{ "crl", 0755, 022 },
	{ "run", 0755, 022 },
};

static void
mode_mistake(
    struct check *c, const char *path, const struct stat *st, mode_t expected)
{
	struct arena *a = c->cli->arena;

	check_mistake(c, path,
	    arena_printf(a, "mode %04o: others could %s it",
		(unsigned)st->st_mode & 07777,
		(st->st_mode & 022) != 0 ? "change" : "read"),
	    arena_printf(a, "mode %04o", (unsigned)expected),
	    arena_printf(a, "chmod %o %s", (unsigned)expected, path));
}

static void
check_folder(struct check *c, const char *name, mode_t mode, mode_t forbidden)
{
	const char *path = state_path(c->cli, name);
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		check_mistake(c, path,
		    errno == EACCES ? "a folder that this user may not see"
				    : "no folder",
		    "a folder that chancery init made",
		    "restore the state directory, or run check as the user "
		    "that serves");
	else if ((st.st_mode & forbidden) != 0)
		mode_mistake(c, path, &st, mode);
}

/* All keys belong to the one who serves: root, or the user who made them. */
static void
check_owner(struct check *c, const char *path, uid_t found, uid_t expected)
{
	struct arena *a = c->cli->arena;

	if (found != expected)
		check_mistake(c, path,
		    arena_printf(a, "owner uid %u", (unsigned)found),
		    arena_printf(
			a, "uid %u, who owns the folder", (unsigned)expected),
		    arena_printf(a, "chown %u %s", (unsigned)expected, path));
}

static void
check_key_file(struct check *c, const char *name, uid_t owner)
{
	const char *path =
	    state_path(c->cli, arena_printf(c->cli->arena, "keys/%s", name));
	struct stat st;

	if (lstat(path, &st) != 0)
		return;
	if (!S_ISREG(st.st_mode)) {
		check_mistake(c, path, "something other than a file", "a file",
		    "remove it");
		return;
	}
	if ((st.st_mode & 077) != 0)
		mode_mistake(c, path, &st, 0600);
	check_owner(c, path, st.st_uid, owner);
}

static void
check_key_files(struct check *c)
{
	const char *path = state_path(c->cli, "keys");
	DIR *dir = opendir(path);
	const struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return;
	if (fstat(dirfd(dir), &st) != 0)
		st.st_uid = geteuid();
	if (st.st_uid != geteuid())
		check_warning(c, path,
		    arena_printf(
			c->cli->arena, "keys of uid %u", (unsigned)st.st_uid),
		    "the keys of the one who starts serve, root if it is root",
		    "check and serve as that user, or give the keys to root");
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			check_key_file(c, entry->d_name, st.st_uid);
	closedir(dir);
}

static void
check_config_file(struct check *c)
{
	const char *path = c->cli->config_path;
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & 022) != 0)
		mode_mistake(c, path, &st, 0644);
}

/* serve takes none that others can read. */
static void
check_private_file(struct check *c, const char *name)
{
	struct stat st;

	if (name != NULL && stat(state_path(c->cli, name), &st) == 0 &&
	    (st.st_mode & 077) != 0)
		mode_mistake(c, state_path(c->cli, name), &st, 0600);
}

static void
check_private_files(struct check *c)
{
	const struct config *config = c->config;

	for (size_t i = 0; i < config->est.labels_n; i++)
		check_private_file(c, config->est.labels[i].named_keys_file);
	for (size_t i = 0; i < config->scep.profiles_n; i++)
		check_private_file(c, config->scep.profiles[i].challenge_file);
	for (size_t i = 0; i < config->webhooks_n; i++) {
		check_private_file(c, config->webhooks[i].secret_file);
		check_private_file(c, config->webhooks[i].token_file);
	}
	for (size_t i = 0; i < config->intune_n; i++)
		check_private_file(c, config->intune[i].client_secret_file);
}

/* Kept for convenience; a copy of the folder then opens its own keys. */
static void
check_kept(struct check *c, const char *name, const char *mend)
{
	const char *path = state_path(c->cli, name);

	if (access(path, F_OK) == 0)
		check_warning(c, path, "a passphrase next to the keys",
		    "it elsewhere: a systemd credential, --passphrase-file, "
		    "the environment",
		    mend);
}

void
check_state(struct check *c)
{
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		check_folder(
		    c, folders[i].name, folders[i].mode, folders[i].forbidden);
	check_key_files(c);
	check_config_file(c);
	check_private_files(c);
	check_kept(c, passphrase_online.kept,
	    "move it away and start serve with it by one of these ways");
	check_kept(c, passphrase_root.kept,
	    "move it and keys/root.key offline: serve needs neither");
}
