/*
 * RFC 8659 section 3: the CAA record set that is closest to a name, climbing
 * label by label up to, but without, the root.  A failure on the way is a
 * failure, never "no records".
 */
#include "net/probe_job.h"

static void ask(struct probe_job *probe, const char *name);

static void
climb(struct probe_job *probe, const char *name)
{
	const char *dot = strchr(name, '.');

	if (dot == NULL || dot[1] == '\0') {
		record_set(probe->record, "caa", "none");
		job_ok(&probe->job);
		return;
	}
	ask(probe, dot + 1);
}

static void
lookup_done(void *arg, struct dns_lookup *l)
{
	struct probe_job *probe = arg;
	const char *name = l->name;
	struct err why = { 0 };
	bool transient = false, usable;

	if (probe->job.over)
		return;
	record_lookup(probe, l);
	probe->all_secure &= l->security == DNS_SECURE;
	usable = probe_lookup_check(probe, l, &transient, &why);
	if (!usable && !probe_lookup_absent(probe, l)) {
		job_fail_err(&probe->job, &why, transient);
		return;
	}
	if (usable && l->answer.found > DNS_MAX_RECORDS) {
		job_fail(&probe->job, ERR_CAA, false,
		    "DNS CAA lookup of %s at %s found %zu records, expected "
		    "at most %u",
		    name, probe->settings->dns.label, l->answer.found,
		    DNS_MAX_RECORDS);
		return;
	}
	if (usable && l->answer.found > 0) {
		record_set(probe->record, "caa", name);
		probe->res.caa = l->answer.rdata;
		probe->res.caa_n = l->answer.rdata_n;
		job_ok(&probe->job);
		return;
	}
	dns_lookup_free(TAKE(probe->lookup));
	climb(probe, name);
}

static void
ask(struct probe_job *probe, const char *name)
{
	job_doing(&probe->job, ERR_DNS, "DNS CAA lookup of %s at %s", name,
	    probe->settings->dns.label);
	probe->lookup = dns_lookup_start(probe->settings->dns_pool, name,
	    DNS_CAA, probe->arena, lookup_done, probe);
}

void
probe_caa_start(struct probe_job *probe)
{
	const char *name = probe->req.name;
	struct err why = { 0 };

	/* A wildcard is asked for at its own domain. */
	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	if (!dns_name_check(name, &why)) {
		job_fail(
		    &probe->job, ERR_DNS, false, "%.253s: %s", name, why.shown);
		return;
	}
	ask(probe, name);
}
