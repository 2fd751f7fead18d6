#include <stdlib.h>

#include "crypto/random.h"
#include "intune/call.h"
#include "util/text.h"

/* Versions of the contract, one per service. */
static const char *const api_versions[SERVICES] = {
	[SERVICE_SCEP] = "2018-02-20",
	[SERVICE_REVOCATION] = "5019-05-05",
};

/* A cold call needs three, and three more after each refused token. */
#define STEPS_MAX 12u

/* Something of a tenant that calls wait for. */
struct fetch {
	struct intune *in;
	struct tenant *tenant;
	enum need need;
};

static bool advance(struct call *c, struct err *err);

/* ---- calls ---- */

/* RFC 9562 section 5.4, for client-request-id. */
static void
activity_draw(const struct random *random, char out[ACTIVITY_SIZE])
{
	uint8_t b[16];
	char hex[2 * sizeof(b) + 1];
	size_t k = 0;

	random_fill(random, b, sizeof(b));
	b[6] = (uint8_t)(0x40 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	hex_encode(bytes_of(b, sizeof(b)), hex);
	for (size_t i = 0; i < 2 * sizeof(b); i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[k++] = '-';
		out[k++] = hex[i];
	}
	out[k] = '\0';
}

/* Under the lock, or by who holds a reference. */
struct call *
call_new(struct intune *in, struct tenant *t)
{
	struct call *c = mem_alloc(sizeof(*c));

	c->in = in;
	c->tenant = t;
	c->arena = arena_new();
	/* The request's password is in its body. */
	arena_hold_secret(c->arena);
	activity_draw(&in->deps.random, c->activity);
	t->set->refs++;
	return c;
}

void
call_free(struct call *c)
{
	tenants_unref(c->in, c->tenant->set);
	arena_free(c->arena);
	free(c);
}

static void
finish(struct call *c, const struct call_result *r)
{
	c->finish(c, r);
	call_free(c);
}

static void
finish_failed(struct call *c, const char *text, int64_t retry_after)
{
	const struct call_result r = { .text = text,
		.retry_after = retry_after };

	finish(c, &r);
}

/* Goes on on the outgoing loop, where nobody is left to be told of an error. */
static void
go_on(struct call *c)
{
	struct err err = { 0 };

	if (!advance(c, &err))
		finish_failed(c, err.shown, 0);
}

/* "successNotification at https://…: status 503, try later (activity …)" */
static const char *
describe(const char *what, const char *url, const char *activity,
    const struct outgoing_result *res, struct arena *a)
{
	const char *cause;

	if (!res->ok)
		return arena_printf(a, "%s at %s: %s (activity %s)", what, url,
		    res->err.shown, activity);
	cause = res->status == 200 ? "" : answer_cause(res->body, a);
	return arena_printf(a, "%s at %s: status %d%s%s (activity %s)", what,
	    url, res->status, cause[0] == '\0' ? "" : ", ", cause, activity);
}

/* ---- the request itself ---- */

static void
answered(void *arg, const struct outgoing_result *res)
{
	struct call *c = arg;
	struct tenant *t = c->tenant;
	struct call_result r = { .ok = res->ok && res->status == 200,
		.body = res->body,
		.retry_after = res->retry_after };

	if (res->ok && res->status == 401) {
		pthread_mutex_lock(&c->in->lock);
		/* Another call may have a new one already. */
		if (t->tokens[NEED_INTUNE_TOKEN].number == c->token)
			tenant_forget_token(t, NEED_INTUNE_TOKEN);
		pthread_mutex_unlock(&c->in->lock);
		if (!c->asked_again) {
			c->asked_again = true;
			go_on(c);
			return;
		}
	}
	if (!r.ok) {
		pthread_mutex_lock(&c->in->lock);
		tenant_doubt_endpoints(t, clock_now(&c->in->deps.clock));
		pthread_mutex_unlock(&c->in->lock);
	}
	r.text = describe(c->action, c->url, c->activity, res, c->arena);
	finish(c, &r);
}

/* Under the lock, with all that it needs. */
static bool
send_request(struct call *c, struct err *err)
{
	struct tenant *t = c->tenant;
	const struct token *token = &t->tokens[NEED_INTUNE_TOKEN];
	struct bytes bearer = secret_reveal(token->text);
	AUTO_BUF authorization = { 0 };
	bool ok;

	buf_reserve(&authorization, bearer.n + sizeof("Bearer "));
	buf_add_str(&authorization, "Bearer ");
	buf_add_bytes(&authorization, bearer);
	c->url = arena_printf(c->arena, "%s/%s", t->uri[c->service], c->action);
	c->token = token->number;

	const struct outgoing_header headers[] = {
		{ "Authorization", buf_cstr(&authorization) },
		{ "client-request-id", c->activity },
		{ "api-version", api_versions[c->service] },
	};
	const struct outgoing_request request = { .method = OUTGOING_POST,
		.url = c->url,
		.headers = headers,
		.headers_n = COUNT_OF(headers),
		.content_type = "application/json; charset=utf-8",
		.body = c->body,
		.anchors = t->anchors,
		.timeout_ms = t->timeout_ms };

	ok = c->in->deps.outgoing.start(
	    c->in->deps.outgoing.ctx, &request, answered, c, err);
	secret_wipe(authorization.p, authorization.cap);
	return ok;
}

/* ---- what it needs ---- */

static struct call *
waiting_take(struct fetch *f)
{
	struct call *list;

	pthread_mutex_lock(&f->in->lock);
	list = f->tenant->waiting[f->need];
	f->tenant->waiting[f->need] = NULL;
	f->tenant->fetching[f->need] = false;
	pthread_mutex_unlock(&f->in->lock);
	return list;
}

static void
fetch_failed(struct call *list, const char *text, int64_t retry_after)
{
	while (list != NULL) {
		struct call *c = list;

		list = c->next;
		finish_failed(c, text, retry_after);
	}
}

static void
fetch_done(struct call *list)
{
	while (list != NULL) {
		struct call *c = list;

		list = c->next;
		go_on(c);
	}
}

static bool
token_take(struct fetch *f, const struct outgoing_result *res, struct arena *a,
    struct err *err)
{
	AUTO_SECRET *token = NULL;
	int64_t lifetime;

	if (!answer_token_parse(res->body, a, &token, &lifetime, err))
		return false;
	pthread_mutex_lock(&f->in->lock);
	tenant_keep_token(f->tenant, f->need, TAKE(token), lifetime,
	    clock_now(&f->in->deps.clock));
	pthread_mutex_unlock(&f->in->lock);
	return true;
}

static bool
endpoints_take(struct fetch *f, const struct outgoing_result *res,
    struct arena *a, struct err *err)
{
	struct endpoints e;

	if (!answer_endpoints_parse(res->body, a, &e, err))
		return false;
	pthread_mutex_lock(&f->in->lock);
	tenant_keep_endpoints(f->tenant, &e, clock_now(&f->in->deps.clock));
	for (struct call *c = f->tenant->waiting[f->need]; c != NULL;
	     c = c->next)
		c->unlisted = e.uri[c->service] == NULL;
	pthread_mutex_unlock(&f->in->lock);
	return true;
}

/* Graph does not take its token any more: those who have not asked again yet
 * do so with a new one. */
static void
graph_refused(struct fetch *f, const char *text)
{
	struct call *list, *failed = NULL, *again = NULL;

	pthread_mutex_lock(&f->in->lock);
	tenant_forget_token(f->tenant, NEED_GRAPH_TOKEN);
	pthread_mutex_unlock(&f->in->lock);
	list = waiting_take(f);
	while (list != NULL) {
		struct call *c = list;
		struct call **to = c->relocated ? &failed : &again;

		list = c->next;
		c->relocated = true;
		c->next = *to;
		*to = c;
	}
	fetch_failed(failed, text, 0);
	fetch_done(again);
}

static const char *
fetch_name(const struct fetch *f)
{
	switch (f->need) {
	case NEED_GRAPH_TOKEN:
		return "token for Microsoft Graph";
	case NEED_INTUNE_TOKEN:
		return "token for Intune";
	default:
		return "list of endpoints";
	}
}

static void
fetched(void *arg, const struct outgoing_result *res)
{
	AUTO_ARENA *a = arena_new();
	struct fetch *f = arg;
	bool endpoints = f->need == NEED_ENDPOINTS;
	const char *url =
	    endpoints ? f->tenant->endpoints_url : f->tenant->token_url;
	const char *text = describe(fetch_name(f), url, "none", res, a);
	struct err err = { 0 };

	if (res->ok && res->status == 401 && endpoints) {
		graph_refused(f, text);
	} else if (!res->ok || res->status != 200) {
		fetch_failed(waiting_take(f), text, res->retry_after);
	} else if (!(endpoints ? endpoints_take(f, res, a, &err)
			       : token_take(f, res, a, &err))) {
		fetch_failed(waiting_take(f),
		    arena_printf(
			a, "%s at %s: %s", fetch_name(f), url, err.shown),
		    0);
	} else {
		fetch_done(waiting_take(f));
	}
	tenants_unref(f->in, f->tenant->set);
	free(f);
}

static bool
fetch_endpoints(struct fetch *f, struct err *err)
{
	struct tenant *t = f->tenant;
	struct bytes bearer = secret_reveal(t->tokens[NEED_GRAPH_TOKEN].text);
	AUTO_BUF authorization = { 0 };
	char activity[ACTIVITY_SIZE];
	bool ok;

	activity_draw(&f->in->deps.random, activity);
	buf_reserve(&authorization, bearer.n + sizeof("Bearer "));
	buf_add_str(&authorization, "Bearer ");
	buf_add_bytes(&authorization, bearer);

	const struct outgoing_header headers[] = {
		{ "Authorization", buf_cstr(&authorization) },
		{ "client-request-id", activity },
	};
	const struct outgoing_request request = { .method = OUTGOING_GET,
		.url = t->endpoints_url,
		.headers = headers,
		.headers_n = COUNT_OF(headers),
		.anchors = t->anchors,
		.timeout_ms = t->timeout_ms };

	ok = f->in->deps.outgoing.start(
	    f->in->deps.outgoing.ctx, &request, fetched, f, err);
	secret_wipe(authorization.p, authorization.cap);
	return ok;
}

static bool
fetch_token(struct fetch *f, struct err *err)
{
	struct tenant *t = f->tenant;
	AUTO_BUF form = { 0 };
	bool ok;

	message_token(
	    &form, t->client_id, t->client_secret, t->scopes[f->need]);

	const struct outgoing_request request = { .method = OUTGOING_POST,
		.url = t->token_url,
		.content_type = "application/x-www-form-urlencoded",
		.body = buf_bytes(&form),
		.anchors = t->anchors,
		.timeout_ms = t->timeout_ms };

	ok = f->in->deps.outgoing.start(
	    f->in->deps.outgoing.ctx, &request, fetched, f, err);
	secret_wipe(form.p, form.cap);
	return ok;
}

/* Under the lock. */
static bool
fetch_start(
    struct intune *in, struct tenant *t, enum need need, struct err *err)
{
	struct fetch *f = mem_alloc(sizeof(*f));

	*f = (struct fetch){ .in = in, .tenant = t, .need = need };
	if (!(need == NEED_ENDPOINTS ? fetch_endpoints(f, err)
				     : fetch_token(f, err))) {
		free(f);
		return false;
	}
	t->set->refs++;
	t->fetching[need] = true;
	return true;
}

/* ---- from step to step ---- */

/* What is missing, or NEEDS if nothing is. */
static enum need
missing(const struct call *c)
{
	const struct tenant *t = c->tenant;
	int64_t now = clock_now(&c->in->deps.clock);

	if (t->uri[c->service] == NULL)
		return tenant_has_token(t, NEED_GRAPH_TOKEN, now)
		    ? NEED_ENDPOINTS
		    : NEED_GRAPH_TOKEN;
	if (!tenant_has_token(t, NEED_INTUNE_TOKEN, now))
		return NEED_INTUNE_TOKEN;
	return NEEDS;
}

/* Under the lock, so that who waits is not overlooked by who fetches. */
static bool
advance_locked(struct call *c, struct err *err)
{
	struct tenant *t = c->tenant;
	enum need need = missing(c);

	if (need == NEEDS)
		return send_request(c, err);
	if (c->unlisted)
		return fail(err, ERR_NOT_FOUND,
		    "%s has no %s: expected a tenant with Intune",
		    t->endpoints_url, intune_service_names[c->service]);
	/* Others that fail drop what it has just waited for. */
	if (c->steps++ == STEPS_MAX)
		return fail(err, ERR_BUSY,
		    "the services of intune %s refuse what they gave", t->name);
	if (!t->fetching[need] && !fetch_start(c->in, t, need, err))
		return false;
	c->next = t->waiting[need];
	t->waiting[need] = c;
	return true;
}

static bool
advance(struct call *c, struct err *err)
{
	struct intune *in = c->in;
	bool ok;

	pthread_mutex_lock(&in->lock);
	ok = advance_locked(c, err);
	pthread_mutex_unlock(&in->lock);
	return ok;
}

bool
call_start(struct call *c, struct err *err)
{
	if (advance(c, err))
		return true;
	call_free(c);
	return false;
}
