/*
 * The addresses of a host that the operator named: a literal, the hosts file,
 * or DNS for both families at once.  Any address is good (net/outgoing.h).
 */
#include "net/outgoing_job.h"

/* How long a good answer for one family waits for the other one. */
#define FAMILY_GRACE_MS 1000
/* IPv6 first, but IPv4 always has a place. */
#define MAX_PER_FAMILY (OUTGOING_MAX_ADDRESSES / 2)

static void
target_add_family(struct outgoing_target *t, const struct probe_address *v,
    size_t n, int family)
{
	size_t family_n = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].family == family && family_n++ < MAX_PER_FAMILY)
			t->v[t->n++] = v[i];
}

/* What one family's lookup gave, if it is there. */
static void
family_take(struct outgoing_call *call, struct dns_lookup **lookup, int family,
    struct err *err)
{
	const struct dns_settings *dns = &call->settings->net->dns;
	struct outgoing_target *t = &call->target;
	struct dns_lookup *l = *lookup;

	if (l->done != NULL) {
		fail(err, ERR_DNS, "DNS %s lookup of %s at %s: no answer",
		    dns_type_name(l->type), l->name, dns->label);
		t->transient = true;
	} else if (dns_lookup_check(dns, l, call->arena, &t->transient, err)) {
		for (size_t i = 0;
		     i < MIN_OF(l->answer.rdata_n, MAX_PER_FAMILY); i++)
			t->v[t->n++] =
			    probe_address_make(family, l->answer.rdata[i].p);
	}
	dns_lookup_free(l);
	*lookup = NULL;
}

static void
resolve_fail(struct outgoing_call *call)
{
	struct outgoing_target *t = &call->target;
	const struct err *why =
	    t->a_err.kind != ERR_NONE ? &t->a_err : &t->aaaa_err;

	if (why->kind != ERR_NONE)
		job_fail(&call->job, why->kind, t->transient, "%.320s: %.310s",
		    call->job.shown, why->shown);
	else
		job_fail(&call->job, ERR_DNS, false,
		    "%.320s: DNS A and AAAA lookups of %.200s at %.80s found "
		    "no address",
		    call->job.shown, t->host->name,
		    call->settings->net->dns.label);
}

static void
resolve_finish(struct outgoing_call *call)
{
	struct outgoing_target *t = &call->target;

	job_stage(&call->job, 0, NULL);
	family_take(call, &t->aaaa, AF_INET6, &t->aaaa_err);
	family_take(call, &t->a, AF_INET, &t->a_err);
	if (t->n == 0)
		resolve_fail(call);
	else
		t->then(call);
}

static void
grace_over(struct job *job)
{
	resolve_finish(call_of(job));
}

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct outgoing_call *call = arg;
	struct outgoing_target *t = &call->target;
	const struct dns_lookup *other = l == t->a ? t->aaaa : t->a;

	if (call->job.over)
		return;
	if (other->done == NULL) {
		resolve_finish(call);
		return;
	}
	/* Some name servers never answer for AAAA. */
	if (l->answer.rdata_n > 0)
		job_stage(&call->job, FAMILY_GRACE_MS, grace_over);
}

static void
resolve_dns(struct outgoing_call *call)
{
	struct outgoing_target *t = &call->target;
	struct dns_pool *pool = call->settings->net->dns_pool;

	job_doing(&call->job, ERR_DNS,
	    "%.320s: DNS A and AAAA lookups of %.200s at "
	    "%.80s",
	    call->job.shown, t->host->name, call->settings->net->dns.label);
	t->aaaa = dns_lookup_start(
	    pool, t->host->name, DNS_AAAA, call->arena, lookup_done, call);
	t->a = dns_lookup_start(
	    pool, t->host->name, DNS_A, call->arena, lookup_done, call);
}

void
outgoing_resolve(struct outgoing_call *call, const struct outgoing_host *host,
    void (*then)(struct outgoing_call *call))
{
	struct outgoing_target *t = &call->target;
	struct probe_address v[OUTGOING_MAX_ADDRESSES];
	size_t n;

	*t = (struct outgoing_target){ .host = host, .then = then };
	if (host->is_ip)
		n = probe_address_parse(host->name, &v[0]) ? 1 : 0;
	else
		n = probe_settings_hosts(
		    call->settings->net, host->name, v, COUNT_OF(v));
	if (n == 0) {
		resolve_dns(call);
		return;
	}
	target_add_family(t, v, n, AF_INET6);
	target_add_family(t, v, n, AF_INET);
	then(call);
}

void
outgoing_resolve_cancel(struct outgoing_call *call)
{
	struct outgoing_target *t = &call->target;

	dns_lookup_free(t->a);
	dns_lookup_free(t->aaaa);
	t->a = t->aaaa = NULL;
}
