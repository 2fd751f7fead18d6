#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "net/loop.h"
#include "net/recorder.h"
#include "net/thread.h"
#include "util/log.h"

#define MAX_WAITING 2048u
/* Between two looks at the queue: lines gather, and nobody wakes us for one. */
#define GATHER_NS 5000000
/* Of a path; an OCSP request in one is long and says nothing. */
#define MAX_PATH 160u

struct recorder {
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct exchange_list queue;
	size_t depth;
	uint64_t dropped;
	bool started, stop;
	pthread_t thread;
};

struct recorder *
recorder_new(void)
{
	struct recorder *r = mem_alloc(sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->posted, NULL);
	TAILQ_INIT(&r->queue);
	return r;
}

/* The query is left out: SCEP and OCSP put whole messages there. */
static void
write_line(const struct exchange *ex)
{
	const struct http_req *req = &ex->req;
	bool quiet = !ex->ran_on_worker && ex->resp.status < 400;
	char id[24], path[MAX_PATH + 4] = "";

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)req->id);
	if (req->path != NULL)
		snprintf(path, sizeof(path), "%.*s%s", (int)MAX_PATH, req->path,
		    strlen(req->path) > MAX_PATH ? "..." : "");
	log_event(quiet ? LOG_DEBUG : LOG_INFO, "request", LF_STR("id", id),
	    LF_STR("method",
		req->method == 0 ? NULL : http_method_name(req->method)),
	    LF_STR("path", path[0] == '\0' ? NULL : path),
	    LF_INT("status", ex->resp.status),
	    LF_INT("bytes", (int64_t)http_resp_body(&ex->resp).n),
	    LF_INT("us", ex->start_us),
	    LF_STR("protocol",
		req->http_version == 20	      ? "h2"
		    : req->http_version == 10 ? "http/1.0"
					      : "http/1.1"),
	    LF_STR("listener", net_listener_name(req->listener)),
	    LF_STR("peer", http_peer_text(req)),
	    LF_STR("account", req->log_account),
	    LF_STR("object", req->log_object), LF_STR("note", req->log_note),
	    LF_STR("fault", ex->fault.why),
	    LF_STR("unsent", ex->answered ? NULL : "client gone"));
}

static void
dispose(struct exchange *ex)
{
	blob_unref(ex->resp.blob);
	buf_free(&ex->body);
	arena_free(ex->arena);
	free(ex);
}

/* All that waits; at the end nothing. */
static void
take(struct recorder *r, struct exchange_list *out)
{
	pthread_mutex_lock(&r->lock);
	while (TAILQ_EMPTY(&r->queue) && !r->stop)
		pthread_cond_wait(&r->posted, &r->lock);
	TAILQ_CONCAT(out, &r->queue, queued);
	r->depth = 0;
	pthread_mutex_unlock(&r->lock);
}

static void *
recorder_main(void *arg)
{
	const struct timespec gather = { .tv_nsec = GATHER_NS };
	struct exchange_list list = TAILQ_HEAD_INITIALIZER(list);
	struct recorder *r = arg;
	struct exchange *ex;

	while (take(r, &list), !TAILQ_EMPTY(&list)) {
		while ((ex = TAILQ_FIRST(&list)) != NULL) {
			TAILQ_REMOVE(&list, ex, queued);
			write_line(ex);
			dispose(ex);
		}
		nanosleep(&gather, NULL);
	}
	return NULL;
}

bool
recorder_start(struct recorder *r, struct err *err)
{
	r->started =
	    thread_start(&r->thread, "recorder", recorder_main, r, err);
	return r->started;
}

void
recorder_free(struct recorder *r)
{
	struct exchange *ex;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->posted);
	pthread_mutex_unlock(&r->lock);
	if (r->started)
		pthread_join(r->thread, NULL);
	while ((ex = TAILQ_FIRST(&r->queue)) != NULL) {
		TAILQ_REMOVE(&r->queue, ex, queued);
		dispose(ex);
	}
	pthread_cond_destroy(&r->posted);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
recorder_post(struct recorder *r, struct exchange *ex, int64_t us)
{
	bool ok, first;

	/* From here on it is a duration. */
	ex->start_us = us;
	pthread_mutex_lock(&r->lock);
	ok = r->depth < MAX_WAITING && !r->stop;
	first = ok && r->depth == 0;
	if (ok) {
		TAILQ_INSERT_TAIL(&r->queue, ex, queued);
		r->depth++;
	} else {
		r->dropped++;
	}
	pthread_mutex_unlock(&r->lock);
	if (first)
		pthread_cond_signal(&r->posted);
	if (!ok)
		dispose(ex);
}

uint64_t
recorder_dropped(struct recorder *r)
{
	uint64_t n;

	pthread_mutex_lock(&r->lock);
	n = r->dropped;
	pthread_mutex_unlock(&r->lock);
	return n;
}
