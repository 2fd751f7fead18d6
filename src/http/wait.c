#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "http/wait.h"

#define WAIT_BUCKETS 256u

enum ticket_state {
	TICKET_OPEN, /* waits, nobody to tell yet */
	TICKET_ARMED, /* waits, fire is known */
	TICKET_SIGNALLED, /* the job is done, nobody to tell yet */
	TICKET_FIRING, /* fire is being called */
	TICKET_FIRED /* fire was called; to be given back */
};

struct http_ticket {
	TAILQ_ENTRY(http_ticket) link;
	struct http_waits *waits;
	enum ticket_state state;
	bool released; /* given back while firing */
	void (*fire)(void *arg);
	void *arg;
	size_t bucket;
	char job[];
};

TAILQ_HEAD(ticket_list, http_ticket);

struct http_waits {
	pthread_mutex_t lock;
	size_t max, held;
	struct ticket_list buckets[WAIT_BUCKETS]; /* open and armed */
	struct ticket_list done; /* all other states */
};

struct http_waits *
http_waits_new(size_t max)
{
	struct http_waits *w = mem_alloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	w->max = max;
	for (size_t i = 0; i < WAIT_BUCKETS; i++)
		TAILQ_INIT(&w->buckets[i]);
	TAILQ_INIT(&w->done);
	return w;
}

static void
tickets_free(struct ticket_list *list)
{
	struct http_ticket *t;

	while ((t = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, t, link);
		free(t);
	}
}

void
http_waits_free(struct http_waits *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < WAIT_BUCKETS; i++)
		tickets_free(&w->buckets[i]);
	tickets_free(&w->done);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static size_t
job_bucket(const char *job)
{
	uint32_t h = 2166136261u;

	for (; *job != '\0'; job++)
		h = (h ^ (uint8_t)*job) * 16777619u;
	return (h ^ (h >> 16)) % WAIT_BUCKETS;
}

struct http_ticket *
http_ticket_new(struct http_waits *w, const char *job)
{
	size_t n = strlen(job) + 1;
	struct http_ticket *t;

	pthread_mutex_lock(&w->lock);
	if (w->held >= w->max) {
		pthread_mutex_unlock(&w->lock);
		return NULL;
	}
	w->held++;
	t = mem_alloc(sizeof(*t) + n);
	memcpy(t->job, job, n);
	t->waits = w;
	t->bucket = job_bucket(job);
	TAILQ_INSERT_TAIL(&w->buckets[t->bucket], t, link);
	pthread_mutex_unlock(&w->lock);
	return t;
}

/* Locked: the ticket waits no longer and counts no longer. */
static void
ticket_settle(struct http_ticket *t, enum ticket_state state)
{
	struct http_waits *w = t->waits;

	TAILQ_REMOVE(&w->buckets[t->bucket], t, link);
	TAILQ_INSERT_TAIL(&w->done, t, link);
	w->held--;
	t->state = state;
}

static void
ticket_delete(struct http_ticket *t)
{
	TAILQ_REMOVE(&t->waits->done, t, link);
	free(t);
}

void
http_ticket_drop(struct http_ticket *t)
{
	struct http_waits *w;

	if (t == NULL)
		return;
	w = t->waits;
	pthread_mutex_lock(&w->lock);
	if (t->state == TICKET_OPEN)
		ticket_settle(t, TICKET_SIGNALLED);
	ticket_delete(t);
	pthread_mutex_unlock(&w->lock);
}

void
http_wait(struct http_resp *resp, struct http_ticket *t, int64_t ms,
    void (*then)(void *ctx, struct http_req *req, struct http_resp *resp),
    void *ctx)
{
	resp->wait = t;
	resp->wait_ms = ms;
	resp->wait_then = then;
	resp->wait_ctx = ctx;
}

/* Unlocks for the call, so that fire may do what it likes. */
static void
ticket_fire(struct http_ticket *t)
{
	struct http_waits *w = t->waits;

	pthread_mutex_unlock(&w->lock);
	t->fire(t->arg);
	pthread_mutex_lock(&w->lock);
	t->state = TICKET_FIRED;
	if (t->released)
		ticket_delete(t);
}

/* Locked.  One armed or open ticket of the job, or NULL. */
static struct http_ticket *
ticket_find(struct http_waits *w, size_t bucket, const char *job)
{
	struct http_ticket *t;

	TAILQ_FOREACH (t, &w->buckets[bucket], link)
		if (strcmp(t->job, job) == 0)
			return t;
	return NULL;
}

void
http_waits_signal(struct http_waits *w, const char *job)
{
	size_t bucket = job_bucket(job);
	struct http_ticket *t;

	pthread_mutex_lock(&w->lock);
	/* Each settled ticket leaves the bucket, so this ends. */
	while ((t = ticket_find(w, bucket, job)) != NULL) {
		bool armed = t->state == TICKET_ARMED;

		ticket_settle(t, armed ? TICKET_FIRING : TICKET_SIGNALLED);
		if (armed)
			ticket_fire(t);
	}
	pthread_mutex_unlock(&w->lock);
}

void
http_ticket_arm(struct http_ticket *t, void (*fire)(void *arg), void *arg)
{
	struct http_waits *w = t->waits;

	pthread_mutex_lock(&w->lock);
	t->fire = fire;
	t->arg = arg;
	if (t->state == TICKET_SIGNALLED) {
		t->state = TICKET_FIRING;
		ticket_fire(t);
	} else {
		t->state = TICKET_ARMED;
	}
	pthread_mutex_unlock(&w->lock);
}

bool
http_ticket_cancel(struct http_ticket *t)
{
	struct http_waits *w = t->waits;
	bool waits;

	pthread_mutex_lock(&w->lock);
	waits = t->state == TICKET_OPEN || t->state == TICKET_ARMED;
	if (waits)
		ticket_settle(t, TICKET_FIRED);
	if (t->state == TICKET_FIRING)
		t->released = true;
	else
		ticket_delete(t);
	pthread_mutex_unlock(&w->lock);
	return waits;
}

size_t
http_waits_held(struct http_waits *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->held;
	pthread_mutex_unlock(&w->lock);
	return n;
}
