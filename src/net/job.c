#include <stdarg.h>
#include <stdio.h>
#include "net/job_loop.h"
#include "util/times.h"

/* ---- a job's clock ---- */

void
job_limit(struct job *job, int64_t ms)
{
	job->timeout_ms = ms;
	job->deadline_us = clock_monotonic_us() + ms * 1000;
	if (job->timer != NULL)
		job_stage(job, 0, NULL);
}

int64_t
job_left_ms(const struct job *job)
{
	return MAX_OF(job->deadline_us - clock_monotonic_us(), 1000) / 1000;
}

void
job_stage(struct job *job, int64_t ms, void (*stage)(struct job *job))
{
	int64_t us = MAX_OF(job->deadline_us - clock_monotonic_us(), 0);
	struct timeval tv;

	job->stage = stage;
	if (stage != NULL)
		us = MIN_OF(us, ms * 1000);
	tv = (struct timeval){ us / 1000000, us % 1000000 };
	event_add(job->timer, &tv);
}

void
job_timer(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;
	void (*stage)(struct job * job) = job->stage;

	(void)fd;
	(void)what;
	if (job->over)
		return;
	if (clock_monotonic_us() < job->deadline_us) {
		job_stage(job, 0, NULL);
		if (stage != NULL)
			stage(job);
		return;
	}
	job_fail(job, job->doing.kind, true, "%.560s: no answer within %g s",
	    job->doing.shown, (double)job->timeout_ms / 1000);
}

void
job_doing(struct job *job, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	job->doing.kind = kind;
	va_start(ap, fmt);
	vsnprintf(job->doing.shown, sizeof(job->doing.shown), fmt, ap);
	va_end(ap);
}

/* ---- its ends ---- */

static void
job_over(struct job *job)
{
	struct job_loop *l = job->loop;

	job->over = true;
	event_del(job->timer);
	TAILQ_REMOVE(job->running ? &l->running : &l->waiting, job, link);
	TAILQ_INSERT_TAIL(&l->over, job, link);
	event_active(l->deferred, EV_TIMEOUT, 0);
}

void
job_ok(struct job *job)
{
	if (job->over)
		return;
	job->ok = true;
	job_over(job);
}

void
job_fail_err(struct job *job, const struct err *why, bool transient)
{
	if (job->over)
		return;
	job->err = *why;
	job->transient = transient;
	job_over(job);
}

void
job_fail(
    struct job *job, enum err_kind kind, bool transient, const char *fmt, ...)
{
	struct err err = { .kind = kind };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.shown, sizeof(err.shown), fmt, ap);
	va_end(ap);
	job_fail_err(job, &err, transient);
}
