#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "net/job_loop.h"
#include "net/thread.h"

/* Jobs that may wait for each slot; more are refused. */
#define QUEUE_PER_SLOT 8u

static void
wake(struct job_loop *l)
{
	uint64_t one = 1;

	/* It can only be full when the thread is awake anyway. */
	if (write(l->wake, &one, sizeof(one)) < 0)
		return;
}

/* ---- the thread ---- */

/* What other threads have left; whether it is to end. */
static bool
inbox_take(struct job_loop *l)
{
	struct jobs posted = TAILQ_HEAD_INITIALIZER(posted);
	struct job *job;
	bool stopping;

	pthread_mutex_lock(&l->lock);
	TAILQ_CONCAT(&posted, &l->posted, link);
	stopping = l->stopping;
	pthread_mutex_unlock(&l->lock);
	while ((job = TAILQ_FIRST(&posted)) != NULL) {
		TAILQ_REMOVE(&posted, job, link);
		TAILQ_INSERT_TAIL(&l->waiting, job, link);
		job->timer = evtimer_new(l->base, job_timer, job);
		/* Its time may run in the queue too. */
		if (job->deadline_us != 0)
			job_stage(job, 0, NULL);
	}
	return stopping;
}

/* The next one that a slot is free for. */
static struct job *
job_next(struct job_loop *l)
{
	struct job *job = TAILQ_FIRST(&l->waiting);

	if (job == NULL)
		return NULL;
	pthread_mutex_lock(&l->lock);
	if (l->counts.running < l->slots) {
		l->counts.waiting--;
		l->counts.running++;
	} else {
		job = NULL;
	}
	pthread_mutex_unlock(&l->lock);
	return job;
}

static void
run_waiting(struct job_loop *l)
{
	struct job *job;

	while ((job = job_next(l)) != NULL) {
		TAILQ_REMOVE(&l->waiting, job, link);
		TAILQ_INSERT_TAIL(&l->running, job, link);
		job->running = true;
		l->start(job);
	}
}

static void
run_ended(struct job_loop *l)
{
	struct job *job;

	while ((job = TAILQ_FIRST(&l->over)) != NULL) {
		TAILQ_REMOVE(&l->over, job, link);
		pthread_mutex_lock(&l->lock);
		if (job->running)
			l->counts.running--;
		else
			l->counts.waiting--;
		if (job->ok)
			l->counts.ok++;
		else
			l->counts.failed++;
		pthread_mutex_unlock(&l->lock);
		event_free(TAKE(job->timer));
		l->end(job);
	}
}

static void
stop_all(struct job_loop *l)
{
	struct jobs *const lists[] = { &l->running, &l->waiting };
	struct job *job;

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		while ((job = TAILQ_FIRST(lists[i])) != NULL)
			job_fail(job, ERR_BUSY, true,
			    "%.320s%sthe server is stopping",
			    job->shown == NULL ? "" : job->shown,
			    job->shown == NULL ? "" : ": ");
	run_ended(l);
	event_base_loopbreak(l->base);
}

static void
deferred_fired(evutil_socket_t fd, short what, void *arg)
{
	struct job_loop *l = arg;
	struct probe_settings *s;

	(void)fd;
	(void)what;
	LIST_FOREACH (s, &l->resolvers, link)
		dns_pool_run(s->dns_pool);
	run_ended(l);
	if (inbox_take(l))
		stop_all(l);
	else
		run_waiting(l);
}

static void
wake_fired(evutil_socket_t fd, short what, void *arg)
{
	struct job_loop *l = arg;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	event_active(l->deferred, EV_TIMEOUT, 0);
}

static void *
thread_main(void *arg)
{
	struct job_loop *l = arg;

	event_base_dispatch(l->base);
	return NULL;
}

/* ---- for other threads ---- */

bool
job_loop_add(struct job_loop *l, struct job *job)
{
	bool added;

	job->loop = l;
	pthread_mutex_lock(&l->lock);
	added = !l->stopping && l->counts.waiting < QUEUE_PER_SLOT * l->slots;
	if (added) {
		TAILQ_INSERT_TAIL(&l->posted, job, link);
		l->counts.waiting++;
	} else {
		l->counts.refused++;
	}
	pthread_mutex_unlock(&l->lock);
	if (added)
		wake(l);
	return added;
}

void
job_loop_limit(struct job_loop *l, size_t slots)
{
	pthread_mutex_lock(&l->lock);
	l->slots = slots;
	pthread_mutex_unlock(&l->lock);
	wake(l);
}

struct job_counts
job_loop_count(struct job_loop *l)
{
	struct job_counts c;

	pthread_mutex_lock(&l->lock);
	c = l->counts;
	pthread_mutex_unlock(&l->lock);
	return c;
}

/* ---- its life ---- */

void
job_loop_resolver(struct job_loop *l, struct probe_settings *s)
{
	s->dns_pool = dns_pool_new(l->base, &s->dns, l->deferred);
	LIST_INSERT_HEAD(&l->resolvers, s, link);
}

bool
job_loop_init(struct job_loop *l, const char *name, size_t slots,
    void (*start)(struct job *job), void (*end)(struct job *job),
    struct err *err)
{
	*l = (struct job_loop){
		.name = name, .start = start, .end = end, .slots = slots
	};
	pthread_mutex_init(&l->lock, NULL);
	TAILQ_INIT(&l->posted);
	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->running);
	TAILQ_INIT(&l->over);
	LIST_INIT(&l->resolvers);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->base = event_base_new();
	if (l->wake < 0 || l->base == NULL)
		return fail_errno(
		    err, ERR_SYSTEM, "no event loop for %s", name);
	l->wake_event =
	    event_new(l->base, l->wake, EV_READ | EV_PERSIST, wake_fired, l);
	l->deferred = event_new(l->base, -1, 0, deferred_fired, l);
	event_add(l->wake_event, NULL);
	l->transfers = transfers_new(l->base);
	return true;
}

bool
job_loop_start(struct job_loop *l, struct err *err)
{
	l->started = thread_start(&l->thread, l->name, thread_main, l, err);
	return l->started;
}

void
job_loop_stop(struct job_loop *l)
{
	if (!l->started)
		return;
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_mutex_unlock(&l->lock);
	wake(l);
	pthread_join(l->thread, NULL);
	l->started = false;
}

void
job_loop_release(struct job_loop *l)
{
	transfers_free(l->transfers);
	if (l->wake_event != NULL)
		event_free(l->wake_event);
	if (l->deferred != NULL)
		event_free(l->deferred);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->wake >= 0)
		close(l->wake);
	pthread_mutex_destroy(&l->lock);
}
