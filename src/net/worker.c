#include <pthread.h>
#include <stdlib.h>
#include "net/loop.h"
#include "net/thread.h"
#include "net/worker.h"

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct exchange_list queue;
	size_t depth, max;
	bool stop;
	pthread_t *threads;
	unsigned threads_n;
};

struct workers *
workers_new(size_t queue)
{
	struct workers *w = mem_alloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->posted, NULL);
	TAILQ_INIT(&w->queue);
	w->max = queue;
	return w;
}

static void
run(struct exchange *ex)
{
	if (!ex->second_half) {
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

static struct exchange *
take(struct workers *w)
{
	struct exchange *ex;

	pthread_mutex_lock(&w->lock);
	while ((ex = TAILQ_FIRST(&w->queue)) == NULL && !w->stop)
		pthread_cond_wait(&w->posted, &w->lock);
	if (ex != NULL) {
		TAILQ_REMOVE(&w->queue, ex, queued);
		w->depth--;
	}
	pthread_mutex_unlock(&w->lock);
	return ex;
}

static void *
worker_main(void *arg)
{
	struct workers *w = arg;
	struct exchange *ex;

	while ((ex = take(w)) != NULL) {
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
		if (!thread_start(
			&w->threads[i], "worker", worker_main, w, err))
			return false;
		w->threads_n++;
	}
	return true;
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->posted);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads_n; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->posted);
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
	bool ok;

	pthread_mutex_lock(&w->lock);
	ok = w->depth < w->max || ex->second_half;
	if (ok) {
		TAILQ_INSERT_TAIL(&w->queue, ex, queued);
		w->depth++;
		pthread_cond_signal(&w->posted);
	}
	pthread_mutex_unlock(&w->lock);
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
