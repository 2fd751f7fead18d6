#include <stdlib.h>

#include "scep/reach.h"
#include "scep/service.h"

/* Beyond the service's own time-outs: queueing, the store. */
#define LEASE_MARGIN 3
/* Intune's token, its address, and the question. */
#define INTUNE_CALLS 3

const char *
service_name(const struct scep_profile *p)
{
	return p->asks == INQUIRY_WEBHOOK ? p->config->webhook
					  : p->config->intune;
}

const char *
service_kind(enum inquiry_service service)
{
	return service == INQUIRY_WEBHOOK ? "webhook" : "intune";
}

int64_t
service_lease(const struct scep_profile *p)
{
	return p->asks == INQUIRY_WEBHOOK
	    ? webhook_timeout(p->webhook) + LEASE_MARGIN
	    : INTUNE_CALLS * p->tenant->timeout + LEASE_MARGIN;
}

bool
service_withholds(const struct scep_profile *p)
{
	return p->asks == INQUIRY_INTUNE && p->tenant->withhold;
}

/* A question on its way; made anew in the asker's words. */
struct question {
	service_done *done;
	void *arg;
	struct scep *scep;
	enum inquiry_service service;
	const char *name; /* of the row, which lives until done */
};

static struct question *
question_new(
    struct scep *scep, const struct inquiry *row, service_done *done, void *arg)
{
	struct question *q = mem_alloc(sizeof(*q));

	q->done = done;
	q->arg = arg;
	q->scep = scep;
	q->service = row->service;
	q->name = row->service_name;
	return q;
}

static void
question_answer(struct question *q, const struct service_answer *answer)
{
	reach_note(q->scep->reach, q->service, q->name, answer,
	    clock_now(&q->scep->deps.clock));
	q->done(q->arg, answer);
	free(q);
}

static void
webhook_done(void *arg, const struct outgoing_result *res)
{
	struct question *q = arg;
	AUTO_ARENA *a = arena_new();
	struct service_answer answer;

	webhook_read(res, a, &answer);
	question_answer(q, &answer);
}

static void
intune_done(void *arg, const struct intune_answer *res)
{
	static const enum verdict verdicts[] = {
		[INTUNE_YES] = VERDICT_YES,
		[INTUNE_NO] = VERDICT_NO,
		[INTUNE_SILENT] = VERDICT_NONE,
	};
	struct question *q = arg;
	const struct service_answer answer = {
		.verdict = verdicts[res->verdict],
		.word = res->code,
		.text = res->text,
		.retry_after = res->retry_after,
	};

	question_answer(q, &answer);
}

static bool
question_end(struct question *q, bool started)
{
	if (!started)
		free(q);
	return started;
}

static struct intune_request
intune_request_of(const struct inquiry *row, const struct csr *csr)
{
	return (struct intune_request){ .tenant = row->service_name,
		.transaction = row->transaction,
		.csr = csr->der };
}

static bool
webhook_question(struct scep *scep, const struct scep_profile *profile,
    const struct inquiry *row, const struct csr *csr, struct question *q,
    struct err *err)
{
	const struct webhook_question about = { .profile = row->profile,
		.transaction = row->transaction,
		.csr = csr,
		.now = clock_now(&scep->deps.clock) };

	return webhook_ask(profile->webhook, &scep->deps.outgoing, &about,
	    webhook_done, q, err);
}

static bool
intune_question(struct scep *scep, const struct inquiry *row,
    const struct csr *csr, struct question *q, struct err *err)
{
	const struct intune_request req = intune_request_of(row, csr);

	return scep->deps.intune.validate(
	    scep->deps.intune.in, &req, intune_done, q, err);
}

bool
service_check(const struct scep_profile *profile, const struct inquiry *row,
    struct err *err)
{
	if (profile != NULL && profile->asks == row->service &&
	    strcmp(service_name(profile), row->service_name) == 0)
		return true;
	return fail(err, ERR_NOT_FOUND,
	    "the profile does not ask %s %s any more",
	    service_kind(row->service), row->service_name);
}

bool
service_ask(struct scep *scep, const struct scep_profile *profile,
    const struct inquiry *row, const struct csr *csr, service_done *done,
    void *arg, struct err *err)
{
	struct question *q;

	if (!service_check(profile, row, err))
		return false;
	q = question_new(scep, row, done, arg);
	return question_end(q,
	    row->service == INQUIRY_WEBHOOK
		? webhook_question(scep, profile, row, csr, q, err)
		: intune_question(scep, row, csr, q, err));
}

bool
service_tell_issued(struct scep *scep, const struct inquiry *row,
    const struct csr *csr, struct bytes certificate, service_done *done,
    void *arg, struct err *err)
{
	const struct intune_request req = intune_request_of(row, csr);
	struct question *q = question_new(scep, row, done, arg);

	return question_end(q,
	    scep->deps.intune.issued(
		scep->deps.intune.in, &req, certificate, intune_done, q, err));
}

bool
service_tell_failed(struct scep *scep, const struct inquiry *row,
    const struct csr *csr, service_done *done, void *arg, struct err *err)
{
	const struct intune_request req = intune_request_of(row, csr);
	struct question *q = question_new(scep, row, done, arg);

	return question_end(q,
	    scep->deps.intune.failed(scep->deps.intune.in, &req,
		row->reason == NULL ? "it could not be issued" : row->reason,
		intune_done, q, err));
}
