/*
 * A POST of any shape to a prepared ACME server.  The first octet says how the
 * input is used (as the body, as the payload or as the protected header of a
 * JWS that is signed as it should be), the second where it goes.
 *
 * Property: the answer is a success or a well-formed problem document whose
 * status is the HTTP status, and always has a fresh nonce.
 */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"

#define INPUT_MAX 60000u

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Objects of the account that the requests are signed for. */
struct prepared {
	struct world *w;
	struct acme_client *c;
	const char *paths[16];
	size_t paths_n;
};

static struct prepared prepared;

static void
path_add(const char *url)
{
	prepared.paths[prepared.paths_n++] = url + strlen(WORLD_BASE);
}

static void
prepared_free(void)
{
	world_free(prepared.w);
}

static void
prepare(void)
{
	struct world *w = world_new(NULL);
	struct acme_client *c = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL), *authz;
	struct reply *ready = world_order(w, c, "dns:b.test", NULL);

	prepared.w = w;
	prepared.c = c;
	authz = world_post(w, c, reply_text(order, "authorizations.0"), NULL);
	world_authorize(w, c, ready, "http-01");
	path_add(WORLD_BASE "/acme/new-account");
	path_add(WORLD_BASE "/acme/new-order");
	path_add(WORLD_BASE "/acme/short/new-order");
	path_add(WORLD_BASE "/acme/revoke-cert");
	path_add(c->kid);
	path_add(reply_text(order, "finalize"));
	path_add(reply_text(ready, "finalize"));
	path_add(reply_header(order, "Location", 0));
	path_add(reply_text(order, "authorizations.0"));
	path_add(reply_text(authz, "challenges.0.url"));
	path_add(world_issue(w, c, key, "dns:c.test"));
	path_add(WORLD_BASE "/acme/directory");
	path_add(WORLD_BASE "/acme/new-nonce");
	EVP_PKEY_free(key);
	atexit(prepared_free);
}

static void
fire(void *arg)
{
	(void)arg;
}

static void
serve(struct arena *a, enum http_method method, const char *path,
    struct bytes body, struct http_resp *resp)
{
	struct http_header type = { "Content-Type", "application/jose+json" };
	struct http_req *req = arena_alloc(a, sizeof(*req));

	*req = (struct http_req){ .arena = a,
		.method = method,
		.target = path,
		.path = path,
		.headers = arena_dup(a, &type, sizeof(type)),
		.headers_n = 1,
		.body = body,
		.listener = LISTENER_HTTPS,
		.http_version = 11,
		.now = world_now(prepared.w) };
	http_serve(world_routes(prepared.w), req, resp);
	if (resp->wait != NULL) {
		struct http_resp then = { 0 };

		http_ticket_arm(resp->wait, fire, NULL);
		world_network_run(prepared.w);
		http_ticket_cancel(resp->wait);
		resp->wait_then(resp->wait_ctx, req, &then);
		*resp = then;
	}
}

static void
check(struct arena *a, const struct http_resp *resp)
{
	struct bytes body = http_resp_body(resp);
	const char *type = http_resp_header_get(resp, "Content-Type");
	json_t *o;

	if (http_resp_header_get(resp, "Replay-Nonce") == NULL ||
	    resp->status < 200 || resp->status > 599)
		abort();
	if (resp->status < 400)
		return;
	if (strcmp(type, "application/problem+json") != 0 ||
	    !json_parse_object(body, a, &o, NULL) ||
	    json_integer_value(json_object_get(o, "status")) != resp->status ||
	    json_string_value(json_object_get(o, "detail")) == NULL ||
	    strncmp(json_string_value(json_object_get(o, "type")),
		"urn:ietf:params:acme:error:", 27) != 0)
		abort();
}

static const char *
nonce(struct arena *a)
{
	struct http_resp resp = { 0 };

	serve(a, HTTP_HEAD, "/acme/new-nonce", BYTES_NONE, &resp);
	return http_resp_header_get(&resp, "Replay-Nonce");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct acme_jws j = { 0 };
	struct http_resp resp = { 0 };
	AUTO_ARENA *a = NULL;
	AUTO_STR *text = NULL;
	AUTO_STR *body = NULL;
	const char *path;

	if (n < 2 || n > INPUT_MAX)
		return 0;
	if (prepared.w == NULL)
		prepare();
	a = arena_new();
	path = prepared.paths[p[1] % prepared.paths_n];
	text = mem_printf("%.*s", (int)(n - 2), (const char *)p + 2);
	j.url = arena_printf(a, "%s%s", WORLD_BASE, path);
	switch (p[0] % 4) {
	case 0:
		serve(a, HTTP_POST, path, bytes_of(p + 2, n - 2), &resp);
		break;
	case 1:
		j.protected = text;
		break;
	case 2:
		j.jwk = true;
		/* FALLTHROUGH */
	default:
		j.payload = text;
		j.payload_n = n - 2;
		if (n == 2)
			j.payload = NULL;
		else
			j.payload = (const char *)p + 2;
		j.nonce = nonce(a);
	}
	if (p[0] % 4 != 0) {
		body = acme_jws(prepared.c, &j);
		serve(a, HTTP_POST, path, bytes_str(body), &resp);
	}
	check(a, &resp);
	blob_unref(resp.blob);
	return 0;
}
