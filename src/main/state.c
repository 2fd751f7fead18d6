#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/random.h"
#include "main/boot.h"
#include "main/state.h"
#include "util/file.h"
#include "util/secret.h"

static const struct {
	const char *name;
	mode_t mode;
} parts[] = {
	{ "keys", 0700 },
	{ "certs", 0755 },
	{ "db", 0700 },
	{ "crl", 0755 },
	{ "run", 0755 },
};

bool
state_open(const char *path, struct state *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, ERR_NOT_FOUND,
		    "state directory %s: %s; expected a directory made by "
		    "chancery init",
		    path, strerror(errno));
	*out = (struct state){ path, fd };
	return true;
}

void
state_close(struct state *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

bool
state_create(const char *path, struct state *out, struct err *err)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return fail(err, ERR_SYSTEM,
		    "the state directory %s cannot be made: %s", path,
		    strerror(errno));
	if (!state_open(path, out, err))
		return false;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (mkdirat(out->fd, parts[i].name, parts[i].mode) != 0 &&
		    errno != EEXIST) {
			fail(err, ERR_SYSTEM, "%s/%s cannot be made: %s", path,
			    parts[i].name, strerror(errno));
			state_close(out);
			return false;
		}
	return true;
}

bool
state_exists(const struct state *s, const char *path)
{
	struct stat st;

	return fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
state_read(const struct state *s, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	return file_read_at(s->fd, path, max, a, out, err);
}

bool
state_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	return state_read(ctx, path, max, a, out, err);
}

bool
state_write_new(const struct state *s, const char *path, unsigned mode,
    struct bytes content, struct err *err)
{
	return file_write_new_at(s->fd, path, mode, content, err);
}

bool
state_replace(const struct state *s, const char *path, unsigned mode,
    struct bytes content, struct err *err)
{
	return file_replace_at(s->fd, path, mode, content, err);
}

bool
seal_key_make(const struct state *s, struct err *err)
{
	struct random random = random_system();
	uint8_t octets[SEAL_KEY_SIZE];
	bool ok;

	random_fill(&random, octets, sizeof(octets));
	ok = state_write_new(
	    s, SEAL_KEY_PATH, 0600, bytes_of(octets, sizeof(octets)), err);
	secret_wipe(octets, sizeof(octets));
	return ok;
}
