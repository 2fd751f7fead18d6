#include <stdio.h>
#include "net/probe_job.h"
#include "util/times.h"

int64_t
job_left_ms(const struct probe_job *job)
{
	return MAX_OF(job->deadline_us - clock_monotonic_us(), 1000) / 1000;
}

static void
job_over(struct probe_job *job)
{
	struct probe_loop *loop = job->loop;

	job->over = true;
	event_del(job->timer);
	TAILQ_REMOVE(&loop->running, job, link);
	TAILQ_INSERT_TAIL(&loop->over, job, link);
	event_active(loop->deferred, EV_TIMEOUT, 0);
}

void
job_ok(struct probe_job *job)
{
	if (job->over)
		return;
	job->res.ok = true;
	job->res.dnssec_secure = job->all_secure;
	job_over(job);
}

void
job_fail_err(struct probe_job *job, const struct err *why, bool transient)
{
	if (job->over)
		return;
	job->res.err = *why;
	job->res.transient = transient;
	job_over(job);
}

void
job_fail(struct probe_job *job, enum err_kind kind, bool transient,
    const char *fmt, ...)
{
	struct err err = { .kind = kind };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.shown, sizeof(err.shown), fmt, ap);
	va_end(ap);
	job_fail_err(job, &err, transient);
}

void
job_doing(struct probe_job *job, enum err_kind kind, const char *fmt, ...)
{
	char text[sizeof(job->res.err.shown)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	job->doing = arena_strdup(job->arena, text);
	job->doing_kind = kind;
}

static void
timer_arm(struct probe_job *job, int64_t us)
{
	struct timeval tv = { us / 1000000, us % 1000000 };

	event_add(job->timer, &tv);
}

void
job_stage(
    struct probe_job *job, int64_t ms, void (*stage)(struct probe_job *job))
{
	int64_t left = MAX_OF(job->deadline_us - clock_monotonic_us(), 0);

	job->stage = stage;
	if (stage != NULL && ms * 1000 < left)
		timer_arm(job, ms * 1000);
	else
		timer_arm(job, left);
}

void
job_timer(evutil_socket_t fd, short what, void *arg)
{
	struct probe_job *job = arg;
	void (*stage)(struct probe_job * job) = job->stage;

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
	job_fail(job, job->doing_kind, true, "%.480s: no answer within %lld s",
	    job->doing, (long long)(job->settings->timeout_ms / 1000));
}
