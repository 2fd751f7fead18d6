#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/queue.h>
#include "net/loop.h"
#include "net/thread.h"
#include "net/worker.h"

struct worker {
	struct workers *all;
	pthread_t thread;
	sem_t wake;
	struct exchange *handed; /* by who woke it; NULL at the end */
	SLIST_ENTRY(worker) idle;
};

struct workers {
	pthread_mutex_t lock;
	struct exchange_list queue;
	/* Last in, first out: its memory and its reader are warm. */
	SLIST_HEAD(, worker) idle;
	size_t depth, max;
	bool stop;
	struct worker *threads;
	unsigned threads_n;
};

struct workers *
workers_new(size_t queue)
{
	struct workers *w = mem_alloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	TAILQ_INIT(&w->queue);
	SLIST_INIT(&w->idle);
	w->max = queue;
	return w;
}

static void
run(struct exchange *ex)
{
	if (!ex->second_half) {
		if (ex->resp.rest != NULL)
			http_route_run_rest(&ex->req, &ex->resp);
		else
			http_route_run(ex->route, &ex->req, &ex->resp);
		return;
	}
	void (*then)(void *, struct http_req *, struct http_resp *) =
	    ex->resp.wait_then;
	void *ctx = ex->resp.wait_ctx;

	blob_unref(ex->resp.blob);
	ex->resp = (struct http_resp){ 0 };
	then(ctx, &ex->req, &ex->resp);
	/* A second half is a pure read: it does not wait again. */
	http_ticket_drop(ex->resp.wait);
	ex->resp.wait = NULL;
}

/* The next job, or a sleep until one is handed over; NULL at the end. */
static struct exchange *
take(struct worker *self)
{
	struct workers *w = self->all;
	struct exchange *ex;
	bool stop;

	pthread_mutex_lock(&w->lock);
	ex = TAILQ_FIRST(&w->queue);
	stop = w->stop;
	if (ex != NULL) {
		TAILQ_REMOVE(&w->queue, ex, queued);
		w->depth--;
	} else if (!stop) {
		SLIST_INSERT_HEAD(&w->idle, self, idle);
	}
	pthread_mutex_unlock(&w->lock);
	if (ex != NULL || stop)
		return ex;
	while (sem_wait(&self->wake) != 0)
		continue;
	return self->handed;
}

static void *
worker_main(void *arg)
{
	struct worker *self = arg;
	struct exchange *ex;

	while ((ex = take(self)) != NULL) {
		run(ex);
		mailbox_post(&ex->loop->mailbox, &ex->reply);
	}
	return NULL;
}

bool
workers_start(struct workers *w, unsigned threads, struct err *err)
{
	w->threads = mem_array(threads, sizeof(*w->threads));
	for (unsigned i = 0; i < threads; i++) {
		struct worker *t = &w->threads[i];

		t->all = w;
		sem_init(&t->wake, 0, 0);
		if (!thread_start(&t->thread, "worker", worker_main, t, err)) {
			sem_destroy(&t->wake);
			return false;
		}
		w->threads_n++;
	}
	return true;
}

void
workers_free(struct workers *w)
{
	struct worker *t;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	while ((t = SLIST_FIRST(&w->idle)) != NULL) {
		SLIST_REMOVE_HEAD(&w->idle, idle);
		t->handed = NULL;
		sem_post(&t->wake);
	}
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads_n; i++) {
		pthread_join(w->threads[i].thread, NULL);
		sem_destroy(&w->threads[i].wake);
	}
	pthread_mutex_destroy(&w->lock);
	free(w->threads);
	free(w);
}

void
workers_set_queue(struct workers *w, size_t queue)
{
	pthread_mutex_lock(&w->lock);
	w->max = queue;
	pthread_mutex_unlock(&w->lock);
}

bool
workers_post(struct workers *w, struct exchange *ex)
{
	struct worker *t;
	bool ok = true;

	pthread_mutex_lock(&w->lock);
	t = SLIST_FIRST(&w->idle);
	if (t != NULL) {
		SLIST_REMOVE_HEAD(&w->idle, idle);
	} else if (w->depth < w->max || ex->second_half) {
		TAILQ_INSERT_TAIL(&w->queue, ex, queued);
		w->depth++;
	} else {
		ok = false;
	}
	pthread_mutex_unlock(&w->lock);
	if (t != NULL) {
		/* Nobody else wakes it, and it looks at nothing before. */
		t->handed = ex;
		sem_post(&t->wake);
	}
	return ok;
}

size_t
workers_depth(struct workers *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->depth;
	pthread_mutex_unlock(&w->lock);
	return n;
}
