/*
 * A thread that works on jobs which other threads give it, so many at a time:
 * the probes (net/probe.h) and the outgoing calls (net/outgoing.h) each have
 * one, so that neither holds the other up.  It has the event base, libcurl's
 * transfers, the resolvers and the bounded queue; it does not know what a job
 * does.  It is not for connections to the server (net/loop.h).
 *
 * Nothing ends a job from the depth of a library's callback: job_ok() and
 * job_fail() mark it as over, and the loop's deferred event ends it.  So every
 * callback of a library may be the last thing that a job sees, and looks at
 * over first.
 *
 * Threads: job_loop_add(), job_loop_limit() and job_loop_count() from any
 * thread, start and end of a job and all calls of job.c on the loop's own.
 * Ownership: a job embeds struct job and belongs to the loop from add to end.
 */
#ifndef NET_JOB_LOOP_H
#define NET_JOB_LOOP_H

#include <event2/event.h>
#include <pthread.h>
#include <sys/queue.h>
#include "net/probe_settings.h"
#include "net/transfers.h"

struct job_loop;

/* All zero until it is added, except what job_limit() and job_doing() set. */
struct job {
	TAILQ_ENTRY(job) link;
	struct job_loop *loop;
	bool running, over;
	const char *shown; /* begins the loop's sentences; NULL: nothing */
	int64_t timeout_ms, deadline_us; /* by job_limit() */
	struct event *timer;
	/* Called when the stage's own time is over, before the deadline. */
	void (*stage)(struct job *job);
	/* What a time-out tells: "DNS A lookup of x at R". */
	struct err doing;
	/* How it ended. */
	bool ok, transient;
	struct err err;
};

TAILQ_HEAD(jobs, job);

/* running and waiting now; the rest since the start. */
struct job_counts {
	uint64_t running, waiting, ok, failed, refused;
};

struct job_loop {
	const char *name; /* of the thread: "probes" */
	void (*start)(struct job *job); /* it has a slot */
	/* Gives back all that a library may still hold, tells the owner and
	 * frees it; a job that never had a slot too. */
	void (*end)(struct job *job);
	pthread_t thread;
	bool started;
	int wake; /* eventfd: the lock's part changed */

	pthread_mutex_t lock;
	struct jobs posted; /* not yet seen by the thread */
	bool stopping;
	size_t slots;
	struct job_counts counts;

	/* The thread's. */
	struct event_base *base;
	struct event *wake_event, *deferred;
	struct transfers *transfers;
	LIST_HEAD(, probe_settings) resolvers;
	struct jobs waiting, running, over;
};

/* Sets l up, without its thread; on failure too it is to be released. */
bool job_loop_init(struct job_loop *l, const char *name, size_t slots,
    void (*start)(struct job *job), void (*end)(struct job *job),
    struct err *err) MUST_CHECK;
bool job_loop_start(struct job_loop *l, struct err *err) MUST_CHECK;
/* Fails every job (ERR_BUSY, transient), then ends the thread. */
void job_loop_stop(struct job_loop *l);
/* After stop and after the last reference to settings is given back. */
void job_loop_release(struct job_loop *l);

/* How many jobs may run at once; eight times as many may wait. */
void job_loop_limit(struct job_loop *l, size_t slots);
/* False, and the job is still the caller's, when too many wait. */
bool job_loop_add(struct job_loop *l, struct job *job) MUST_CHECK;
struct job_counts job_loop_count(struct job_loop *l);
/* On the loop's thread, or before it starts: the settings' DNS pool. */
void job_loop_resolver(struct job_loop *l, struct probe_settings *s);

/* job.c: its time, from now on; it runs in the queue too if it is set before
 * the job is added. */
void job_limit(struct job *job, int64_t ms);
int64_t job_left_ms(const struct job *job);
/* Calls stage in so many ms unless the deadline is nearer; NULL: none. */
void job_stage(struct job *job, int64_t ms, void (*stage)(struct job *job));
/* What a time-out would say from now on. */
void job_doing(struct job *job, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
void job_ok(struct job *job);
void job_fail(struct job *job, enum err_kind kind, bool transient,
    const char *fmt, ...) PRINTF(4, 5);
void job_fail_err(struct job *job, const struct err *why, bool transient);
/* The timer's callback; arg is the job. */
void job_timer(evutil_socket_t fd, short what, void *arg);

#endif
