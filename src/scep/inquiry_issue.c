#include "codec/crl.h"
#include "scep/handlers.h"
#include "scep/inquiry_job.h"
#include "store/scep.h"
#include "util/log.h"

/* What cannot be issued now. */
#define ISSUE_FOR 3600

/* ---- issuing ---- */

static void
job_grant(struct inquiry_job *job, struct scep_grant *out)
{
	*out = (struct scep_grant){ .csr = &job->csr,
		.by = service_kind(job->row.service),
		.who = job->row.service_name,
		.address = job->row.address,
		.verdict = job->row.verdict,
		.decided_at = job->row.decided_at,
		.replaces = job->row.replaces };
}

/* What this request was given before: a step that was lost came so far. */
static bool
find_issued(
    struct inquiry_job *job, bool *found, const char **id, struct err *err)
{
	struct store *store = job->scep->deps.store;
	struct scep_key key = { .profile = job->row.profile,
		.transaction = job->row.transaction };
	struct err why = { 0 };
	struct cert_row row;

	memcpy(key.spki_sha256, job->row.spki_sha256, 32);
	memcpy(key.csr_sha256, job->row.csr_sha256, 32);
	*found = store_scep_find(store, &key, job->arena, id, &why);
	if (!*found && why.kind == ERR_NOT_FOUND)
		return true;
	/* Another key has the transaction by now, and keeps it. */
	if (!*found && why.kind == ERR_CONFLICT)
		why.kind = ERR_REJECTED;
	if (!*found) {
		*err = why;
		return false;
	}
	if (!store_cert_get(store, *id, job->arena, &row, err))
		return false;
	/* Recovery signs it, or makes it void. */
	return row.status != CERT_INTENT ||
	    fail(err, ERR_BUSY, "the certificate is being issued");
}

static bool
issue(struct inquiry_job *job, const char **id, struct err *err)
{
	struct scep_call call = { .scep = job->scep,
		.profile = job->profile,
		.a = job->arena,
		.message.transaction = job->row.transaction };
	struct scep_grant grant;
	struct ca_request request;
	struct ca_issued issued;
	bool found;

	if (!find_issued(job, &found, id, err))
		return false;
	if (found)
		return true;
	/* Who granted it has no say any more. */
	if (!service_check(job->profile, &job->row, err)) {
		err->kind = ERR_REJECTED;
		return false;
	}
	job_grant(job, &grant);
	if (!csr_names(&job->csr, job->arena, &grant.names, err) ||
	    !scep_profile_check_names(job->profile, &grant.names, err) ||
	    !scep_request_fill(&call, &grant, &request, err) ||
	    !ca_issue(job->scep->deps.ca, &request, job->arena, &issued, err))
		return false;
	*id = issued.id;
	return true;
}

/* Trying again may help. */
static bool
is_passing(const struct err *err)
{
	return err->kind == ERR_BUSY || err->kind == ERR_STORE ||
	    err->kind == ERR_STORE_FULL || err->kind == ERR_SIGNER ||
	    err->kind == ERR_CONFLICT;
}

static void
move_issued(struct inquiry_job *job, const char *cert_id)
{
	bool told = job->row.service == INQUIRY_INTUNE;

	inquiry_move_on(job,
	    (struct inquiry_move){ .to = told ? INQUIRY_ISSUED : INQUIRY_CLOSED,
		.due_at = told ? AT_ONCE : 0,
		.cert_id = cert_id },
	    NULL);
}

void
inquiry_issue(struct inquiry_job *job)
{
	struct err err = { 0 }, why = { 0 };
	bool found = false, wait;
	const char *id;

	if (issue(job, &id, &err)) {
		move_issued(job, id);
		return;
	}
	/* An intent that is still open is a certificate yet to come, whatever
	 * the error: it must not lose the row that withholds it. */
	wait = is_passing(&err) &&
	    inquiry_job_now(job) - job->row.decided_at < ISSUE_FOR;
	if (!wait)
		wait = find_issued(job, &found, &id, &why) ? found
							   : is_passing(&why);
	if (wait) {
		inquiry_again(job, 0, err.shown);
		return;
	}
	log_err(LOG_WARN, "inquiry-not-issued", &err);
	inquiry_give_up(job, arena_strdup(job->arena, err.shown), err.shown);
}

/* ---- revoking ---- */

void
inquiry_revoke(struct inquiry_job *job)
{
	struct scep *scep = job->scep;
	struct cert_row row;
	struct err err = { 0 };

	if ((store_cert_get(
		 scep->deps.store, job->row.cert_id, job->arena, &row, &err) &&
		ca_revoke(scep->deps.ca, &row, REASON_CESSATION,
		    service_kind(job->row.service), false, &err)) ||
	    err.kind == ERR_ALREADY_REVOKED)
		inquiry_move_on(job,
		    (struct inquiry_move){ .to = INQUIRY_WITHDRAWN },
		    "revoked");
	else
		inquiry_again(job, 0, err.shown);
}

/* Sealed with another key: what was not issued never will be, and what was is
 * not confirmed by anybody. */
void
inquiry_unreadable(struct inquiry_job *job, const struct err *err)
{
	struct err why = { 0 };
	bool found = false;
	const char *id;

	if (job->row.state == INQUIRY_ISSUED) {
		inquiry_move_on(job,
		    (struct inquiry_move){
			.to = INQUIRY_WITHDRAWN, .due_at = AT_ONCE },
		    err->shown);
		return;
	}
	if (job->row.state == INQUIRY_GRANTED &&
	    !find_issued(job, &found, &id, &why) && is_passing(&why)) {
		inquiry_again(job, 0, why.shown);
		return;
	}
	/* A crash came between the certificate and its row. */
	if (found)
		move_issued(job, id);
	else
		inquiry_move_on(job,
		    (struct inquiry_move){ .to = INQUIRY_FAILED }, err->shown);
}
