#include <pthread.h>
#include <stdlib.h>

#include "scep/inquiry_job.h"
#include "scep/runner.h"
#include "util/log.h"

#define CLAIM_MAX 16u
#define THREADS_MAX 16u

struct runner {
	struct scep *scep;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken, stopping;
	pthread_t threads[THREADS_MAX];
	unsigned threads_n;
};

/* What is due, once; *more: there may be others. */
static bool
run_some(struct runner *r, bool *more, struct err *err)
{
	struct scep *scep = r->scep;
	int64_t now = clock_now(&scep->deps.clock), due;
	AUTO_ARENA *a = NULL;
	struct inquiry *rows;
	size_t n;

	*more = false;
	/* A read, so that an idle server commits nothing. */
	if (!store_inquiry_next_due(scep->deps.store, &due, err))
		return false;
	if (due == 0 || due > now)
		return true;
	a = arena_new();
	if (!store_inquiry_claim(
		scep->deps.store, now, CLAIM_MAX, a, &rows, &n, err))
		return false;
	*more = n == CLAIM_MAX;
	if (*more)
		runner_wake(r);
	for (size_t i = 0; i < n; i++)
		inquiry_step(scep, &rows[i], NULL);
	return true;
}

static bool
wait_for_work(struct runner *r)
{
	bool go;

	pthread_mutex_lock(&r->lock);
	while (!r->woken && !r->stopping)
		pthread_cond_wait(&r->wake, &r->lock);
	r->woken = false;
	go = !r->stopping;
	pthread_mutex_unlock(&r->lock);
	return go;
}

static void *
run(void *arg)
{
	struct runner *r = arg;

	while (wait_for_work(r)) {
		struct err err = { 0 };
		bool more;

		/* Tried again at housekeeping's next look. */
		if (!run_some(r, &more, &err))
			log_err(LOG_WARN, "inquiries", &err);
	}
	return NULL;
}

struct runner *
runner_new(struct scep *scep, unsigned threads)
{
	struct runner *r = mem_alloc(sizeof(*r));

	r->scep = scep;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	while (r->threads_n < MIN_OF(threads, THREADS_MAX))
		if (pthread_create(&r->threads[r->threads_n++], NULL, run, r) !=
		    0)
			abort();
	return r;
}

void
runner_stop(struct runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	while (r->threads_n > 0)
		pthread_join(r->threads[--r->threads_n], NULL);
}

void
runner_free(struct runner *r)
{
	if (r == NULL)
		return;
	runner_stop(r);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
runner_wake(struct runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->woken = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

bool
runner_look(struct runner *r, struct err *err)
{
	bool more = true;
	int64_t due;

	if (r->threads_n == 0) {
		while (more)
			if (!run_some(r, &more, err))
				return false;
		return true;
	}
	if (!store_inquiry_next_due(r->scep->deps.store, &due, err))
		return false;
	if (due != 0 && due <= clock_now(&r->scep->deps.clock))
		runner_wake(r);
	return true;
}
