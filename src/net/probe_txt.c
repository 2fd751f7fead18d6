/* dns-01 (RFC 8555 section 8.4): the TXT records of one owner name. */
#include "net/probe_job.h"

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct probe_job *job = arg;
	struct err why = { 0 };
	bool transient = false;

	if (job->over)
		return;
	record_lookup(job, l);
	job->all_secure &= l->security == DNS_SECURE;
	if (!probe_lookup_check(job, l, &transient, &why)) {
		/* A record that was just added may not be everywhere yet. */
		job_fail_err(
		    job, &why, transient || probe_lookup_absent(job, l));
		return;
	}
	if (l->answer.found == 0) {
		job_fail(job, ERR_DNS, true,
		    "DNS TXT lookup of %s at %s found no TXT record", l->name,
		    job->settings->dns.label);
		return;
	}
	if (l->answer.found > PROBE_MAX_TXT) {
		job_fail(job, ERR_INCORRECT_RESPONSE, false,
		    "DNS TXT lookup of %s at %s found %zu records, expected "
		    "at most %u",
		    l->name, job->settings->dns.label, l->answer.found,
		    PROBE_MAX_TXT);
		return;
	}
	job->res.txt = l->answer.rdata;
	job->res.txt_n = l->answer.rdata_n;
	job_ok(job);
}

void
probe_txt_start(struct probe_job *job)
{
	struct err why = { 0 };

	if (!dns_name_check(job->req.name, &why)) {
		job_fail(job, ERR_DNS, false, "%.253s: %s", job->req.name,
		    why.shown);
		return;
	}
	job_doing(job, ERR_DNS, "DNS TXT lookup of %s at %s", job->req.name,
	    job->settings->dns.label);
	job->lookup = dns_lookup_start(job->settings->dns_pool, job->req.name,
	    DNS_TXT, job->arena, lookup_done, job);
}
