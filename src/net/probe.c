#include <errno.h>
#include <event2/thread.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "crypto/own.h"
#include "net/probe_job.h"
#include "net/transfers.h"
#include "util/times.h"

/* Probes that may wait for each slot; more are refused (ERR_BUSY). */
#define QUEUE_PER_SLOT 8u
#define MAX_PATH_TEXT 512u

struct probes {
	struct probe_port port;
	pthread_t thread;
	int wake; /* eventfd: the lock's part changed */

	pthread_mutex_t lock;
	struct probe_jobs queue;
	struct probe_settings *reloaded; /* not yet taken over */
	bool stopping;
	size_t max_concurrent;
	struct probes_counts counts;

	/* The probe thread's. */
	struct probe_loop loop;
	struct event *wake_event;
	OSSL_LIB_CTX *libctx;
};

static void
wake(struct probes *p)
{
	uint64_t one = 1;

	/* It can only be full when the thread is awake anyway. */
	if (write(p->wake, &one, sizeof(one)) < 0)
		return;
}

/* ---- the thread ---- */

static void
job_start(struct probe_loop *loop, struct probe_job *job)
{
	job->settings = loop->settings;
	probe_settings_ref(job->settings);
	TAILQ_INSERT_TAIL(&loop->running, job, link);
	job->started_us = clock_monotonic_us();
	job->deadline_us = job->started_us + loop->settings->timeout_ms * 1000;
	job->timer = evtimer_new(loop->base, job_timer, job);
	job->all_secure = loop->settings->dns.dnssec != DNSSEC_OFF;
	job_doing(job, ERR_CONNECTION, "probe of %s", job->req.name);
	job_stage(job, 0, NULL);
	record_begin(job);
	switch (job->req.kind) {
	case PROBE_HTTP:
		probe_http_start(job);
		break;
	case PROBE_TXT:
		probe_txt_start(job);
		break;
	case PROBE_TLS_ALPN:
		probe_tls_start(job);
		break;
	case PROBE_CAA:
		probe_caa_start(job);
		break;
	}
}

/* Gives back all that a library may still hold, then tells the owner. */
static void
job_end(struct probe_job *job)
{
	probe_http_cancel(job);
	probe_tls_cancel(job);
	probe_resolve_cancel(job);
	dns_lookup_free(job->lookup);
	if (job->timer != NULL)
		event_free(job->timer);
	record_end(job);
	job->done(job->arg, &job->res);
	json_decref(job->record);
	probe_settings_unref(job->settings);
	arena_free(job->arena);
}

/* The settings are new to the probe thread. */
static void
settings_begin(struct probes *p)
{
	struct probe_settings *s = p->loop.settings;

	s->dns_pool = dns_pool_new(p->loop.base, &s->dns, p->loop.deferred);
	LIST_INSERT_HEAD(&p->loop.all, s, link);
}

/* Under the lock: the next job that a slot is free for. */
static struct probe_job *
job_next(struct probes *p)
{
	struct probe_job *job;

	pthread_mutex_lock(&p->lock);
	if (p->reloaded != NULL) {
		struct probe_settings *s = TAKE(p->reloaded);

		probe_settings_unref(p->loop.settings);
		p->loop.settings = s;
		settings_begin(p);
	}
	job = TAILQ_FIRST(&p->queue);
	if (job != NULL && !p->stopping &&
	    p->counts.running < p->max_concurrent) {
		TAILQ_REMOVE(&p->queue, job, link);
		p->counts.waiting--;
		p->counts.running++;
	} else {
		job = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	return job;
}

static void
run_ended(struct probes *p)
{
	struct probe_job *job;

	while ((job = TAILQ_FIRST(&p->loop.over)) != NULL) {
		TAILQ_REMOVE(&p->loop.over, job, link);
		pthread_mutex_lock(&p->lock);
		p->counts.running--;
		p->counts.finished++;
		pthread_mutex_unlock(&p->lock);
		job_end(job);
	}
}

static void
run_pools(struct probes *p)
{
	struct probe_settings *s;

	LIST_FOREACH (s, &p->loop.all, link)
		dns_pool_run(s->dns_pool);
}

static void
stop_all(struct probes *p)
{
	struct probe_job *job;

	while ((job = TAILQ_FIRST(&p->loop.running)) != NULL)
		job_fail(job, ERR_BUSY, true, "the server is stopping");
	run_ended(p);
	pthread_mutex_lock(&p->lock);
	while ((job = TAILQ_FIRST(&p->queue)) != NULL) {
		TAILQ_REMOVE(&p->queue, job, link);
		p->counts.waiting--;
		p->counts.running++;
		pthread_mutex_unlock(&p->lock);
		job->settings = p->loop.settings;
		probe_settings_ref(job->settings);
		job->started_us = clock_monotonic_us();
		record_begin(job);
		job->over = true;
		fail(&job->res.err, ERR_BUSY, "the server is stopping");
		job->res.transient = true;
		TAILQ_INSERT_TAIL(&p->loop.over, job, link);
		run_ended(p);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	event_base_loopbreak(p->loop.base);
}

static void
deferred_fired(evutil_socket_t fd, short what, void *arg)
{
	struct probes *p = arg;
	struct probe_job *job;
	bool stopping;

	(void)fd;
	(void)what;
	run_pools(p);
	run_ended(p);
	while ((job = job_next(p)) != NULL)
		job_start(&p->loop, job);
	pthread_mutex_lock(&p->lock);
	stopping = p->stopping;
	pthread_mutex_unlock(&p->lock);
	if (stopping)
		stop_all(p);
}

static void
wake_fired(evutil_socket_t fd, short what, void *arg)
{
	struct probes *p = arg;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	event_active(p->loop.deferred, EV_TIMEOUT, 0);
}

static void *
thread_main(void *arg)
{
	struct probes *p = arg;

	pthread_setname_np(pthread_self(), "probes");
	event_base_dispatch(p->loop.base);
	OPENSSL_thread_stop_ex(p->libctx);
	return NULL;
}

/* ---- the port ---- */

static struct probe_job *
job_new(struct probes *p, const struct probe_request *req,
    void (*done)(void *arg, const struct probe_result *res), void *arg)
{
	struct arena *arena = arena_new();
	struct probe_job *job = arena_alloc(arena, sizeof(*job));

	job->arena = arena;
	job->loop = &p->loop;
	job->req = *req;
	job->req.name = arena_strdup(arena, req->name);
	if (req->path != NULL)
		job->req.path = arena_strdup(arena, req->path);
	job->done = done;
	job->arg = arg;
	return job;
}

static bool
probes_start(void *ctx, const struct probe_request *req,
    void (*done)(void *arg, const struct probe_result *res), void *arg,
    struct err *err)
{
	struct probes *p = ctx;
	struct probe_job *job;
	bool busy;

	if (req->name == NULL || strlen(req->name) > DNS_MAX_NAME ||
	    (req->kind == PROBE_HTTP &&
		(req->path == NULL || req->path[0] != '/' ||
		    strlen(req->path) > MAX_PATH_TEXT)))
		return fail(err, ERR_MALFORMED,
		    "the probe has no name or path that can be asked for");
	job = job_new(p, req, done, arg);
	pthread_mutex_lock(&p->lock);
	busy = p->stopping ||
	    p->counts.waiting >= QUEUE_PER_SLOT * p->max_concurrent;
	if (busy) {
		p->counts.refused++;
	} else {
		TAILQ_INSERT_TAIL(&p->queue, job, link);
		p->counts.waiting++;
	}
	pthread_mutex_unlock(&p->lock);
	if (busy) {
		arena_free(job->arena);
		return fail(err, ERR_BUSY, "too many validations are waiting");
	}
	wake(p);
	return true;
}

static bool
tls_new(struct probes *p, struct err *err)
{
	p->libctx = OSSL_LIB_CTX_new();
	if (p->libctx != NULL)
		p->loop.ssl_ctx =
		    SSL_CTX_new_ex(p->libctx, NULL, TLS_client_method());
	if (p->loop.ssl_ctx == NULL)
		return fail_ossl(
		    err, ERR_INTERNAL, "no TLS context for probes");
	/* RFC 8737 section 3: TLS 1.2 or later; the certificate is evidence,
	 * not a credential. */
	SSL_CTX_set_min_proto_version(p->loop.ssl_ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(p->loop.ssl_ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(p->loop.ssl_ctx, SSL_SESS_CACHE_OFF);
	return true;
}

static bool
loop_new(struct probes *p, struct err *err)
{
	p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	p->loop.base = event_base_new();
	if (p->wake < 0 || p->loop.base == NULL)
		return fail_errno(err, ERR_SYSTEM, "no event loop for probes");
	p->wake_event = event_new(
	    p->loop.base, p->wake, EV_READ | EV_PERSIST, wake_fired, p);
	p->loop.deferred = event_new(p->loop.base, -1, 0, deferred_fired, p);
	event_add(p->wake_event, NULL);
	p->loop.multi = transfers_new(p->loop.base);
	settings_begin(p);
	return true;
}

static void
probes_release(struct probes *p)
{
	probe_settings_unref(p->loop.settings);
	probe_settings_unref(p->reloaded);
	transfers_free(p->loop.multi);
	if (p->wake_event != NULL)
		event_free(p->wake_event);
	if (p->loop.deferred != NULL)
		event_free(p->loop.deferred);
	if (p->loop.base != NULL)
		event_base_free(p->loop.base);
	if (p->wake >= 0)
		close(p->wake);
	SSL_CTX_free(p->loop.ssl_ctx);
	OSSL_LIB_CTX_free(p->libctx);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* No signal is for this thread; a broken pipe is an error, not a signal. */
static bool
thread_start(struct probes *p)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_create(&p->thread, NULL, thread_main, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0;
}

struct probes *
probes_new(const struct config_validation *v, struct err *err)
{
	struct probes *p = mem_alloc(sizeof(*p));

	p->wake = -1;
	p->port = (struct probe_port){ probes_start, p };
	pthread_mutex_init(&p->lock, NULL);
	TAILQ_INIT(&p->queue);
	TAILQ_INIT(&p->loop.running);
	TAILQ_INIT(&p->loop.over);
	LIST_INIT(&p->loop.all);
	if (!probe_settings_new(v, &p->loop.settings, err) ||
	    !tls_new(p, err) || !loop_new(p, err)) {
		probes_release(p);
		return NULL;
	}
	p->max_concurrent = p->loop.settings->max_concurrent;
	if (!thread_start(p)) {
		fail(err, ERR_SYSTEM, "no thread for probes");
		probes_release(p);
		return NULL;
	}
	return p;
}

bool
probes_reload(
    struct probes *p, const struct config_validation *v, struct err *err)
{
	struct probe_settings *s, *unused;

	if (!probe_settings_new(v, &s, err))
		return false;
	pthread_mutex_lock(&p->lock);
	unused = p->reloaded;
	p->reloaded = s;
	p->max_concurrent = s->max_concurrent;
	pthread_mutex_unlock(&p->lock);
	probe_settings_unref(unused);
	wake(p);
	return true;
}

const struct probe_port *
probes_port(const struct probes *p)
{
	return &p->port;
}

struct probes_counts
probes_count(struct probes *p)
{
	struct probes_counts c;

	pthread_mutex_lock(&p->lock);
	c = p->counts;
	pthread_mutex_unlock(&p->lock);
	return c;
}

void
probes_free(struct probes *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_mutex_unlock(&p->lock);
	wake(p);
	pthread_join(p->thread, NULL);
	probes_release(p);
}
