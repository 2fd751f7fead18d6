#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "util/secret.h"

/* Pages of its own, so that they can be locked and left out of core dumps. */
struct secret {
	size_t n, mapped;
	uint8_t data[];
};

/*
 * Single pages that were wiped and wait for the next secret, still locked:
 * making and unmaking one costs four system calls and interrupts every other
 * core (a message of SCEP is a secret).  Sanitizers are to see a use after the
 * free, so there nothing is kept.
 */
#ifdef CHANCERY_SANITIZED
#define KEPT_MAX 0u
#else
#define KEPT_MAX 64u
#endif
static struct {
	pthread_mutex_t lock;
	struct secret *page[KEPT_MAX + 1];
	unsigned n;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct secret *
kept_take(void)
{
	struct secret *s = NULL;

	pthread_mutex_lock(&kept.lock);
	if (kept.n > 0)
		s = kept.page[--kept.n];
	pthread_mutex_unlock(&kept.lock);
	return s;
}

static bool
kept_give(struct secret *s)
{
	bool taken;

	pthread_mutex_lock(&kept.lock);
	taken = kept.n + 1 <= KEPT_MAX;
	if (taken)
		kept.page[kept.n++] = s;
	pthread_mutex_unlock(&kept.lock);
	return taken;
}

static struct secret *
pages_new(size_t mapped)
{
	struct secret *s;

	s = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return mem_array(SIZE_MAX, SIZE_MAX); /* ends the process */
	/* Both are best effort: RLIMIT_MEMLOCK is often small. */
	(void)mlock(s, mapped);
	(void)madvise(s, mapped, MADV_DONTDUMP);
	s->mapped = mapped;
	return s;
}

struct secret *
secret_new(const void *p, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct secret *s = NULL;
	size_t mapped;

	if (n > SIZE_MAX / 2)
		return mem_array(n, SIZE_MAX); /* ends the process */
	mapped = (sizeof(*s) + n + page - 1) / page * page;
	if (mapped == page)
		s = kept_take();
	if (s == NULL)
		s = pages_new(mapped);
	s->n = n;
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
	s->n = 0;
	if (s->mapped != (size_t)sysconf(_SC_PAGESIZE) || !kept_give(s))
		munmap(s, s->mapped);
}

void
secret_cut(struct secret *s, size_t n)
{
	if (n >= s->n)
		return;
	secret_wipe(s->data + n, s->n - n);
	s->n = n;
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
