#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/users.h"
#include "util/own.h"

/* Beyond what Debian hands out statically and systemd dynamically. */
#define SERVER_UID 64321u
#define SIGNER_UID 64322u

static struct user
find(const char *name, uid_t fallback)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL || pw->pw_uid == 0)
		return (struct user){ name, fallback, fallback, false };
	return (struct user){ name, pw->pw_uid, pw->pw_gid, true };
}

void
users_find(const struct config *config, struct users *out)
{
	out->separate = geteuid() == 0;
	if (out->separate) {
		out->server = find(config->user, SERVER_UID);
		out->signer = find(config->signer_user, SIGNER_UID);
		return;
	}
	out->server = (struct user){ config->user, geteuid(), getegid(), true };
	out->signer = out->server;
}

bool
user_become(const struct user *u, struct err *err)
{
	if (setgroups(0, NULL) != 0 || setresgid(u->gid, u->gid, u->gid) != 0 ||
	    setresuid(u->uid, u->uid, u->uid) != 0)
		return fail_errno(err, ERR_SYSTEM, "cannot become %s (uid %u)",
		    u->name, u->uid);
	if (setresuid(0, 0, 0) == 0)
		return fail(err, ERR_INTERNAL,
		    "root came back after becoming %s", u->name);
	return true;
}

/*
 * The folder is the server's: what a taken one has left there, a link to a file
 * of somebody else's above all, must not become the server's by our hand.
 */
static bool
give(int dir, const char *name, const struct user *u, struct err *err)
{
	AUTO_FD fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_errno(err, ERR_SYSTEM, "db/%s", name);
	if (st.st_uid == u->uid && st.st_gid == u->gid)
		return true;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return fail(err, ERR_CONFIG,
		    "db/%s is no regular file of one name; expected nothing "
		    "but the database there",
		    name);
	if (fchownat(fd, "", u->uid, u->gid, AT_EMPTY_PATH) != 0)
		return fail_errno(err, ERR_SYSTEM,
		    "db/%s cannot be given to %s", name, u->name);
	return true;
}

bool
users_own_database(const struct users *u, int state_fd, struct err *err)
{
	int fd;
	DIR *dir;
	const struct dirent *entry;
	bool ok = true;

	if (!u->separate)
		return true;
	fd = openat(state_fd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (dir = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			close(fd);
		return fail_errno(err, ERR_SYSTEM, "db/ cannot be opened");
	}
	if (fchown(fd, u->server.uid, u->server.gid) != 0)
		ok = fail_errno(err, ERR_SYSTEM, "db/ cannot be given to %s",
		    u->server.name);
	while (ok && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			ok = give(fd, entry->d_name, &u->server, err);
	closedir(dir);
	return ok;
}
