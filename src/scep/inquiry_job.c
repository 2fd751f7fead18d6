#include <stdlib.h>

#include "http/rate.h"
#include "scep/handlers.h"
#include "scep/inquiry_job.h"
#include "scep/runner.h"
#include "util/log.h"

/* A service that does not answer: as often, and as long. */
#define ASK_ATTEMPTS 5u
#define ASK_FOR 600
/* News of what could not be issued that cannot be delivered. */
#define FAILURE_FOR 3600
/* A certificate that nobody confirms. */
#define CONFIRM_FOR (3 * 86400)
#define BACKOFF_MAX 3600

int64_t
inquiry_backoff(unsigned attempts, int64_t retry_after)
{
	int64_t seconds = 2;

	while (attempts-- > 1 && seconds < BACKOFF_MAX)
		seconds *= 3;
	return MIN_OF(MAX_OF(seconds, retry_after), BACKOFF_MAX);
}

/* ---- the request in its row ---- */

bool
inquiry_seal(struct scep *scep, const char *id, struct bytes csr,
    struct arena *a, struct bytes *out, struct err *err)
{
	AUTO_LANE loan = lane_lend(scep->lanes);
	AUTO_BUF sealed = { 0 };

	if (scep->deps.seal == NULL)
		return fail(err, ERR_INTERNAL, "there is no key to seal with");
	if (!seal_encrypt(
		loan.lane, scep->deps.seal, bytes_str(id), csr, &sealed, err))
		return false;
	*out = arena_take_buf(a, &sealed);
	return true;
}

static bool
job_open_request(struct inquiry_job *job, struct err *err)
{
	struct scep *scep = job->scep;
	AUTO_LANE loan = lane_lend(scep->lanes);

	if (scep->deps.seal == NULL)
		return fail(err, ERR_INTERNAL, "there is no key to seal with");
	return seal_decrypt(loan.lane, scep->deps.seal, bytes_str(job->row.id),
		   job->row.sealed, &job->der, err) &&
	    csr_parse(secret_reveal(job->der), job->arena, &job->csr, err);
}

static void
job_free(struct inquiry_job *job)
{
	secret_free(job->der);
	arena_free(job->arena);
	free(job);
}

static struct inquiry_job *
job_new(struct scep *scep, const struct inquiry *row,
    const struct sockaddr_storage *peer)
{
	struct inquiry_job *job = mem_alloc(sizeof(*job));
	struct arena *a = arena_new();

	/* The password of the request that is parsed in it. */
	arena_hold_secret(a);
	job->scep = scep;
	job->arena = a;
	job->row = *row;
	job->row.id = arena_strdup(a, row->id);
	job->row.profile = arena_strdup(a, row->profile);
	job->row.transaction = arena_strdup(a, row->transaction);
	job->row.service_name = arena_strdup(a, row->service_name);
	job->row.sealed = arena_bytes(a, row->sealed);
	job->row.address = arena_strdup(a, row->address);
#define COPY(member)                                                           \
	if (row->member != NULL)                                               \
	job->row.member = arena_strdup(a, row->member)
	COPY(replaces);
	COPY(verdict);
	COPY(reason);
	COPY(cert_id);
#undef COPY
	job->profile = scep_profile_find(scep, row->profile);
	job->has_peer = peer != NULL;
	if (peer != NULL)
		job->peer = *peer;
	job->started_us = clock_monotonic_us();
	return job;
}

/* ---- moving on ---- */

int64_t
inquiry_job_now(const struct inquiry_job *job)
{
	return clock_now(&job->scep->deps.clock);
}

static void
job_log(const struct inquiry_job *job, const struct inquiry_move *m,
    const char *why)
{
	log_event(m->to == m->from && m->due_at > 0 ? LOG_WARN : LOG_INFO,
	    "inquiry", LF_STR("inquiry", job->row.id),
	    LF_STR("profile", job->row.profile),
	    LF_STR("transaction", job->row.transaction),
	    LF_STR("address", job->row.address),
	    LF_STR("service", service_kind(job->row.service)),
	    LF_STR("name", job->row.service_name),
	    LF_STR("from", inquiry_state_name(m->from)),
	    LF_STR("to", inquiry_state_name(m->to)),
	    LF_INT("attempt", job->row.attempts), LF_STR("why", why),
	    LF_INT("again_s", m->due_at > m->at ? m->due_at - m->at : 0),
	    LF_INT("ms", (clock_monotonic_us() - job->started_us) / 1000));
}

/* Writer thread, or whoever could not reach it. */
static void
job_posted(void *arg, const struct err *err)
{
	struct inquiry_job *job = arg;
	struct scep *scep = job->scep;

	/* Somebody was faster, or it comes up again when its lease is over. */
	if (err != NULL && err->kind != ERR_CONFLICT)
		log_err(LOG_WARN, "inquiry-not-stored", err);
	if (scep->deps.waits != NULL && job->waited_for)
		http_waits_signal(scep->deps.waits, job->row.id);
	runner_wake(scep->runner);
	job_free(job);
}

void
inquiry_move_on(struct inquiry_job *job, struct inquiry_move m, const char *why)
{
	struct err err = { 0 };

	m.id = job->row.id;
	m.from = job->row.state;
	m.at = inquiry_job_now(job);
	if (m.due_at != 0)
		m.due_at = m.due_at == AT_ONCE ? m.at : m.at + m.due_at;
	job_log(job, &m, why);
	/* Not what another step follows at once.  Who waits for one that is
	 * tried later is told to poll. */
	job->row.state = m.to;
	job->waited_for = m.due_at != m.at || !inquiry_is_running(&job->row);
	if (!store_inquiry_post(
		job->scep->deps.store, &m, job_posted, job, &err))
		job_posted(job, &err);
}

void
inquiry_again(struct inquiry_job *job, int64_t retry_after, const char *why)
{
	inquiry_move_on(job,
	    (struct inquiry_move){ .to = job->row.state,
		.due_at = inquiry_backoff(job->row.attempts, retry_after) },
	    why);
}

/* ---- asking ---- */

static void
refused(struct inquiry_job *job, const struct service_answer *answer)
{
	struct scep *scep = job->scep;

	/* As a wrong password, which it mostly is. */
	if (job->has_peer && job->profile != NULL)
		rates_add(scep->failures, &job->peer, job->profile->index,
		    job->profile->config->failure_period, inquiry_job_now(job));
	inquiry_move_on(job,
	    (struct inquiry_move){ .to = INQUIRY_REFUSED,
		.decided = true,
		.verdict = answer->word,
		.reason = answer->shown },
	    answer->text);
}

void
inquiry_give_up(struct inquiry_job *job, const char *reason, const char *why)
{
	/* Intune is told of what it granted in vain. */
	bool tell = job->row.state == INQUIRY_GRANTED &&
	    job->row.service == INQUIRY_INTUNE;

	inquiry_move_on(job,
	    (struct inquiry_move){ .to = INQUIRY_FAILED,
		.due_at = tell ? AT_ONCE : 0,
		.reason = reason },
	    why);
}

static void
asked(void *arg, const struct service_answer *answer)
{
	struct inquiry_job *job = arg;

	switch (answer->verdict) {
	case VERDICT_YES:
		inquiry_move_on(job,
		    (struct inquiry_move){ .to = INQUIRY_GRANTED,
			.due_at = AT_ONCE,
			.decided = true,
			.verdict = answer->word },
		    answer->text);
		return;
	case VERDICT_NO:
		refused(job, answer);
		return;
	case VERDICT_NONE:
		break;
	}
	if (job->row.attempts >= ASK_ATTEMPTS ||
	    inquiry_job_now(job) - job->row.created_at >= ASK_FOR)
		inquiry_give_up(job, "the service that decides does not answer",
		    answer->text);
	else
		inquiry_again(job, answer->retry_after, answer->text);
}

static void
step_ask(struct inquiry_job *job)
{
	struct err err = { 0 };

	if (service_ask(job->scep, job->profile, &job->row, &job->csr, asked,
		job, &err))
		return;
	if (err.kind == ERR_BUSY && job->row.attempts < ASK_ATTEMPTS)
		inquiry_again(job, 0, err.shown);
	else
		inquiry_give_up(
		    job, "the service that decides cannot be asked", err.shown);
}

/* ---- telling ---- */

static void
confirmed(void *arg, const struct service_answer *answer)
{
	struct inquiry_job *job = arg;

	if (answer->verdict == VERDICT_YES) {
		inquiry_move_on(job,
		    (struct inquiry_move){ .to = INQUIRY_CLOSED },
		    answer->text);
		return;
	}
	if (answer->verdict == VERDICT_NONE &&
	    inquiry_job_now(job) - job->row.moved_at < CONFIRM_FOR) {
		inquiry_again(job, answer->retry_after, answer->text);
		return;
	}
	if (answer->verdict == VERDICT_NONE && !job->row.withhold) {
		inquiry_move_on(job,
		    (struct inquiry_move){ .to = INQUIRY_CLOSED },
		    answer->text);
		return;
	}
	inquiry_move_on(job,
	    (struct inquiry_move){ .to = INQUIRY_WITHDRAWN,
		.due_at = AT_ONCE,
		.reason = "the service did not confirm the certificate" },
	    answer->text);
}

static void
step_confirm(struct inquiry_job *job)
{
	struct bytes pem, der;
	struct cert_row row;
	struct err err = { 0 };

	if (store_cert_get(job->scep->deps.store, job->row.cert_id, job->arena,
		&row, &err) &&
	    ca_cert_chain(
		job->scep->deps.ca, &row, job->arena, &pem, &der, &err) &&
	    service_tell_issued(
		job->scep, &job->row, &job->csr, der, confirmed, job, &err))
		return;
	confirmed(job,
	    &(struct service_answer){
		.verdict = VERDICT_NONE, .text = err.shown });
}

static void
told_failure(void *arg, const struct service_answer *answer)
{
	struct inquiry_job *job = arg;

	if (answer->verdict == VERDICT_NONE &&
	    inquiry_job_now(job) - job->row.moved_at < FAILURE_FOR)
		inquiry_again(job, answer->retry_after, answer->text);
	else
		inquiry_move_on(job,
		    (struct inquiry_move){ .to = INQUIRY_FAILED },
		    answer->text);
}

static void
step_tell_failure(struct inquiry_job *job)
{
	struct err err = { 0 };

	if (service_tell_failed(
		job->scep, &job->row, &job->csr, told_failure, job, &err))
		return;
	told_failure(job,
	    &(struct service_answer){
		.verdict = VERDICT_NONE, .text = err.shown });
}

/* ---- all of them ---- */

void
inquiry_step(struct scep *scep, const struct inquiry *row,
    const struct sockaddr_storage *peer)
{
	static void (*const steps[INQUIRY_STATES])(struct inquiry_job *) = {
		[INQUIRY_ASKING] = step_ask,
		[INQUIRY_GRANTED] = inquiry_issue,
		[INQUIRY_ISSUED] = step_confirm,
		[INQUIRY_FAILED] = step_tell_failure,
		[INQUIRY_WITHDRAWN] = inquiry_revoke,
	};
	struct inquiry_job *job = job_new(scep, row, peer);
	struct err err = { 0 };

	if (row->state == INQUIRY_WITHDRAWN || job_open_request(job, &err)) {
		steps[row->state](job);
		return;
	}
	log_err(LOG_ERROR, "inquiry-unreadable", &err);
	inquiry_unreadable(job, &err);
}
