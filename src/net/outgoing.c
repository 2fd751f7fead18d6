#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "net/outgoing_job.h"
#include "net/thread.h"
#include "util/times.h"

/* Calls that may wait for each slot; more are refused (ERR_BUSY). */
#define QUEUE_PER_SLOT 8u

struct outgoing {
	struct outgoing_port port;
	struct outgoing_deps deps;
	pthread_t thread;
	int wake; /* eventfd: the lock's part changed */

	pthread_mutex_t lock;
	struct outgoing_calls posted; /* not yet seen by the thread */
	struct outgoing_settings *reloaded; /* not yet taken over */
	bool stopping;
	size_t max_waiting;
	int64_t longest_ms;
	struct outgoing_counts counts;

	/* The outgoing thread's. */
	struct outgoing_loop loop;
	struct event *wake_event;
};

static void
wake(struct outgoing *o)
{
	uint64_t one = 1;

	/* It can only be full when the thread is awake anyway. */
	if (write(o->wake, &one, sizeof(one)) < 0)
		return;
}

/* ---- a call's ends ---- */

int64_t
call_left_ms(const struct outgoing_call *call)
{
	return MAX_OF(call->deadline_us - clock_monotonic_us(), 1000) / 1000;
}

static void
call_over(struct outgoing_call *call)
{
	struct outgoing_loop *loop = call->loop;

	call->over = true;
	event_del(call->timer);
	if (call->running)
		TAILQ_REMOVE(&loop->running, call, link);
	else
		TAILQ_REMOVE(&loop->waiting, call, link);
	TAILQ_INSERT_TAIL(&loop->over, call, link);
	event_active(loop->deferred, EV_TIMEOUT, 0);
}

void
call_ok(struct outgoing_call *call)
{
	if (call->over)
		return;
	call->res.ok = true;
	call_over(call);
}

void
call_fail(struct outgoing_call *call, enum err_kind kind, bool transient,
    const char *fmt, ...)
{
	va_list ap;

	if (call->over)
		return;
	call->res.err.kind = kind;
	call->res.transient = transient;
	va_start(ap, fmt);
	vsnprintf(call->res.err.shown, sizeof(call->res.err.shown), fmt, ap);
	va_end(ap);
	call_over(call);
}

void
call_doing(struct outgoing_call *call, enum err_kind kind, const char *fmt, ...)
{
	char text[sizeof(call->res.err.shown)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	call->doing = arena_strdup(call->arena, text);
	call->doing_kind = kind;
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct outgoing_call *call = arg;

	(void)fd;
	(void)what;
	call_fail(call, call->doing_kind, true, "%.560s: no answer within %g s",
	    call->doing, (double)call->timeout_ms / 1000);
}

/* ---- the thread ---- */

/* Gives back all that a library may still hold, then tells the owner. */
static void
call_end(struct outgoing_call *call)
{
	outgoing_call_cancel(call);
	outgoing_resolve_cancel(call);
	if (call->timer != NULL)
		event_free(call->timer);
	call->done(call->arg, &call->res);
	outgoing_call_free(call);
}

/* From now on its time runs, in the queue too. */
static void
call_take(struct outgoing_loop *loop, struct outgoing_call *call)
{
	int64_t left = MAX_OF(call->deadline_us - clock_monotonic_us(), 0);
	struct timeval tv = { left / 1000000, left % 1000000 };

	call->loop = loop;
	TAILQ_INSERT_TAIL(&loop->waiting, call, link);
	call_doing(call, ERR_BUSY, "%.320s: as many calls as may run at once",
	    call->shown);
	call->timer = evtimer_new(loop->base, timer_fired, call);
	event_add(call->timer, &tv);
}

/* The settings are new to the outgoing thread. */
static void
settings_begin(struct outgoing_loop *loop)
{
	struct probe_settings *net = loop->settings->net;

	net->dns_pool = dns_pool_new(loop->base, &net->dns, loop->deferred);
	LIST_INSERT_HEAD(&loop->all, net, link);
}

/* What other threads have left: calls, settings; whether it is to end. */
static bool
inbox_take(struct outgoing *o)
{
	struct outgoing_calls calls = TAILQ_HEAD_INITIALIZER(calls);
	struct outgoing_settings *s;
	struct outgoing_call *call;
	bool stopping;

	pthread_mutex_lock(&o->lock);
	TAILQ_CONCAT(&calls, &o->posted, link);
	s = TAKE(o->reloaded);
	stopping = o->stopping;
	pthread_mutex_unlock(&o->lock);
	if (s != NULL) {
		outgoing_settings_unref(o->loop.settings);
		o->loop.settings = s;
		settings_begin(&o->loop);
	}
	while ((call = TAILQ_FIRST(&calls)) != NULL) {
		TAILQ_REMOVE(&calls, call, link);
		call_take(&o->loop, call);
	}
	return stopping;
}

static void
run_ended(struct outgoing *o)
{
	struct outgoing_call *call;

	while ((call = TAILQ_FIRST(&o->loop.over)) != NULL) {
		TAILQ_REMOVE(&o->loop.over, call, link);
		pthread_mutex_lock(&o->lock);
		if (call->running)
			o->counts.running--;
		else
			o->counts.waiting--;
		if (call->res.ok)
			o->counts.answered++;
		else
			o->counts.failed++;
		pthread_mutex_unlock(&o->lock);
		if (call->running)
			o->loop.running_n--;
		call_end(call);
	}
}

static void
run_waiting(struct outgoing *o)
{
	struct outgoing_loop *loop = &o->loop;
	struct outgoing_call *call;

	while (loop->running_n < loop->settings->max_concurrent &&
	    (call = TAILQ_FIRST(&loop->waiting)) != NULL) {
		TAILQ_REMOVE(&loop->waiting, call, link);
		TAILQ_INSERT_TAIL(&loop->running, call, link);
		call->running = true;
		call->settings = loop->settings;
		outgoing_settings_ref(call->settings);
		loop->running_n++;
		pthread_mutex_lock(&o->lock);
		o->counts.waiting--;
		o->counts.running++;
		pthread_mutex_unlock(&o->lock);
		outgoing_call_start(call);
	}
}

static void
stop_all(struct outgoing *o)
{
	struct outgoing_calls *const lists[] = { &o->loop.running,
		&o->loop.waiting };
	struct outgoing_call *call;

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		while ((call = TAILQ_FIRST(lists[i])) != NULL)
			call_fail(call, ERR_BUSY, true,
			    "%.320s: the server is stopping", call->shown);
	run_ended(o);
	event_base_loopbreak(o->loop.base);
}

static void
deferred_fired(evutil_socket_t fd, short what, void *arg)
{
	struct outgoing *o = arg;
	struct probe_settings *net;
	bool stopping;

	(void)fd;
	(void)what;
	LIST_FOREACH (net, &o->loop.all, link)
		dns_pool_run(net->dns_pool);
	run_ended(o);
	stopping = inbox_take(o);
	if (stopping)
		stop_all(o);
	else
		run_waiting(o);
}

static void
wake_fired(evutil_socket_t fd, short what, void *arg)
{
	struct outgoing *o = arg;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	event_active(o->loop.deferred, EV_TIMEOUT, 0);
}

static void *
thread_main(void *arg)
{
	struct outgoing *o = arg;

	event_base_dispatch(o->loop.base);
	return NULL;
}

/* ---- the port ---- */

static bool
outgoing_start(void *ctx, const struct outgoing_request *req,
    void (*done)(void *arg, const struct outgoing_result *res), void *arg,
    struct err *err)
{
	struct outgoing *o = ctx;
	struct outgoing_call *call;
	int64_t longest_ms;
	bool busy;

	pthread_mutex_lock(&o->lock);
	longest_ms = o->longest_ms;
	pthread_mutex_unlock(&o->lock);
	if (!outgoing_call_new(req, longest_ms, &call, err))
		return false;
	call->done = done;
	call->arg = arg;
	pthread_mutex_lock(&o->lock);
	busy = o->stopping || o->counts.waiting >= o->max_waiting;
	if (busy) {
		o->counts.refused++;
	} else {
		TAILQ_INSERT_TAIL(&o->posted, call, link);
		o->counts.waiting++;
	}
	pthread_mutex_unlock(&o->lock);
	if (busy) {
		outgoing_call_free(call);
		return fail(err, ERR_BUSY, "too many outgoing calls wait");
	}
	wake(o);
	return true;
}

static bool
loop_new(struct outgoing *o, struct err *err)
{
	o->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	o->loop.base = event_base_new();
	if (o->wake < 0 || o->loop.base == NULL)
		return fail_errno(
		    err, ERR_SYSTEM, "no event loop for outgoing calls");
	o->wake_event = event_new(
	    o->loop.base, o->wake, EV_READ | EV_PERSIST, wake_fired, o);
	o->loop.deferred = event_new(o->loop.base, -1, 0, deferred_fired, o);
	event_add(o->wake_event, NULL);
	o->loop.transfers = transfers_new(o->loop.base);
	settings_begin(&o->loop);
	return true;
}

static void
outgoing_release(struct outgoing *o)
{
	outgoing_settings_unref(o->loop.settings);
	outgoing_settings_unref(o->reloaded);
	transfers_free(o->loop.transfers);
	if (o->wake_event != NULL)
		event_free(o->wake_event);
	if (o->loop.deferred != NULL)
		event_free(o->loop.deferred);
	if (o->loop.base != NULL)
		event_base_free(o->loop.base);
	if (o->wake >= 0)
		close(o->wake);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Under the lock, or before the thread. */
static void
limits_take(struct outgoing *o, const struct outgoing_settings *s)
{
	o->max_waiting = QUEUE_PER_SLOT * s->max_concurrent;
	o->longest_ms = s->timeout_ms;
}

struct outgoing *
outgoing_new(
    const struct outgoing_deps *deps, const struct config *c, struct err *err)
{
	struct outgoing *o = mem_alloc(sizeof(*o));

	o->wake = -1;
	o->deps = *deps;
	o->port = (struct outgoing_port){ outgoing_start, o };
	pthread_mutex_init(&o->lock, NULL);
	TAILQ_INIT(&o->posted);
	TAILQ_INIT(&o->loop.waiting);
	TAILQ_INIT(&o->loop.running);
	TAILQ_INIT(&o->loop.over);
	LIST_INIT(&o->loop.all);
	if (!outgoing_settings_new(&o->deps, c, &o->loop.settings, err) ||
	    !loop_new(o, err)) {
		outgoing_release(o);
		return NULL;
	}
	limits_take(o, o->loop.settings);
	if (!thread_start(&o->thread, "outgoing", thread_main, o, err)) {
		outgoing_release(o);
		return NULL;
	}
	return o;
}

bool
outgoing_reload(struct outgoing *o, const struct config *c, struct err *err)
{
	struct outgoing_settings *s, *unused;

	if (!outgoing_settings_new(&o->deps, c, &s, err))
		return false;
	pthread_mutex_lock(&o->lock);
	unused = o->reloaded;
	o->reloaded = s;
	limits_take(o, s);
	pthread_mutex_unlock(&o->lock);
	outgoing_settings_unref(unused);
	wake(o);
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
	struct outgoing_counts c;

	pthread_mutex_lock(&o->lock);
	c = o->counts;
	pthread_mutex_unlock(&o->lock);
	return c;
}

void
outgoing_free(struct outgoing *o)
{
	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->stopping = true;
	pthread_mutex_unlock(&o->lock);
	wake(o);
	pthread_join(o->thread, NULL);
	outgoing_release(o);
}
