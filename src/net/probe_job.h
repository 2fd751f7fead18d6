/*
 * The inside of the probe loop; nobody but the probe_*.c files includes it.
 *
 * Everything here belongs to the probe thread, except settings that a reload
 * has left.  A probe is a job of the loop (net/job_loop.h) with an arena.
 */
#ifndef NET_PROBE_JOB_H
#define NET_PROBE_JOB_H

#include <jansson.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include "net/job_loop.h"
#include "net/probe.h"

OWN_DEFINE(json_t, json_decref)

struct probe_loop {
	struct job_loop jobs;
	struct probe_settings *settings; /* of the next probe */
	_Atomic(struct probe_settings *) reloaded; /* not yet taken over */
	SSL_CTX *ssl_ctx;
};

/* Addresses of a host that may be connected to, IPv6 first. */
#define PROBE_MAX_ADDRESSES 8u

struct probe_job;

struct probe_target {
	const char *host;
	struct probe_address v[PROBE_MAX_ADDRESSES];
	size_t n, next;
	struct err refused; /* why the first refused one was */
	/* While it is being resolved. */
	struct dns_lookup *a, *aaaa;
	struct err a_err, aaaa_err;
	bool transient;
	void (*then)(struct probe_job *probe);
};

struct probe_job {
	struct job job;
	struct probe_loop *loop;
	struct probe_settings *settings; /* NULL until it runs */
	struct arena *arena;
	struct probe_request req;
	void (*done)(void *arg, const struct probe_result *res);
	void *arg;

	int64_t started_us;
	struct probe_result res; /* how it ended is in job */
	json_t *record, *lookups, *hops;
	bool all_secure; /* of the DNS answers used so far */

	struct probe_target target;
	struct probe_http *http;
	struct probe_tls *tls;
	struct probe_caa *caa;
	/* The lookup of a TXT or CAA probe. */
	struct dns_lookup *lookup;
};

static inline struct probe_job *
probe_of(struct job *job)
{
	return (
	    struct probe_job *)((char *)job - offsetof(struct probe_job, job));
}

/* probe_record.c: the record that goes to the store. */
void record_begin(struct probe_job *probe);
void record_lookup(struct probe_job *probe, const struct dns_lookup *l);
void record_hosts(struct probe_job *probe, const char *name,
    const struct probe_address *v, size_t n);
/* Printable ASCII as it is, the rest as \xNN; at most max octets of it. */
const char *record_escape(struct arena *a, struct bytes in, size_t max);
void record_set(json_t *o, const char *key, const char *value);
void record_set_int(json_t *o, const char *key, int64_t value);
/* Another hop; borrowed. */
json_t *record_hop(struct probe_job *probe);
void record_end(struct probe_job *probe);

/*
 * probe_resolve.c: fills probe->target with addresses that may be used and
 * calls then; fails the probe when there is none.
 */
void probe_resolve(struct probe_job *probe, const char *host, bool is_ip,
    void (*then)(struct probe_job *probe));
void probe_resolve_cancel(struct probe_job *probe);
/*
 * Whether an answer may be used: rcode, DNSSEC.  ERR_DNS with a sentence;
 * NXDOMAIN fails too.
 */
bool probe_lookup_check(struct probe_job *probe, const struct dns_lookup *l,
    bool *transient, struct err *err) MUST_CHECK;

/* NXDOMAIN that may be believed. */
bool probe_lookup_absent(
    const struct probe_job *probe, const struct dns_lookup *l);

/* probe_http.c, probe_tls.c, probe_txt.c, probe_caa.c: begin and give up. */
void probe_http_start(struct probe_job *probe);
void probe_http_cancel(struct probe_job *probe);
void probe_tls_start(struct probe_job *probe);
void probe_tls_cancel(struct probe_job *probe);
void probe_txt_start(struct probe_job *probe);
void probe_caa_start(struct probe_job *probe);

#endif
