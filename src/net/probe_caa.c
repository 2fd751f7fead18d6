/*
 * RFC 8659 section 3: the CAA record set that is closest to a name, climbing
 * label by label up to, but without, the root.  A failure on the way is a
 * failure, never "no records".
 */
#include "net/probe_job.h"

static void ask(struct probe_job *job, const char *name);

static void
climb(struct probe_job *job, const char *name)
{
	const char *dot = strchr(name, '.');

	if (dot == NULL || dot[1] == '\0') {
		record_set(job->record, "caa", "none");
		job_ok(job);
		return;
	}
	ask(job, dot + 1);
}

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct probe_job *job = arg;
	const char *name = l->name;
	struct err why = { 0 };
	bool transient = false, usable;

	if (job->over)
		return;
	record_lookup(job, l);
	job->all_secure &= l->security == DNS_SECURE;
	usable = probe_lookup_check(job, l, &transient, &why);
	if (!usable && !probe_lookup_absent(job, l)) {
		job_fail_err(job, &why, transient);
		return;
	}
	if (usable && l->answer.found > DNS_MAX_RECORDS) {
		job_fail(job, ERR_CAA, false,
		    "DNS CAA lookup of %s at %s found %zu records, expected "
		    "at most %u",
		    name, job->settings->dns.label, l->answer.found,
		    DNS_MAX_RECORDS);
		return;
	}
	if (usable && l->answer.found > 0) {
		record_set(job->record, "caa", name);
		job->res.caa = l->answer.rdata;
		job->res.caa_n = l->answer.rdata_n;
		job_ok(job);
		return;
	}
	dns_lookup_free(TAKE(job->lookup));
	climb(job, name);
}

static void
ask(struct probe_job *job, const char *name)
{
	job_doing(job, ERR_DNS, "DNS CAA lookup of %s at %s", name,
	    job->settings->dns.label);
	job->lookup = dns_lookup_start(job->settings->dns_pool, name, DNS_CAA,
	    job->arena, lookup_done, job);
}

void
probe_caa_start(struct probe_job *job)
{
	const char *name = job->req.name;
	struct err why = { 0 };

	/* A wildcard is asked for at its own domain. */
	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	if (!dns_name_check(name, &why)) {
		job_fail(job, ERR_DNS, false, "%.253s: %s", name, why.shown);
		return;
	}
	ask(job, name);
}
