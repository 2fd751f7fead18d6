#include <stdlib.h>
#include <string.h>
#include "crypto/own.h"
#include "net/probe_job.h"
#include "util/times.h"

#define MAX_PATH_TEXT 512u

struct probes {
	struct probe_port port;
	struct probe_loop loop;
	OSSL_LIB_CTX *libctx;
};

/* ---- the thread ---- */

/* With the settings of the last reload. */
static void
settings_take(struct probe_loop *loop)
{
	struct probe_settings *s = atomic_exchange(&loop->reloaded, NULL);

	if (s == NULL)
		return;
	probe_settings_unref(loop->settings);
	loop->settings = s;
	job_loop_resolver(&loop->jobs, s);
}

static void
probe_begin(struct probe_job *probe)
{
	settings_take(probe->loop);
	probe->settings = probe->loop->settings;
	probe_settings_ref(probe->settings);
	probe->started_us = clock_monotonic_us();
	probe->all_secure = probe->settings->dns.dnssec != DNSSEC_OFF;
	record_begin(probe);
}

static void
probe_start(struct job *job)
{
	struct probe_job *probe = probe_of(job);

	probe_begin(probe);
	job_limit(job, probe->settings->timeout_ms);
	job_doing(job, ERR_CONNECTION, "probe of %s", probe->req.name);
	switch (probe->req.kind) {
	case PROBE_HTTP:
		probe_http_start(probe);
		break;
	case PROBE_TXT:
		probe_txt_start(probe);
		break;
	case PROBE_TLS_ALPN:
		probe_tls_start(probe);
		break;
	case PROBE_CAA:
		probe_caa_start(probe);
		break;
	}
}

static void
probe_end(struct job *job)
{
	struct probe_job *probe = probe_of(job);

	/* The server stops before it had a slot: there is a record of that. */
	if (probe->settings == NULL)
		probe_begin(probe);
	probe_http_cancel(probe);
	probe_tls_cancel(probe);
	probe_resolve_cancel(probe);
	dns_lookup_free(probe->lookup);
	record_end(probe);
	probe->res.ok = job->ok;
	probe->res.err = job->err;
	probe->res.transient = job->transient;
	probe->res.dnssec_secure = job->ok && probe->all_secure;
	probe->done(probe->arg, &probe->res);
	json_decref(probe->record);
	probe_settings_unref(probe->settings);
	arena_free(probe->arena);
}

/* ---- the port ---- */

static struct probe_job *
probe_new(struct probes *p, const struct probe_request *req,
    void (*done)(void *arg, const struct probe_result *res), void *arg)
{
	struct arena *arena = arena_new();
	struct probe_job *probe = arena_alloc(arena, sizeof(*probe));

	probe->arena = arena;
	probe->loop = &p->loop;
	probe->req = *req;
	probe->req.name = arena_strdup(arena, req->name);
	if (req->path != NULL)
		probe->req.path = arena_strdup(arena, req->path);
	probe->done = done;
	probe->arg = arg;
	return probe;
}

static bool
probes_start(void *ctx, const struct probe_request *req,
    void (*done)(void *arg, const struct probe_result *res), void *arg,
    struct err *err)
{
	struct probes *p = ctx;
	struct probe_job *probe;

	if (req->name == NULL || strlen(req->name) > DNS_MAX_NAME ||
	    (req->kind == PROBE_HTTP &&
		(req->path == NULL || req->path[0] != '/' ||
		    strlen(req->path) > MAX_PATH_TEXT)))
		return fail(err, ERR_MALFORMED,
		    "the probe has no name or path that can be asked for");
	probe = probe_new(p, req, done, arg);
	if (!job_loop_add(&p->loop.jobs, &probe->job)) {
		arena_free(probe->arena);
		return fail(err, ERR_BUSY, "too many validations are waiting");
	}
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

static void
probes_release(struct probes *p)
{
	probe_settings_unref(p->loop.settings);
	probe_settings_unref(p->loop.reloaded);
	job_loop_release(&p->loop.jobs);
	SSL_CTX_free(p->loop.ssl_ctx);
	OSSL_LIB_CTX_free(p->libctx);
	free(p);
}

struct probes *
probes_new(const struct config_validation *v, struct err *err)
{
	struct probe_settings *s;
	struct probes *p;

	if (!probe_settings_new(v, &s, err))
		return NULL;
	p = mem_alloc(sizeof(*p));
	p->port = (struct probe_port){ probes_start, p };
	p->loop.reloaded = s;
	if (!job_loop_init(&p->loop.jobs, "probes", s->max_concurrent,
		probe_start, probe_end, err)) {
		probes_release(p);
		return NULL;
	}
	settings_take(&p->loop);
	if (!tls_new(p, err) || !job_loop_start(&p->loop.jobs, err)) {
		probes_release(p);
		return NULL;
	}
	return p;
}

bool
probes_reload(
    struct probes *p, const struct config_validation *v, struct err *err)
{
	struct probe_settings *s;
	size_t slots;

	if (!probe_settings_new(v, &s, err))
		return false;
	/* The thread may have done with it before the next line. */
	slots = s->max_concurrent;
	probe_settings_unref(atomic_exchange(&p->loop.reloaded, s));
	job_loop_limit(&p->loop.jobs, slots);
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
	struct job_counts c = job_loop_count(&p->loop.jobs);

	return (struct probes_counts){ .running = c.running,
		.waiting = c.waiting,
		.finished = c.ok + c.failed,
		.refused = c.refused };
}

void
probes_free(struct probes *p)
{
	if (p == NULL)
		return;
	job_loop_stop(&p->loop.jobs);
	probes_release(p);
}
