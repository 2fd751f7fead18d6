#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/files.h"
#include "net/listen.h"
#include "net/outgoing.h"

/* The port of a listener in the configuration; 0 is any. */
static int64_t
port_of(const struct config_listen *l)
{
	if (l->sa.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)&l->sa)
				 ->sin_port);
	return ntohs(
	    ((const struct sockaddr_in6 *)(const void *)&l->sa)->sin6_port);
}

/* Does our own server hold it? */
static bool
is_ours(const struct check *c, const struct config_listen *l)
{
	const char *kind = net_listener_name(l->kind);

	for (size_t i = 0; i < c->bound.n; i++)
		if (strcmp(c->bound.v[i].kind, kind) == 0 &&
		    (port_of(l) == 0 || c->bound.v[i].port == port_of(l)))
			return true;
	return false;
}

/* All stay open until the last was tried, so that two of the same are seen. */
static void
check_ports(struct check *c)
{
	const struct config *config = c->config;
	int fds[NET_MAX_LISTENERS];
	size_t n = MIN_OF(config->listen_n, (size_t)NET_MAX_LISTENERS);

	for (size_t i = 0; i < n; i++) {
		const struct config_listen *l = &config->listen[i];
		struct finding new = { .kind = FINDING_MISTAKE,
			.where = c->cli->config_path,
			.line = l->line,
			.column = 1,
			.expected = "an address that can be listened on",
			.mend = "stop what uses it, or choose another port" };
		struct err err = { 0 };

		fds[i] = -1;
		if (is_ours(c, l) || net_listen_open(l, &fds[i], &err))
			continue;
		fds[i] = -1;
		new.found = arena_printf(c->cli->arena, "%s listener: %s",
		    net_listener_name(l->kind), err.shown);
		finding_add(&c->findings, &new);
	}
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* serve goes into the state directory first, so a relative path may lie deep;
 * other programs name it whole (108 octets with the end, unix(7)). */
static void
check_control(struct check *c)
{
	struct arena *a = c->cli->arena;
	const char *path = path_absolute(c->cli, c->config->control_socket);
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (strlen(path) > 107)
		check_warning(c, path,
		    arena_printf(a,
			"a control socket whose whole path has %zu octets",
			strlen(path)),
		    "at most 107, for programs other than chancery",
		    "set control_socket to a shorter path");
	if (slash != NULL && slash != path &&
	    (stat(arena_str(a, bytes_of(path, (size_t)(slash - path))), &st) !=
		    0 ||
		!S_ISDIR(st.st_mode)))
		check_mistake(c, path, "no folder for the control socket",
		    "a folder", "make it, or change control_socket");
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		check_mistake(c, path, "something other than a socket",
		    "nothing, or the socket of the last run", "remove it");
}

static void
check_group(struct check *c)
{
	const char *name = c->config->control_group;

	if (name != NULL && getgrnam(name) == NULL)
		check_mistake(c, c->cli->config_path,
		    arena_printf(c->cli->arena,
			"control_group: no group %s on this system", name),
		    "a group of those who decide requests",
		    "groupadd --system, or leave control_group out");
}

static void
check_outgoing(struct check *c)
{
	const struct outgoing_deps deps = { state_file_read, c->cli };
	struct err err = { 0 };

	if (!outgoing_check(&deps, &c->config->outgoing, &err))
		check_mistake(c, c->cli->config_path,
		    arena_strdup(c->cli->arena, err.shown),
		    "a file of certificates in PEM, a proxy as "
		    "http://HOST:PORT",
		    "correct it, or take it from outgoing");
}

void
check_net(struct check *c)
{
	check_ports(c);
	check_control(c);
	check_group(c);
	check_outgoing(c);
}

static void
check_user(struct check *c, const char *key, const char *name)
{
	struct arena *a = c->cli->arena;

	if (getpwnam(name) == NULL)
		check_warning(c, c->cli->config_path,
		    arena_printf(
			a, "%s: no account %s on this system", key, name),
		    "an account, so that its files have an owner with a name",
		    "systemd-sysusers with conf/sysusers.d/chancery.conf, or "
		    "adduser --system");
}

void
check_users(struct check *c)
{
	if (geteuid() == 0) {
		check_user(c, "user", c->config->user);
		check_user(c, "signer_user", c->config->signer_user);
		return;
	}
	check_note(c, c->cli->state,
	    arena_printf(c->cli->arena,
		"a check as uid %u: started by this user, server and signer "
		"share one uid; started as root, each has its own",
		(unsigned)geteuid()));
}
