/* Requests and replies of support/acme_world.h. */
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include "support/unit.h"
#include "support/acme_world_state.h"

struct hold {
	pthread_mutex_t lock;
	pthread_cond_t fired;
	bool done;
};

static void
hold_fire(void *arg)
{
	struct hold *h = arg;

	pthread_mutex_lock(&h->lock);
	h->done = true;
	pthread_cond_signal(&h->fired);
	pthread_mutex_unlock(&h->lock);
}

/* True if it fired; a net that is on its way gets its time, on a machine that
 * is busy with other things, too. */
static bool
hold_wait(struct hold *h)
{
	struct timespec until;
	int rc = 0;
	bool done;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_lock(&h->lock);
	while (!h->done && rc == 0)
		rc = pthread_cond_timedwait(&h->fired, &h->lock, &until);
	done = h->done;
	pthread_mutex_unlock(&h->lock);
	return done;
}

/* What the loop does with a held reply; the time is over at once when nobody
 * is going to end the wait. */
static void
reply_hold(struct world *w, struct http_req *req, struct http_resp *resp)
{
	struct hold h = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.fired = PTHREAD_COND_INITIALIZER };
	struct http_ticket *ticket = resp->wait;
	void (*then)(void *, struct http_req *, struct http_resp *) =
	    resp->wait_then;
	void *ctx = resp->wait_ctx;
	enum world_network how;
	size_t answered = 0;

	assert_true(resp->wait_ms > 0 && then != NULL);
	pthread_mutex_lock(&w->network_lock);
	how = w->how;
	pthread_mutex_unlock(&w->network_lock);
	http_ticket_arm(ticket, hold_fire, &h);
	if (how == NETWORK_DRIVEN)
		answered = world_network_run(w);
	if ((answered > 0 || how == NETWORK_THREAD) && !hold_wait(&h)) {
		/* A test's other threads have no cmocka to fail in. */
		fprintf(
		    stderr, "%s: a held reply was never ended\n", req->path);
		abort();
	}
	http_ticket_cancel(ticket);
	*resp = (struct http_resp){ 0 };
	then(ctx, req, resp);
	assert_null(resp->wait);
}

static void
check_link(const char *value)
{
	const char *end = strchr(value, '>');

	/* Rule 2: one link, written <url>;rel="x". */
	assert_true(value[0] == '<' && end != NULL);
	assert_int_equal(strncmp(end, ">;rel=\"", 7), 0);
	assert_null(strchr(end, ','));
	assert_null(strchr(end, ' '));
	assert_null(strchr(value + 1, '<'));
}

static void
check_nonce(const struct reply *r)
{
	const char *nonce = reply_header(r, "Replay-Nonce", 0);

	assert_non_null(nonce);
	assert_null(reply_header(r, "Replay-Nonce", 1));
	assert_true(strlen(nonce) >= 16);
	for (; *nonce != '\0'; nonce++)
		assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789-_",
		    *nonce));
}

/* The rules that every reply keeps. */
static void
check_reply(const struct world_request *q, const struct reply *r)
{
	const char *retry = reply_header(r, "Retry-After", 0);
	const char *type = reply_header(r, "Content-Type", 0), *link;

	if (q->method == HTTP_POST || r->status >= 400)
		check_nonce(r);
	for (size_t i = 0; (link = reply_header(r, "Link", i)) != NULL; i++)
		check_link(link);
	if (strstr(q->path, "/directory") == NULL)
		assert_true(reply_has_link(r, "index"));
	assert_string_equal(
	    reply_header(r, "Access-Control-Allow-Origin", 0), "*");
	assert_string_equal(reply_header(r, "Access-Control-Expose-Headers", 0),
	    "Link, Location, Replay-Nonce, Retry-After");
	for (; retry != NULL && *retry != '\0'; retry++)
		assert_true(*retry >= '0' && *retry <= '9');
	if (r->status >= 400) {
		assert_string_equal(type, "application/problem+json");
		assert_int_equal(
		    json_integer_value(json_object_get(r->json, "status")),
		    r->status);
		assert_non_null(reply_text(r, "detail"));
		assert_int_equal(strncmp(reply_text(r, "type"),
				     "urn:ietf:params:acme:error:", 27),
		    0);
	} else if (r->json != NULL) {
		assert_string_equal(type, "application/json");
	}
	assert_int_equal(r->body.n == 0, type == NULL);
}

static struct reply *
reply_take(struct arena *a, struct http_resp *resp)
{
	struct reply *r = arena_alloc(a, sizeof(*r));

	r->status = resp->status;
	r->headers_n = resp->headers_n;
	r->headers = arena_dup(a, resp->headers, sizeof(resp->headers));
	r->body = arena_bytes(a, http_resp_body(resp));
	blob_unref(resp->blob);
	if (r->body.n > 0 && r->body.p[0] == '{') {
		struct err err = { 0 };

		need(json_parse_object(r->body, a, &r->json, &err), &err);
	}
	return r;
}

struct reply *
world_serve(struct world *w, const struct world_request *q)
{
	struct arena *a = world_arena(w);
	struct http_header headers[2];
	struct http_req req = { .arena = a,
		.method = q->method,
		.target = q->path,
		.headers = headers,
		.body = q->body,
		.listener = LISTENER_HTTPS,
		.tls = true,
		.http_version = 11,
		.now = world_now(w) };
	struct http_resp resp;
	struct reply *r;
	char *path = arena_strdup(a, q->path), *query = strchr(path, '?');
	bool held;

	if (query != NULL)
		*query++ = '\0';
	req.path = path;
	req.query = query;
	req.peer.ss_family = AF_INET;
	if (q->method == HTTP_POST)
		headers[req.headers_n++] = (struct http_header){ "Content-Type",
			q->content_type != NULL ? q->content_type
						: "application/jose+json" };
	if (q->accept != NULL)
		headers[req.headers_n++] =
		    (struct http_header){ "Accept", q->accept };
	http_serve(w->routes, &req, &resp);
	held = resp.wait != NULL;
	if (held)
		reply_hold(w, &req, &resp);
	r = reply_take(a, &resp);
	r->held = held;
	check_reply(q, r);
	return r;
}

struct reply *
world_get(struct world *w, const char *path)
{
	return world_serve(
	    w, &(struct world_request){ .method = HTTP_GET, .path = path });
}

const char *
world_nonce(struct world *w)
{
	struct reply *r = world_serve(w,
	    &(struct world_request){
		.method = HTTP_HEAD, .path = "/acme/new-nonce" });

	return reply_header(r, "Replay-Nonce", 0);
}

static const char *
path_of(const char *url)
{
	size_t n = strlen(WORLD_BASE);

	assert_non_null(url);
	return strncmp(url, WORLD_BASE, n) == 0 ? url + n : url;
}

struct reply *
world_post_raw(struct world *w, const char *url, const char *body)
{
	return world_serve(w,
	    &(struct world_request){ .method = HTTP_POST,
		.path = path_of(url),
		.body = bytes_str(body) });
}

struct reply *
world_post_jws(struct world *w, struct acme_client *c, const char *url,
    const struct acme_jws *j)
{
	struct arena *a = world_arena(w);
	struct acme_jws jws = *j;
	AUTO_STR *body = NULL;

	if (jws.url == NULL)
		jws.url = arena_printf(a, "%s%s", WORLD_BASE, path_of(url));
	if (jws.nonce == NULL)
		jws.nonce = world_nonce(w);
	body = acme_jws(c, &jws);
	return world_post_raw(w, url, arena_strdup(a, body));
}

struct reply *
world_post(struct world *w, struct acme_client *c, const char *url,
    const char *payload)
{
	return world_post_jws(
	    w, c, url, &(struct acme_jws){ .payload = payload });
}

const char *
reply_header(const struct reply *r, const char *name, size_t nth)
{
	for (size_t i = 0; i < r->headers_n; i++)
		if (strcmp(r->headers[i].name, name) == 0 && nth-- == 0)
			return r->headers[i].value;
	return NULL;
}

bool
reply_has_link(const struct reply *r, const char *rel)
{
	AUTO_STR *end = mem_printf(">;rel=\"%s\"", rel);
	const char *link;

	for (size_t i = 0; (link = reply_header(r, "Link", i)) != NULL; i++)
		if (strstr(link, end) != NULL)
			return true;
	return false;
}

const json_t *
reply_member(const struct reply *r, const char *path)
{
	const json_t *o = r->json;

	while (o != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");
		AUTO_STR *key = mem_printf("%.*s", (int)n, path);

		o = json_is_array(o) ? json_array_get(o, (size_t)atoi(key))
				     : json_object_get(o, key);
		path += n + (path[n] == '.');
	}
	return o;
}

const char *
reply_text(const struct reply *r, const char *path)
{
	return json_string_value(reply_member(r, path));
}

const char *
reply_problem(const struct reply *r)
{
	const char *type = reply_text(r, "type");

	return type == NULL ? NULL : type + 27;
}

void
assert_status(const struct reply *r, int status)
{
	if (r->status != status)
		fail_msg("status %d, expected %d: %.*s", r->status, status,
		    (int)r->body.n, (const char *)r->body.p);
}

void
assert_problem(const struct reply *r, int status, const char *type)
{
	assert_status(r, status);
	assert_string_equal(reply_problem(r), type);
}
