#include <stdlib.h>
#include "net/outgoing_job.h"

struct outgoing {
	struct outgoing_port port;
	struct outgoing_deps deps;
	_Atomic int64_t longest_ms; /* that a call may ask for */
	struct outgoing_loop loop;
};

/* ---- the thread ---- */

/* With the settings of the last reload. */
static void
settings_take(struct outgoing_loop *loop)
{
	struct outgoing_settings *s = atomic_exchange(&loop->reloaded, NULL);

	if (s == NULL)
		return;
	outgoing_settings_unref(loop->settings);
	loop->settings = s;
	job_loop_resolver(&loop->jobs, s->net);
}

static void
call_start(struct job *job)
{
	struct outgoing_call *call = call_of(job);

	settings_take(call->loop);
	call->settings = call->loop->settings;
	outgoing_settings_ref(call->settings);
	outgoing_call_start(call);
}

static void
call_end(struct job *job)
{
	struct outgoing_call *call = call_of(job);

	outgoing_call_cancel(call);
	outgoing_resolve_cancel(call);
	call->res.ok = job->ok;
	call->res.err = job->err;
	call->res.transient = job->transient;
	call->done(call->arg, &call->res);
	outgoing_call_free(call);
}

/* ---- the port ---- */

static bool
outgoing_start(void *ctx, const struct outgoing_request *req,
    void (*done)(void *arg, const struct outgoing_result *res), void *arg,
    struct err *err)
{
	struct outgoing *o = ctx;
	struct outgoing_call *call;

	if (!outgoing_call_new(req, o->longest_ms, &call, err))
		return false;
	call->loop = &o->loop;
	call->done = done;
	call->arg = arg;
	if (!job_loop_add(&o->loop.jobs, &call->job)) {
		outgoing_call_free(call);
		return fail(err, ERR_BUSY, "too many outgoing calls wait");
	}
	return true;
}

static void
outgoing_release(struct outgoing *o)
{
	outgoing_settings_unref(o->loop.settings);
	outgoing_settings_unref(o->loop.reloaded);
	job_loop_release(&o->loop.jobs);
	free(o);
}

struct outgoing *
outgoing_new(
    const struct outgoing_deps *deps, const struct config *c, struct err *err)
{
	struct outgoing_settings *s;
	struct outgoing *o;

	if (!outgoing_settings_new(deps, c, &s, err))
		return NULL;
	o = mem_alloc(sizeof(*o));
	o->deps = *deps;
	o->port = (struct outgoing_port){ outgoing_start, o };
	o->longest_ms = s->timeout_ms;
	o->loop.reloaded = s;
	if (!job_loop_init(&o->loop.jobs, "outgoing", s->max_concurrent,
		call_start, call_end, err)) {
		outgoing_release(o);
		return NULL;
	}
	settings_take(&o->loop);
	if (!job_loop_start(&o->loop.jobs, err)) {
		outgoing_release(o);
		return NULL;
	}
	return o;
}

bool
outgoing_reload(struct outgoing *o, const struct config *c, struct err *err)
{
	struct outgoing_settings *s;
	size_t slots;

	if (!outgoing_settings_new(&o->deps, c, &s, err))
		return false;
	/* The thread may have done with it before the next lines. */
	slots = s->max_concurrent;
	o->longest_ms = s->timeout_ms;
	outgoing_settings_unref(atomic_exchange(&o->loop.reloaded, s));
	job_loop_limit(&o->loop.jobs, slots);
	return true;
}

const struct outgoing_port *
outgoing_port(const struct outgoing *o)
{
	return &o->port;
}

struct outgoing_counts
outgoing_count(struct outgoing *o)
{
	struct job_counts c = job_loop_count(&o->loop.jobs);

	return (struct outgoing_counts){ .running = c.running,
		.waiting = c.waiting,
		.answered = c.ok,
		.failed = c.failed,
		.refused = c.refused };
}

void
outgoing_free(struct outgoing *o)
{
	if (o == NULL)
		return;
	job_loop_stop(&o->loop.jobs);
	outgoing_release(o);
}
