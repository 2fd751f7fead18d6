#include "scep/handlers.h"
#include "scep/inquiry_job.h"
#include "util/text.h"

/* How long a reply is held (design section 3): clients give up after 30 s. */
#define HOLD_MS 25000
/* A refusal is told again to the same request so long; then the service is
 * asked once more. */
#define REFUSAL_COUNTS 300

bool
scep_is_asked(const struct scep_call *call, const struct csr *csr)
{
	/* Intune made the challengePassword, and says nothing without it. */
	return call->profile->asks == INQUIRY_WEBHOOK ||
	    (call->profile->asks == INQUIRY_INTUNE &&
		csr->challenge_password != NULL);
}

/* ---- what a client may know ---- */

bool
scep_inquiry_tell(struct scep_call *call, const struct inquiry *row,
    struct scep_answer *out, struct err *err)
{
	const char *text = "the request was refused";

	call->req->log_object = row->id;
	if (inquiry_is_running(row)) {
		*out = (struct scep_answer){ .status = SCEP_PENDING };
		return true;
	}
	if (inquiry_is_released(row))
		return scep_deliver_released(call, row->cert_id, out, err);
	if (row->reason != NULL)
		text = row->reason;
	scep_answer_fail(call, SCEP_BAD_REQUEST, text, out);
	return true;
}

/* Looked at again with the ticket open, so that no end slips by. */
static bool
hold_or_tell(struct scep_call *call, const char *id, struct scep_answer *out,
    struct err *err)
{
	struct http_waits *waits = call->scep->deps.waits;
	struct http_ticket *ticket =
	    waits == NULL ? NULL : http_ticket_new(waits, id);
	struct err why = { 0 };
	struct inquiry row;

	if (!store_inquiry_get(
		call->scep->deps.store, id, call->a, &row, &why)) {
		http_ticket_drop(ticket);
		return scep_answer_err(call, &why, out, err);
	}
	if (ticket != NULL && inquiry_is_running(&row)) {
		*out = (struct scep_answer){ .ticket = ticket, .inquiry = id };
		return true;
	}
	http_ticket_drop(ticket);
	return scep_inquiry_tell(call, &row, out, err);
}

/* The second half: a read, and the reply. */
static void
told(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct scep_call *call = ctx;
	struct scep *scep = call->scep;
	unsigned most = scep->deps.workers * 3 / 4;
	struct scep_answer answer = { 0 };
	struct err err = { 0 }, why = { 0 };
	struct inquiry row;
	bool ok;

	call->req = req;
	/* A quarter of the workers stays for others. */
	if (atomic_fetch_add(&scep->running, 1) >= MAX_OF(most, 1u)) {
		atomic_fetch_sub(&scep->running, 1);
		(void)fail(&err, ERR_BUSY, "too many messages at once");
		scep_problem(call, resp, &err);
		return;
	}
	ok = store_inquiry_get(
		 call->scep->deps.store, call->inquiry, call->a, &row, &why)
	    ? scep_inquiry_tell(call, &row, &answer, &err)
	    : scep_answer_err(call, &why, &answer, &err);
	if (!ok || !scep_reply(call, &answer, resp, &err))
		scep_problem(call, resp, &err);
	atomic_fetch_sub(&scep->running, 1);
}

void
scep_inquiry_hold(struct scep_call *call, const struct scep_answer *answer,
    struct http_resp *resp)
{
	call->inquiry = answer->inquiry;
	http_wait(resp, answer->ticket, HOLD_MS, told, call);
}

/* ---- what is asked ---- */

static void
row_fill(struct scep_call *call, const struct csr *csr, struct inquiry *out)
{
	*out = (struct inquiry){ .profile = call->profile->config->name,
		.transaction = call->message.transaction };
	digest_sha256(csr->der, out->csr_sha256);
	digest_sha256(csr->spki, out->spki_sha256);
	digest_sha256(call->signer.spki, out->signer_sha256);
}

static bool
is_stale(const struct scep_call *call, const struct inquiry *row)
{
	return (row->state == INQUIRY_REFUSED ||
		   row->state == INQUIRY_FAILED) &&
	    row->due_at == 0 &&
	    row->moved_at <= call->req->now - REFUSAL_COUNTS;
}

bool
scep_inquiry_join(struct scep_call *call, const struct csr *csr, bool *found,
    struct scep_answer *out, struct err *err)
{
	struct err why = { 0 };
	struct inquiry wanted, row;

	row_fill(call, csr, &wanted);
	*found = true;
	if (store_inquiry_find_request(
		call->scep->deps.store, &wanted, call->a, &row, &why)) {
		*found = !is_stale(call, &row);
		return !*found || hold_or_tell(call, row.id, out, err);
	}
	*found = why.kind != ERR_NOT_FOUND;
	return !*found || scep_answer_err(call, &why, out, err);
}

bool
scep_inquiry_poll(struct scep_call *call, bool *found, struct scep_answer *out,
    struct err *err)
{
	struct err why = { 0 };
	struct inquiry row;
	uint8_t signer[32];

	digest_sha256(call->signer.spki, signer);
	*found = true;
	if (store_inquiry_find(call->scep->deps.store,
		call->profile->config->name, call->message.transaction, signer,
		call->a, &row, &why))
		return scep_inquiry_tell(call, &row, out, err);
	*found = why.kind != ERR_NOT_FOUND;
	return !*found || scep_answer_err(call, &why, out, err);
}

/* Nothing is asked about that could not be issued, or not be said. */
static bool
request_check(struct scep_call *call, const struct scep_grant *grant,
    struct ca_request *request, struct err *err)
{
	const char *password = grant->csr->challenge_password;

	if (password != NULL && call->profile->asks == INQUIRY_WEBHOOK &&
	    !text_is_utf8(bytes_str(password)))
		return fail(err, ERR_REJECTED,
		    "the challengePassword is not text of UTF-8");
	return ca_check_request(call->scep->deps.ca, request, call->a, err);
}

static bool
row_open(struct scep_call *call, const struct scep_grant *grant,
    struct inquiry *row, bool *opened, struct err *err)
{
	const struct scep_profile *p = call->profile;
	struct scep *scep = call->scep;
	char *id = arena_alloc(call->a, OBJECT_ID_SIZE);
	struct inquiry made;

	random_object_id(&scep->deps.random, call->req->now, id);
	row_fill(call, grant->csr, &made);
	made.id = id;
	made.service = p->asks;
	made.service_name = service_name(p);
	made.withhold = service_withholds(p);
	made.lease = service_lease(p);
	made.address = http_peer_text(call->req);
	made.replaces = grant->replaces;
	made.created_at = clock_now(&scep->deps.clock);
	return inquiry_seal(
		   scep, id, grant->csr->der, call->a, &made.sealed, err) &&
	    store_inquiry_open(scep->deps.store, &made,
		made.created_at - REFUSAL_COUNTS, p->config->max_inquiries,
		call->a, row, opened, err);
}

bool
scep_inquire(struct scep_call *call, const struct scep_grant *grant,
    struct scep_answer *out, struct err *err)
{
	struct scep_grant asked = *grant;
	struct ca_request request;
	struct err why = { 0 };
	struct inquiry row;
	bool opened, ok;

	asked.by = service_kind(call->profile->asks);
	asked.who = service_name(call->profile);
	if (!scep_request_fill(call, &asked, &request, err))
		return false;
	if (!request_check(call, &asked, &request, &why) ||
	    !row_open(call, &asked, &row, &opened, &why))
		return scep_answer_err(call, &why, out, err);
	/* The ticket first: the answer may be here at once. */
	ok = hold_or_tell(call, row.id, out, err);
	if (opened)
		inquiry_step(call->scep, &row, &call->req->peer);
	return ok;
}
