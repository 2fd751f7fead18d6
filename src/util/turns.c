#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/turns.h"

struct turns {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned most, waiting_max, running, waiting;
};

unsigned
turns_half_of_the_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 4 ? 1 : (unsigned)(cores / 2);
}

struct turns *
turns_new(unsigned most, unsigned waiting_max)
{
	struct turns *t = mem_alloc(sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->freed, NULL);
	t->most = most;
	t->waiting_max = waiting_max;
	return t;
}

void
turns_free(struct turns *t)
{
	if (t == NULL)
		return;
	pthread_cond_destroy(&t->freed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

bool
turns_enter(struct turns *t)
{
	bool entered;

	pthread_mutex_lock(&t->lock);
	entered = t->running < t->most || t->waiting < t->waiting_max;
	if (entered) {
		t->waiting++;
		while (t->running == t->most)
			pthread_cond_wait(&t->freed, &t->lock);
		t->waiting--;
		t->running++;
	}
	pthread_mutex_unlock(&t->lock);
	return entered;
}

void
turns_leave(struct turns *t)
{
	pthread_mutex_lock(&t->lock);
	t->running--;
	pthread_cond_signal(&t->freed);
	pthread_mutex_unlock(&t->lock);
}
