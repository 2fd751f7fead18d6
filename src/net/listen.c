#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "net/listen.h"
#include "util/own.h"
#include "util/text.h"

#define BACKLOG 1024
#define LISTEN_FDS_START 3

static const struct {
	enum listener_kind kind;
	const char *name;
	unsigned tls_min;
} kinds[] = {
	{ LISTENER_HTTPS, "https", 0x0304 },
	{ LISTENER_EST, "est", 0x0303 },
	{ LISTENER_HTTP, "http", 0 },
	{ LISTENER_OPS, "ops", 0 },
	{ LISTENER_CONTROL, "control", 0 },
};

const char *
net_listener_name(enum listener_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "unknown";
}

static bool
set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

bool
net_listen_open(const struct config_listen *l, int *fd, struct err *err)
{
	AUTO_FD s = socket(
	    l->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (s < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "no socket for %s", l->address);
	if (!set_option(s, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    (l->sa.ss_family == AF_INET6 &&
		!set_option(s, IPPROTO_IPV6, IPV6_V6ONLY, 0)) ||
	    /* Accepted sockets inherit it: no call per connection. */
	    !set_option(s, IPPROTO_TCP, TCP_NODELAY, 1))
		return fail_errno(
		    err, ERR_SYSTEM, "socket options for %s", l->address);
	if (bind(s, (const struct sockaddr *)&l->sa, l->sa_len) != 0)
		return fail_errno(err, ERR_SYSTEM, "cannot listen on %s: %s",
		    l->address,
		    errno == EADDRINUSE	  ? "the port is in use"
			: errno == EACCES ? "the port needs more rights"
					  : "the address is not ours");
	if (listen(s, BACKLOG) != 0)
		return fail_errno(
		    err, ERR_SYSTEM, "cannot listen on %s", l->address);
	*fd = s;
	s = -1;
	return true;
}

/* A socket that nobody answers on is left over from a crash. */
static bool
remove_stale(const struct sockaddr_un *sun, struct err *err)
{
	AUTO_FD s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (lstat(sun->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return fail(err, ERR_CONFIG,
		    "%s is not a socket, expected none or an old one",
		    sun->sun_path);
	if (s >= 0 &&
	    connect(s, (const struct sockaddr *)sun, sizeof(*sun)) == 0)
		return fail(err, ERR_SYSTEM, "another server answers on %s",
		    sun->sun_path);
	if (unlink(sun->sun_path) != 0)
		return fail_errno(
		    err, ERR_SYSTEM, "cannot remove the old %s", sun->sun_path);
	return true;
}

bool
net_listen_unix(const char *path, int *fd, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	AUTO_FD s =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t old;
	int r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return fail(err, ERR_CONFIG,
		    "the path %s has %zu octets, a socket's may have %zu", path,
		    strlen(path), sizeof(sun.sun_path) - 1);
	if (s < 0)
		return fail_errno(err, ERR_SYSTEM, "no socket for %s", path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (!remove_stale(&sun, err))
		return false;
	/* Never open to others, not even between bind and chmod. */
	old = umask(0177);
	r = bind(s, (const struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	if (r != 0 || listen(s, BACKLOG) != 0)
		return fail_errno(err, ERR_SYSTEM, "cannot listen on %s", path);
	*fd = s;
	s = -1;
	return true;
}

bool
net_listen_unix_share(const char *path, const char *group, struct err *err)
{
	const struct group *g = getgrnam(group);

	if (g == NULL)
		return fail(err, ERR_CONFIG,
		    "control_group: no group %s on this system", group);
	/* Its folder is ours alone to write: nobody else has changed what the
	 * path means. */
	if (lchown(path, (uid_t)-1, g->gr_gid) != 0 || chmod(path, 0660) != 0)
		return fail_errno(err, ERR_SYSTEM,
		    "cannot give the control socket to group %s", group);
	return true;
}

void
net_listen_address(int fd, char out[NET_ADDRESS_SIZE])
{
	union {
		struct sockaddr_storage ss;
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u = { 0 };
	socklen_t n = sizeof(u.ss);
	char text[INET6_ADDRSTRLEN] = "";

	out[0] = '\0';
	if (getsockname(fd, &u.sa, &n) != 0)
		return;
	if (u.ss.ss_family == AF_INET) {
		inet_ntop(AF_INET, &u.v4.sin_addr, text, sizeof(text));
		snprintf(
		    out, NET_ADDRESS_SIZE, "%s:%u", text, ntohs(u.v4.sin_port));
	} else if (u.ss.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &u.v6.sin6_addr, text, sizeof(text));
		snprintf(out, NET_ADDRESS_SIZE, "[%s]:%u", text,
		    ntohs(u.v6.sin6_port));
	} else if (u.ss.ss_family == AF_UNIX) {
		snprintf(out, NET_ADDRESS_SIZE, "unix");
	}
}

/* "https", "chancery-https" and "chancery-https.socket" name one kind. */
static bool
adopt_kind(const char *name, size_t n, struct net_listener *l)
{
	static const char unit[] = ".socket";
	const size_t unit_n = sizeof(unit) - 1;
	const char *dash;

	if (n > unit_n && memcmp(name + n - unit_n, unit, unit_n) == 0)
		n -= unit_n;
	dash = memrchr(name, '-', n);
	if (dash != NULL) {
		n -= (size_t)(dash + 1 - name);
		name = dash + 1;
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (n == strlen(kinds[i].name) &&
		    memcmp(name, kinds[i].name, n) == 0) {
			l->kind = kinds[i].kind;
			l->tls_min = kinds[i].tls_min;
			return true;
		}
	return false;
}

static bool
adopt_fd(int fd, struct net_listener *l, struct err *err)
{
	socklen_t n = sizeof(int);
	int listening = 0, flags = fcntl(fd, F_GETFL);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0 ||
	    !listening)
		return fail(err, ERR_CONFIG,
		    "descriptor %d from systemd is not a listening socket", fd);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return fail_errno(
		    err, ERR_SYSTEM, "descriptor %d from systemd", fd);
	/* Fails on a Unix socket, which needs it not. */
	(void)set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	l->fd = fd;
	return true;
}

bool
net_listen_adopt(
    struct net_listener *out, size_t max, size_t *n, struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	AUTO_STR *names = mem_strdup(
	    getenv("LISTEN_FDNAMES") == NULL ? "" : getenv("LISTEN_FDNAMES"));
	const char *name = names;
	int64_t owner, count;

	*n = 0;
	if (pid == NULL || fds == NULL)
		return true;
	if (!text_parse_int(pid, 1, INT32_MAX, &owner, err) ||
	    !text_parse_int(fds, 0, (int64_t)max, &count, err))
		return false;
	if (owner != getpid())
		return true;
	for (int64_t i = 0; i < count; i++) {
		size_t len = strcspn(name, ":");
		struct net_listener l = { 0 };

		if (!adopt_kind(name, len, &l))
			return fail(err, ERR_CONFIG,
			    "systemd passed a socket named \"%.*s\", expected "
			    "https, est, http, ops or control "
			    "(FileDescriptorName=)",
			    (int)len, name);
		if (!adopt_fd(LISTEN_FDS_START + (int)i, &l, err))
			return false;
		out[(*n)++] = l;
		name += len + (name[len] == ':');
	}
	/* Children must not take them for theirs. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return true;
}
