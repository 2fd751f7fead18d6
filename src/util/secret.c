#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "util/secret.h"

/* Pages of its own, so that they can be locked and left out of core dumps. */
struct secret {
	size_t n, mapped;
	uint8_t data[];
};

struct secret *
secret_new(const void *p, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t mapped;
	struct secret *s;

	if (n > SIZE_MAX / 2)
		return mem_array(n, SIZE_MAX); /* ends the process */
	mapped = (sizeof(*s) + n + page - 1) / page * page;
	s = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return mem_array(SIZE_MAX, SIZE_MAX); /* ends the process */
	/* Both are best effort: RLIMIT_MEMLOCK is often small. */
	(void)mlock(s, mapped);
	(void)madvise(s, mapped, MADV_DONTDUMP);
	s->n = n;
	s->mapped = mapped;
	if (n != 0)
		memcpy(s->data, p, n);
	return s;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	secret_wipe(s->data, s->n);
	munmap(s, s->mapped);
}

struct bytes
secret_reveal(const struct secret *s)
{
	return bytes_of(s->data, s->n);
}

void
secret_wipe(void *p, size_t n)
{
	if (n != 0)
		explicit_bzero(p, n);
}
