/* dns-01 (RFC 8555 section 8.4): the TXT records of one owner name. */
#include "net/probe_job.h"

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct probe_job *probe = arg;
	struct err why = { 0 };
	bool transient = false;

	if (probe->job.over)
		return;
	record_lookup(probe, l);
	probe->all_secure &= l->security == DNS_SECURE;
	if (!probe_lookup_check(probe, l, &transient, &why)) {
		/* A record that was just added may not be everywhere yet. */
		job_fail_err(&probe->job, &why,
		    transient || probe_lookup_absent(probe, l));
		return;
	}
	if (l->answer.found == 0) {
		job_fail(&probe->job, ERR_DNS, true,
		    "DNS TXT lookup of %s at %s found no TXT record", l->name,
		    probe->settings->dns.label);
		return;
	}
	if (l->answer.found > PROBE_MAX_TXT) {
		job_fail(&probe->job, ERR_INCORRECT_RESPONSE, false,
		    "DNS TXT lookup of %s at %s found %zu records, expected "
		    "at most %u",
		    l->name, probe->settings->dns.label, l->answer.found,
		    PROBE_MAX_TXT);
		return;
	}
	probe->res.txt = l->answer.rdata;
	probe->res.txt_n = l->answer.rdata_n;
	job_ok(&probe->job);
}

void
probe_txt_start(struct probe_job *probe)
{
	struct err why = { 0 };

	if (!dns_name_check(probe->req.name, &why)) {
		job_fail(&probe->job, ERR_DNS, false, "%.253s: %s",
		    probe->req.name, why.shown);
		return;
	}
	job_doing(&probe->job, ERR_DNS, "DNS TXT lookup of %s at %s",
	    probe->req.name, probe->settings->dns.label);
	probe->lookup = dns_lookup_start(probe->settings->dns_pool,
	    probe->req.name, DNS_TXT, probe->arena, lookup_done, probe);
}
