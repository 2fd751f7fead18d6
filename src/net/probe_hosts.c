#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "net/probe_hosts.h"
#include "util/log.h"

struct probe_hosts {
	char *path;
	struct arena *arena;
	struct hosts *hosts;
	struct timespec changed;
	ino_t inode;
};

static bool
read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t r = read(fd, p, n);

		if (r <= 0)
			return false;
		p += r;
		n -= (size_t)r;
	}
	return true;
}

/* The text lies in the arena, which is taken too. */
static void
hosts_take(struct probe_hosts *h, struct bytes text, struct arena *arena)
{
	arena_free(h->arena);
	h->hosts = hosts_parse(text, arena);
	h->arena = arena;
}

static bool
hosts_load(struct probe_hosts *h, struct err *err)
{
	AUTO_FD fd = open(h->path, O_RDONLY | O_CLOEXEC);
	AUTO_ARENA *arena = arena_new();
	struct stat st;
	uint8_t *p;

	/* A system without the file has no entries (Debian's minimal trees);
	 * one that appears later is read then. */
	if (fd < 0 && errno == ENOENT) {
		hosts_take(h, BYTES_NONE, TAKE(arena));
		return true;
	}
	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_errno(err, ERR_CONFIG,
		    "validation.hosts_file %s cannot be read", h->path);
	if (!S_ISREG(st.st_mode) || st.st_size > HOSTS_MAX_FILE)
		return fail(err, ERR_CONFIG,
		    "validation.hosts_file %s is no file of at most %u octets",
		    h->path, HOSTS_MAX_FILE);
	p = arena_alloc(arena, (size_t)st.st_size + 1);
	if (!read_all(fd, p, (size_t)st.st_size))
		return fail_errno(err, ERR_CONFIG,
		    "validation.hosts_file %s cannot be read", h->path);
	hosts_take(h, bytes_of(p, (size_t)st.st_size), TAKE(arena));
	h->changed = st.st_mtim;
	h->inode = st.st_ino;
	return true;
}

bool
probe_hosts_new(const char *path, struct probe_hosts **out, struct err *err)
{
	struct probe_hosts *h = mem_alloc(sizeof(*h));

	h->path = mem_strdup(path);
	h->arena = arena_new();
	if (!hosts_load(h, err)) {
		probe_hosts_free(h);
		return false;
	}
	*out = h;
	return true;
}

void
probe_hosts_free(struct probe_hosts *h)
{
	if (h == NULL)
		return;
	arena_free(h->arena);
	free(h->path);
	free(h);
}

size_t
probe_hosts_find(struct probe_hosts *h, const char *name,
    struct probe_address *out, size_t max)
{
	struct err err = { 0 };
	struct stat st;

	if (stat(h->path, &st) == 0 &&
	    (st.st_ino != h->inode || st.st_mtim.tv_sec != h->changed.tv_sec ||
		st.st_mtim.tv_nsec != h->changed.tv_nsec) &&
	    !hosts_load(h, &err)) {
		/* Once per change; what was read before stays. */
		h->inode = st.st_ino;
		h->changed = st.st_mtim;
		log_err(LOG_WARN, "hosts-file", &err);
	}
	return hosts_find(h->hosts, name, out, max);
}
