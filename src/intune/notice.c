/* validateRequest and the two notices: what SCEP asks of a tenant. */
#include "intune/call.h"
#include "util/text.h"

#define TRANSACTION_MAX 255u

/* A 200 is read for its code; anything else is no answer. */
static void
read_verdict(struct call *c, const struct call_result *r)
{
	struct intune_answer answer = { .verdict = INTUNE_SILENT,
		.text = r->text,
		.retry_after = r->retry_after };
	struct err err = { 0 };
	struct verdict v;

	if (r->ok && answer_verdict_parse(r->body, c->arena, &v, &err)) {
		answer.verdict = v.verdict;
		answer.code = v.code;
		answer.text = arena_printf(c->arena, "%s: %s%s%s%s", r->text,
		    v.known ? "" : "unknown code ", v.code,
		    v.description == NULL ? "" : ": ",
		    v.description == NULL ? "" : v.description);
	} else if (r->ok) {
		answer.text =
		    arena_printf(c->arena, "%s: %s", r->text, err.shown);
	}
	c->done(c->arg, &answer);
}

static bool
open_call(struct intune *in, const struct intune_request *req,
    const char *action, struct call **out, struct err *err)
{
	size_t n = strlen(req->transaction);
	struct tenant *t;
	struct call *c;

	if (n == 0 || n > TRANSACTION_MAX ||
	    !text_is_ascii_printable(bytes_str(req->transaction)))
		return fail(err, ERR_MALFORMED,
		    "the transaction is not of 1 to %u printable characters",
		    TRANSACTION_MAX);
	pthread_mutex_lock(&in->lock);
	t = tenant_find(in->current, req->tenant);
	c = t == NULL ? NULL : call_new(in, t);
	pthread_mutex_unlock(&in->lock);
	if (c == NULL)
		return fail(err, ERR_NOT_FOUND, "there is no intune %.32s",
		    req->tenant);
	c->service = SERVICE_SCEP;
	c->action = action;
	c->finish = read_verdict;
	*out = c;
	return true;
}

static bool
start(struct call *c, struct bytes body,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	c->body = body;
	c->done = done;
	c->arg = arg;
	return call_start(c, err);
}

bool
intune_validate(struct intune *in, const struct intune_request *req,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	struct call *c;

	return open_call(in, req, "ScepActions/validateRequest", &c, err) &&
	    start(c, message_validate(req, c->arena), done, arg, err);
}

bool
intune_notify_success(struct intune *in, const struct intune_request *req,
    struct bytes certificate,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	struct bytes body;
	struct call *c;

	if (!open_call(in, req, "ScepActions/successNotification", &c, err))
		return false;
	if (!message_success(req, certificate, c->tenant->issuer_name, c->arena,
		&body, err)) {
		call_free(c);
		return false;
	}
	return start(c, body, done, arg, err);
}

bool
intune_notify_failure(struct intune *in, const struct intune_request *req,
    const char *why,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	struct call *c;

	return open_call(in, req, "ScepActions/failureNotification", &c, err) &&
	    start(c, message_failure(req, why, c->arena), done, arg, err);
}
