#include <stdio.h>
#include "net/probe_job.h"

/* How long a good answer for one family waits for the other one. */
#define FAMILY_GRACE_MS 1000
/* IPv6 first, but IPv4 always has a place. */
#define MAX_PER_FAMILY (PROBE_MAX_ADDRESSES / 2)

static void
target_add(struct probe_job *probe, const struct probe_address *address,
    size_t *family_n)
{
	struct probe_target *t = &probe->target;

	if (*family_n == MAX_PER_FAMILY ||
	    !probe_address_check(
		address, &probe->settings->permitted, &t->refused))
		return;
	t->v[t->n++] = *address;
	(*family_n)++;
}

static void
target_add_family(struct probe_job *probe, const struct probe_address *v,
    size_t n, int family)
{
	size_t family_n = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].family == family)
			target_add(probe, &v[i], &family_n);
}

static void
target_add_answer(
    struct probe_job *probe, const struct dns_lookup *l, int family)
{
	size_t family_n = 0;

	for (size_t i = 0; i < l->answer.rdata_n; i++) {
		struct probe_address address =
		    probe_address_make(family, l->answer.rdata[i].p);

		target_add(probe, &address, &family_n);
	}
}

bool
probe_lookup_absent(const struct probe_job *probe, const struct dns_lookup *l)
{
	return dns_lookup_absent(&probe->settings->dns, l);
}

bool
probe_lookup_check(struct probe_job *probe, const struct dns_lookup *l,
    bool *transient, struct err *err)
{
	return dns_lookup_check(
	    &probe->settings->dns, l, probe->arena, transient, err);
}

static void
resolve_fail(struct probe_job *probe)
{
	struct probe_target *t = &probe->target;
	const char *label = probe->settings->dns.label;

	if (t->refused.kind != ERR_NONE)
		job_fail(&probe->job, t->refused.kind, false, "%s: %s", t->host,
		    t->refused.shown);
	else if (t->a_err.kind != ERR_NONE)
		job_fail_err(&probe->job, &t->a_err, t->transient);
	else if (t->aaaa_err.kind != ERR_NONE)
		job_fail_err(&probe->job, &t->aaaa_err, t->transient);
	else
		job_fail(&probe->job, ERR_DNS, false,
		    "DNS A and AAAA lookups of %s at %s found no address",
		    t->host, label);
}

/* What one family's lookup gave, if it is there. */
static void
family_take(struct probe_job *probe, struct dns_lookup **lookup, int family,
    struct err *err)
{
	struct dns_lookup *l = *lookup;

	if (l == NULL || l->done != NULL) {
		if (l != NULL)
			fail(err, ERR_DNS,
			    "DNS %s lookup of %s at %s: no answer",
			    dns_type_name(l->type), l->name,
			    probe->settings->dns.label);
	} else if (probe_lookup_check(
		       probe, l, &probe->target.transient, err)) {
		target_add_answer(probe, l, family);
		probe->all_secure &= l->security == DNS_SECURE;
	}
	dns_lookup_free(l);
	*lookup = NULL;
}

static void
resolve_finish(struct probe_job *probe)
{
	struct probe_target *t = &probe->target;

	job_stage(&probe->job, 0, NULL);
	family_take(probe, &t->aaaa, AF_INET6, &t->aaaa_err);
	family_take(probe, &t->a, AF_INET, &t->a_err);
	if (t->n == 0)
		resolve_fail(probe);
	else
		t->then(probe);
}

static void
grace_over(struct job *job)
{
	resolve_finish(probe_of(job));
}

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct probe_job *probe = arg;
	struct probe_target *t = &probe->target;
	const struct dns_lookup *other = l == t->a ? t->aaaa : t->a;

	if (probe->job.over)
		return;
	record_lookup(probe, l);
	if (other == NULL || other->done == NULL) {
		resolve_finish(probe);
		return;
	}
	job_doing(&probe->job, ERR_DNS, "DNS %s lookup of %s at %s",
	    dns_type_name(other->type), other->name,
	    probe->settings->dns.label);
	/* Some name servers never answer for AAAA. */
	if (l->answer.rdata_n > 0)
		job_stage(&probe->job, FAMILY_GRACE_MS, grace_over);
}

static void
resolve_dns(struct probe_job *probe)
{
	struct probe_target *t = &probe->target;
	struct dns_pool *pool = probe->settings->dns_pool;
	struct err why = { 0 };

	if (!dns_name_check(t->host, &why)) {
		job_fail(&probe->job, ERR_DNS, false, "%.253s: %s", t->host,
		    why.shown);
		return;
	}
	job_doing(&probe->job, ERR_DNS, "DNS A and AAAA lookups of %s at %s",
	    t->host, probe->settings->dns.label);
	t->aaaa = dns_lookup_start(
	    pool, t->host, DNS_AAAA, probe->arena, lookup_done, probe);
	t->a = dns_lookup_start(
	    pool, t->host, DNS_A, probe->arena, lookup_done, probe);
}

void
probe_resolve(struct probe_job *probe, const char *host, bool is_ip,
    void (*then)(struct probe_job *probe))
{
	struct probe_target *t = &probe->target;
	struct probe_address v[PROBE_MAX_ADDRESSES];
	size_t n;

	*t = (struct probe_target){ .host = host, .then = then };
	if (is_ip) {
		n = probe_address_parse(host, &v[0]) ? 1 : 0;
		if (n == 0) {
			job_fail(&probe->job, ERR_MALFORMED, false,
			    "%.100s is no IP address", host);
			return;
		}
		probe->all_secure = false;
	} else {
		n = probe_settings_hosts(probe->settings, host, v, COUNT_OF(v));
		if (n == 0) {
			resolve_dns(probe);
			return;
		}
		record_hosts(probe, host, v, n);
		probe->all_secure = false;
	}
	target_add_family(probe, v, n, AF_INET6);
	target_add_family(probe, v, n, AF_INET);
	if (t->n == 0)
		resolve_fail(probe);
	else
		then(probe);
}

void
probe_resolve_cancel(struct probe_job *probe)
{
	dns_lookup_free(probe->target.a);
	dns_lookup_free(probe->target.aaaa);
	probe->target.a = probe->target.aaaa = NULL;
}
