#include <stdio.h>
#include "net/probe_job.h"

/* How long a good answer for one family waits for the other one. */
#define FAMILY_GRACE_MS 1000
/* IPv6 first, but IPv4 always has a place. */
#define MAX_PER_FAMILY (PROBE_MAX_ADDRESSES / 2)

static void
target_add(struct probe_job *job, const struct probe_address *address,
    size_t *family_n)
{
	struct probe_target *t = &job->target;

	if (*family_n == MAX_PER_FAMILY ||
	    !probe_address_check(
		address, &job->settings->permitted, &t->refused))
		return;
	t->v[t->n++] = *address;
	(*family_n)++;
}

static void
target_add_family(
    struct probe_job *job, const struct probe_address *v, size_t n, int family)
{
	size_t family_n = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].family == family)
			target_add(job, &v[i], &family_n);
}

static void
target_add_answer(struct probe_job *job, const struct dns_lookup *l, int family)
{
	size_t family_n = 0;

	for (size_t i = 0; i < l->answer.rdata_n; i++) {
		struct probe_address address =
		    probe_address_make(family, l->answer.rdata[i].p);

		target_add(job, &address, &family_n);
	}
}

bool
probe_lookup_absent(const struct probe_job *job, const struct dns_lookup *l)
{
	return dns_lookup_absent(&job->settings->dns, l);
}

bool
probe_lookup_check(struct probe_job *job, const struct dns_lookup *l,
    bool *transient, struct err *err)
{
	return dns_lookup_check(
	    &job->settings->dns, l, job->arena, transient, err);
}

static void
resolve_fail(struct probe_job *job)
{
	struct probe_target *t = &job->target;
	const char *label = job->settings->dns.label;

	if (t->refused.kind != ERR_NONE)
		job_fail(job, t->refused.kind, false, "%s: %s", t->host,
		    t->refused.shown);
	else if (t->a_err.kind != ERR_NONE)
		job_fail_err(job, &t->a_err, t->transient);
	else if (t->aaaa_err.kind != ERR_NONE)
		job_fail_err(job, &t->aaaa_err, t->transient);
	else
		job_fail(job, ERR_DNS, false,
		    "DNS A and AAAA lookups of %s at %s found no address",
		    t->host, label);
}

/* What one family's lookup gave, if it is there. */
static void
family_take(struct probe_job *job, struct dns_lookup **lookup, int family,
    struct err *err)
{
	struct dns_lookup *l = *lookup;

	if (l == NULL || l->done != NULL) {
		if (l != NULL)
			fail(err, ERR_DNS,
			    "DNS %s lookup of %s at %s: no answer",
			    dns_type_name(l->type), l->name,
			    job->settings->dns.label);
	} else if (probe_lookup_check(job, l, &job->target.transient, err)) {
		target_add_answer(job, l, family);
		job->all_secure &= l->security == DNS_SECURE;
	}
	dns_lookup_free(l);
	*lookup = NULL;
}

static void
resolve_finish(struct probe_job *job)
{
	struct probe_target *t = &job->target;

	job_stage(job, 0, NULL);
	family_take(job, &t->aaaa, AF_INET6, &t->aaaa_err);
	family_take(job, &t->a, AF_INET, &t->a_err);
	if (t->n == 0)
		resolve_fail(job);
	else
		t->then(job);
}

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct probe_job *job = arg;
	struct probe_target *t = &job->target;
	const struct dns_lookup *other = l == t->a ? t->aaaa : t->a;

	if (job->over)
		return;
	record_lookup(job, l);
	if (other == NULL || other->done == NULL) {
		resolve_finish(job);
		return;
	}
	job_doing(job, ERR_DNS, "DNS %s lookup of %s at %s",
	    dns_type_name(other->type), other->name, job->settings->dns.label);
	/* Some name servers never answer for AAAA. */
	if (l->answer.rdata_n > 0)
		job_stage(job, FAMILY_GRACE_MS, resolve_finish);
}

static void
resolve_dns(struct probe_job *job)
{
	struct probe_target *t = &job->target;
	struct dns_pool *pool = job->settings->dns_pool;
	struct err why = { 0 };

	if (!dns_name_check(t->host, &why)) {
		job_fail(job, ERR_DNS, false, "%.253s: %s", t->host, why.shown);
		return;
	}
	job_doing(job, ERR_DNS, "DNS A and AAAA lookups of %s at %s", t->host,
	    job->settings->dns.label);
	t->aaaa = dns_lookup_start(
	    pool, t->host, DNS_AAAA, job->arena, lookup_done, job);
	t->a = dns_lookup_start(
	    pool, t->host, DNS_A, job->arena, lookup_done, job);
}

void
probe_resolve(struct probe_job *job, const char *host, bool is_ip,
    void (*then)(struct probe_job *job))
{
	struct probe_target *t = &job->target;
	struct probe_address v[PROBE_MAX_ADDRESSES];
	size_t n;

	*t = (struct probe_target){ .host = host, .then = then };
	if (is_ip) {
		n = probe_address_parse(host, &v[0]) ? 1 : 0;
		if (n == 0) {
			job_fail(job, ERR_MALFORMED, false,
			    "%.100s is no IP address", host);
			return;
		}
		job->all_secure = false;
	} else {
		n = probe_settings_hosts(job->settings, host, v, COUNT_OF(v));
		if (n == 0) {
			resolve_dns(job);
			return;
		}
		record_hosts(job, host, v, n);
		job->all_secure = false;
	}
	target_add_family(job, v, n, AF_INET6);
	target_add_family(job, v, n, AF_INET);
	if (t->n == 0)
		resolve_fail(job);
	else
		then(job);
}

void
probe_resolve_cancel(struct probe_job *job)
{
	dns_lookup_free(job->target.a);
	dns_lookup_free(job->target.aaaa);
	job->target.a = job->target.aaaa = NULL;
}
