#include "ocsp/handle.h"
#include "ocsp/get.h"
#include "ocsp/problem.h"
#include "ocsp/question.h"
#include "ocsp/sign.h"
#include "util/log.h"
#include "util/text.h"

static const char type[] = "application/ocsp-response";

/* ---- replies ---- */

static void
count(struct ocsp *o, enum ocsp_outcome outcome, const struct question *q)
{
	unsigned hash = OCSP_HASHES - 1;

	if (q != NULL && q->request.n > 0 &&
	    q->request.ids[0].hash != OCSP_HASH_OTHER)
		hash = q->request.ids[0].hash - OCSP_SHA1;
	ocsp_count(&o->requests[outcome][hash]);
}

/* For the request's line in the log. */
static void
note(struct http_req *req, const struct question *q, const char *what)
{
	if (q != NULL && q->request.n > 0)
		req->log_object =
		    hex_arena(req->arena, q->request.ids[0].serial);
	req->log_note = what;
}

static enum ocsp_outcome
outcome_of(enum ocsp_cert_status status)
{
	switch (status) {
	case OCSP_GOOD:
		return OCSP_DID_GOOD;
	case OCSP_REVOKED:
		return OCSP_DID_REVOKED;
	case OCSP_UNKNOWN:
		break;
	}
	return OCSP_DID_UNKNOWN;
}

/*
 * An answer without a status.  HTTP 200: NSS takes anything else for a broken
 * server and does not look inside.
 */
static void
reply_error(struct ocsp *o, struct http_req *req, struct http_resp *resp,
    const struct question *q, const struct err *err)
{
	enum ocsp_response_status status = ocsp_problem_status(err->kind);
	enum ocsp_outcome outcome = ocsp_problem_outcome(status);

	resp->status = 200;
	resp->body = ocsp_error(status);
	http_resp_header(resp, "Content-Type", type);
	/* RFC 9919 section 5: only what has authority is kept by caches. */
	http_resp_header(resp, "Cache-Control", "no-store");
	count(o, outcome, q);
	note(req, q,
	    arena_printf(
		req->arena, "%s: %s", ocsp_outcome_name(outcome), err->shown));
	if (outcome == OCSP_DID_TRY_LATER || outcome == OCSP_DID_INTERNAL_ERROR)
		log_err(LOG_DEBUG, "ocsp", err);
}

/* A blob's reference goes with it. */
static void
reply_cached(
    struct http_req *req, struct http_resp *resp, const struct cached *c)
{
	resp->status = 200;
	resp->blob = c->blob;
	resp->body = c->der;
	http_resp_header(resp, "Content-Type", type);
	if (req->method == HTTP_POST)
		return;
	/* RFC 9919 section 5: the fields of an answer that may be kept. */
	http_resp_header(resp, "Expires", c->expires);
	http_resp_headerf(resp, req->arena, "Cache-Control",
	    "max-age=%lld, public, no-transform, must-revalidate",
	    (long long)plan_max_age(&c->plan, req->now));
	http_conditional(req, resp, c->etag, c->plan.this_update);
}

static void
reply_live(struct http_req *req, struct http_resp *resp, struct buf *der)
{
	resp->status = 200;
	resp->body = arena_take_buf(req->arena, der);
	http_resp_header(resp, "Content-Type", type);
}

/* ---- on a worker ---- */

static void
answer_common(struct ocsp *o, struct http_req *req, struct http_resp *resp,
    struct question *q)
{
	struct err err = { 0 };
	struct cached c;

	/* Somebody else may have asked the same a moment ago. */
	if (!ocsp_find_cached(
		o, q->request.ids[0].whole, clock_now(&o->deps.clock), &c) &&
	    !ocsp_sign_cached(o, q, &c, &err)) {
		reply_error(o, req, resp, q, &err);
		return;
	}
	count(o, outcome_of(c.status), q);
	note(req, q, ocsp_outcome_name(outcome_of(c.status)));
	reply_cached(req, resp, &c);
}

static void
answer_live(struct ocsp *o, struct http_req *req, struct http_resp *resp,
    struct question *q)
{
	struct ocsp_single first;
	struct err err = { 0 };
	AUTO_BUF der = { 0 };

	if (!ocsp_sign_live(o, q, &der, &err)) {
		reply_error(o, req, resp, q, &err);
		return;
	}
	question_single(&q->statuses[0], q->state->unissued, &first);
	count(o, outcome_of(first.status), q);
	note(req, q, ocsp_outcome_name(outcome_of(first.status)));
	reply_live(req, resp, &der);
}

static void
rest(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct question *q = req->carried;
	struct ocsp *o = ctx;

	if (question_is_common(q))
		answer_common(o, req, resp, q);
	else
		answer_live(o, req, resp, q);
	atomic_fetch_sub(&o->signing, 1);
}

/* ---- on the loop ---- */

static bool
try_cached(struct ocsp *o, struct http_req *req, struct http_resp *resp,
    const struct question *q)
{
	struct cached c;

	if (!ocsp_find_cached(o, q->request.ids[0].whole, req->now, &c))
		return false;
	ocsp_count(&o->hits);
	count(o, outcome_of(c.status), q);
	if (log_enabled(LOG_DEBUG))
		note(req, q, ocsp_outcome_name(outcome_of(c.status)));
	reply_cached(req, resp, &c);
	return true;
}

static void
hand_on(struct ocsp *o, struct http_req *req, struct http_resp *resp,
    const struct question *q)
{
	struct question *kept;

	if (atomic_fetch_add(&o->signing, 1) >= OCSP_SIGNING_MAX) {
		struct err err = { 0 };

		atomic_fetch_sub(&o->signing, 1);
		ocsp_count(&o->shed);
		(void)fail(&err, ERR_BUSY, "%u answers are being signed",
		    OCSP_SIGNING_MAX);
		reply_error(o, req, resp, q, &err);
		return;
	}
	kept = arena_dup(req->arena, q, sizeof(*q));
	req->carried = kept;
	http_hand_on(resp, rest, o);
}

static void
answer(struct ocsp *o, struct http_req *req, struct http_resp *resp,
    struct bytes der)
{
	struct question q = { 0 };
	struct err err = { 0 };

	if (!ocsp_request_parse(der, &q.request, &err)) {
		reply_error(o, req, resp, NULL, &err);
		return;
	}
	if (q.request.nonce.n > 0)
		ocsp_count(&o->nonces);
	if (q.request.nonce.n >= OCSP_NONCE_ECHO_MIN &&
	    q.request.nonce.n <= OCSP_NONCE_ECHO_MAX)
		q.nonce = q.request.nonce;
	if (question_is_common(&q) && try_cached(o, req, resp, &q))
		return;
	/* What needs no signature is said here: it costs no worker. */
	if (!question_decide(o, &q, req->now, &err))
		reply_error(o, req, resp, &q, &err);
	else
		hand_on(o, req, resp, &q);
}

void
ocsp_get(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct err err = { 0 };
	struct bytes der;

	if (ocsp_get_decode(req->capture[0], req->arena, &der, &err))
		answer(ctx, req, resp, der);
	else
		reply_error(ctx, req, resp, NULL, &err);
}

void
ocsp_post(void *ctx, struct http_req *req, struct http_resp *resp)
{
	answer(ctx, req, resp, req->body);
}

/* Refused by the table or the net layer; a full queue is our load. */
void
ocsp_refuse(void *ctx, struct http_req *req, struct http_resp *resp, int status,
    const char *why)
{
	struct ocsp *o = ctx;

	if (status == 503) {
		struct err err = { 0 };

		if (req->carried != NULL)
			atomic_fetch_sub(&o->signing, 1);
		ocsp_count(&o->shed);
		(void)fail(&err, ERR_BUSY, "%s", why);
		reply_error(o, req, resp, req->carried, &err);
		return;
	}
	resp->status = status;
	resp->body = bytes_str(arena_printf(
	    req->arena, "%d %s: %s\n", status, http_reason(status), why));
	http_resp_header(resp, "Content-Type", "text/plain; charset=utf-8");
}
