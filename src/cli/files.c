#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/files.h"

/* Pipes are read too: --csr <(…). */
static bool
read_fd(int fd, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct buf b = { 0 };
	ssize_t n;

	do {
		buf_reserve(&b, 65536);
		n = read(fd, b.p + b.n, 65536);
		if (n > 0)
			b.n += (size_t)n;
	} while ((n > 0 && b.n <= max) || (n < 0 && errno == EINTR));
	if (n >= 0 && b.n <= max) {
		(void)buf_cstr(&b);
		*out = arena_take_buf(a, &b);
		return true;
	}
	buf_free(&b);
	if (n < 0)
		return fail(err, ERR_SYSTEM, "%s cannot be read: %s", path,
		    strerror(errno));
	return fail(
	    err, ERR_TOO_LARGE, "%s has more than %zu octets", path, max);
}

bool
file_read(const char *path, size_t max, struct arena *a, struct bytes *out,
    struct err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM,
		    "%s: %s", path, strerror(errno));
	return read_fd(fd, path, max, a, out, err);
}

static bool
write_all(int fd, const char *path, struct bytes content, struct err *err)
{
	while (content.n > 0) {
		ssize_t n = write(fd, content.p, content.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, ERR_SYSTEM, "%s cannot be written: %s",
			    path, strerror(errno));
		content.p += n;
		content.n -= (size_t)n;
	}
	if (fsync(fd) != 0)
		return fail(err, ERR_SYSTEM, "%s cannot be synced: %s", path,
		    strerror(errno));
	return true;
}

/* A file's name is durable only with its folder. */
static bool
sync_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_STR *folder = slash == NULL
	    ? mem_strdup(".")
	    : mem_printf("%.*s", (int)(slash - path + 1), path);
	AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return fail(err, ERR_SYSTEM, "%s cannot be synced: %s", folder,
		    strerror(errno));
	return true;
}

bool
file_write_new(
    const char *path, unsigned mode, struct bytes content, struct err *err)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return fail(err, errno == EEXIST ? ERR_CONFLICT : ERR_SYSTEM,
		    "%s cannot be made: %s", path, strerror(errno));
	return write_all(fd, path, content, err) && sync_folder(path, err);
}

bool
file_replace(
    const char *path, unsigned mode, struct bytes content, struct err *err)
{
	AUTO_STR *temporary = mem_printf("%s.new", path);
	AUTO_FD fd = open(temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return fail(err, ERR_SYSTEM, "%s cannot be made: %s", temporary,
		    strerror(errno));
	if (!write_all(fd, temporary, content, err))
		return false;
	if (rename(temporary, path) != 0)
		return fail(err, ERR_SYSTEM, "%s cannot be replaced: %s", path,
		    strerror(errno));
	return sync_folder(path, err);
}

const char *
state_path(const struct cli *cli, const char *path)
{
	return path[0] == '/'
	    ? path
	    : arena_printf(cli->arena, "%s/%s", cli->state, path);
}

const char *
path_absolute(const struct cli *cli, const char *path)
{
	AUTO_STR *state = realpath(cli->state, NULL);

	if (path[0] == '/' || state == NULL)
		return state_path(cli, path);
	return arena_printf(cli->arena, "%s/%s", state, path);
}

/* The core names the file itself: what is told here is why. */
bool
state_file_read(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	const char *whole = state_path(ctx, path);
	struct err why = { 0 };
	size_t n = strlen(whole);

	if (file_read(whole, max, a, out, &why))
		return true;
	return fail(err, why.kind, "%s",
	    strncmp(why.shown, whole, n) == 0 && why.shown[n] == ':'
		? why.shown + n + 2
		: why.shown);
}
