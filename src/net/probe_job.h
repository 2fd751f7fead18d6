/*
 * The inside of the probe loop; nobody but the probe_*.c files includes it.
 *
 * Everything here belongs to the probe thread, except struct probes' part
 * under its lock.  A job is one probe: it has an arena, one timer and a stage.
 * Nothing frees a job or calls its owner from the depth of a library's
 * callback: job_ok() and job_fail() mark it as over, and the loop's deferred
 * event ends it.  So every callback of a library may be the last thing that a
 * job sees, and looks at job->over first.
 */
#ifndef NET_PROBE_JOB_H
#define NET_PROBE_JOB_H

#include <event2/event.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/queue.h>
#include <openssl/ssl.h>
#include "net/probe.h"
#include "net/probe_settings.h"

OWN_DEFINE(json_t, json_decref)

TAILQ_HEAD(probe_jobs, probe_job);

struct probe_loop {
	struct event_base *base;
	struct event *deferred;
	struct probe_settings *settings; /* of the next job */
	LIST_HEAD(, probe_settings) all; /* and of those that run */
	struct probe_jobs running, over;
	struct transfers *multi;
	SSL_CTX *ssl_ctx;
};

/* Addresses of a host that may be connected to, IPv6 first. */
#define PROBE_MAX_ADDRESSES 8u

struct probe_target {
	const char *host;
	struct probe_address v[PROBE_MAX_ADDRESSES];
	size_t n, next;
	struct err refused; /* why the first refused one was */
	/* While it is being resolved. */
	struct dns_lookup *a, *aaaa;
	struct err a_err, aaaa_err;
	bool transient;
	void (*then)(struct probe_job *job);
};

struct probe_job {
	TAILQ_ENTRY(probe_job) link;
	struct probe_loop *loop;
	struct probe_settings *settings;
	struct arena *arena;
	struct probe_request req;
	void (*done)(void *arg, const struct probe_result *res);
	void *arg;

	int64_t started_us, deadline_us;
	struct event *timer;
	/* Called when the stage's own time is over, before the deadline. */
	void (*stage)(struct probe_job *job);
	/* What a time-out tells: "DNS A lookup of x at R". */
	const char *doing;
	enum err_kind doing_kind;

	bool over;
	struct probe_result res;
	json_t *record, *lookups, *hops;
	bool all_secure; /* of the DNS answers used so far */

	struct probe_target target;
	struct probe_http *http;
	struct probe_tls *tls;
	struct probe_caa *caa;
	/* The lookup of a TXT or CAA probe. */
	struct dns_lookup *lookup;
};

/* probe_job.c: the job's ends and its clock. */
void job_ok(struct probe_job *job);
void job_fail(struct probe_job *job, enum err_kind kind, bool transient,
    const char *fmt, ...) PRINTF(4, 5);
void job_fail_err(struct probe_job *job, const struct err *why, bool transient);
/* What a time-out would say from now on. */
void job_doing(struct probe_job *job, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
/* Calls stage in so many ms unless the deadline is nearer; NULL: none. */
void job_stage(
    struct probe_job *job, int64_t ms, void (*stage)(struct probe_job *job));
int64_t job_left_ms(const struct probe_job *job);
/* The timer's callback; arg is the job. */
void job_timer(evutil_socket_t fd, short what, void *arg);

/* probe_record.c: the record that goes to the store. */
void record_begin(struct probe_job *job);
void record_lookup(struct probe_job *job, const struct dns_lookup *l);
void record_hosts(struct probe_job *job, const char *name,
    const struct probe_address *v, size_t n);
/* Printable ASCII as it is, the rest as \xNN; at most max octets of it. */
const char *record_escape(struct arena *a, struct bytes in, size_t max);
void record_set(json_t *o, const char *key, const char *value);
void record_set_int(json_t *o, const char *key, int64_t value);
/* Another hop; borrowed. */
json_t *record_hop(struct probe_job *job);
void record_end(struct probe_job *job);

/*
 * probe_resolve.c: fills job->target with addresses that may be used and calls
 * then; fails the job when there is none.
 */
void probe_resolve(struct probe_job *job, const char *host, bool is_ip,
    void (*then)(struct probe_job *job));
void probe_resolve_cancel(struct probe_job *job);
/*
 * Whether an answer may be used: rcode, DNSSEC.  ERR_DNS with a sentence;
 * NXDOMAIN fails too.
 */
bool probe_lookup_check(struct probe_job *job, const struct dns_lookup *l,
    bool *transient, struct err *err) MUST_CHECK;

/* NXDOMAIN that may be believed. */
bool probe_lookup_absent(
    const struct probe_job *job, const struct dns_lookup *l);

/* probe_http.c, probe_tls.c, probe_txt.c, probe_caa.c: begin and give up. */
void probe_http_start(struct probe_job *job);
void probe_http_cancel(struct probe_job *job);
void probe_tls_start(struct probe_job *job);
void probe_tls_cancel(struct probe_job *job);
void probe_txt_start(struct probe_job *job);
void probe_caa_start(struct probe_job *job);

#endif
