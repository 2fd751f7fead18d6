#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"
#include "util/secret.h"

/* What a pipe is asked for at a time: --csr <(…). */
#define CHUNK 65536u

static bool
fail_large(const char *shown, size_t max, struct err *err)
{
	return fail(
	    err, ERR_TOO_LARGE, "%s has more than %zu octets", shown, max);
}

static bool
fail_read(const char *shown, struct err *err)
{
	return fail(
	    err, ERR_SYSTEM, "%s cannot be read: %s", shown, strerror(errno));
}

/* By pread: whoever else holds the file may have moved its offset. */
static bool
read_regular(int fd, const char *shown, size_t size, struct arena *a,
    struct bytes *out, struct err *err)
{
	uint8_t *p = arena_alloc(a, size + 1);
	size_t n = 0;

	while (n < size) {
		ssize_t got = pread(fd, p + n, size - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_read(shown, err);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*out = bytes_of(p, n);
	return true;
}

static bool
read_pipe(int fd, const char *shown, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	AUTO_BUF b = { 0 };
	ssize_t n;

	do {
		buf_reserve(&b, CHUNK);
		n = read(fd, b.p + b.n, CHUNK);
		if (n > 0)
			b.n += (size_t)n;
	} while ((n > 0 && b.n <= max) || (n < 0 && errno == EINTR));
	if (n < 0)
		return fail_read(shown, err);
	if (b.n > max)
		return fail_large(shown, max, err);
	*out = bytes_str(arena_str(a, buf_bytes(&b)));
	out->n = b.n;
	/* It may have been a passphrase. */
	secret_wipe(b.p, b.n);
	return true;
}

bool
file_read_fd(int fd, const char *shown, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_read(shown, err);
	if (!S_ISREG(st.st_mode))
		return read_pipe(fd, shown, max, a, out, err);
	if ((uint64_t)st.st_size > max)
		return fail_large(shown, max, err);
	return read_regular(fd, shown, (size_t)st.st_size, a, out, err);
}

bool
file_read_at(int folder, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	AUTO_FD fd = openat(folder, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM,
		    "%s: %s", path, strerror(errno));
	return file_read_fd(fd, path, max, a, out, err);
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
sync_folder(int folder, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_STR *name = slash == NULL
	    ? mem_strdup(".")
	    : mem_printf("%.*s", (int)(slash - path + 1), path);
	AUTO_FD fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return fail(err, ERR_SYSTEM, "%s cannot be synced: %s", name,
		    strerror(errno));
	return true;
}

bool
file_write_new_at(int folder, const char *path, unsigned mode,
    struct bytes content, struct err *err)
{
	AUTO_FD fd =
	    openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return fail(err, errno == EEXIST ? ERR_CONFLICT : ERR_SYSTEM,
		    "%s cannot be made: %s", path, strerror(errno));
	return write_all(fd, path, content, err) &&
	    sync_folder(folder, path, err);
}

bool
file_replace_at(int folder, const char *path, unsigned mode,
    struct bytes content, struct err *err)
{
	AUTO_STR *temporary = mem_printf("%s.new", path);
	AUTO_FD fd = openat(folder, temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return fail(err, ERR_SYSTEM, "%s cannot be made: %s", temporary,
		    strerror(errno));
	if (!write_all(fd, temporary, content, err))
		return false;
	if (renameat(folder, temporary, folder, path) != 0)
		return fail(err, ERR_SYSTEM, "%s cannot be replaced: %s", path,
		    strerror(errno));
	return sync_folder(folder, path, err);
}
