/*
 * Routes, conditional requests and ranges behind http_serve().  Asserts: every
 * request gets a status; captures are parts of the path; an answer's body is
 * inside what the handler gave; no field has a line break.
 */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include "http/parse.h"
#include "http/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct blob *blob;

static void
serve_blob(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	resp->status = 200;
	resp->blob = blob_ref(blob);
	http_resp_header(resp, "Content-Type", "application/octet-stream");
	http_conditional(req, resp, "tag", 784111777);
}

static void
serve_text(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct err err = { 0 };
	struct bytes plain;

	(void)ctx;
	for (size_t i = 0; i < HTTP_CAPTURES && req->capture[i] != NULL; i++)
		assert(strstr(req->path, req->capture[i]) != NULL);
	if (req->capture[0] != NULL &&
	    http_percent_decode(
		bytes_str(req->capture[0]), req->arena, &plain, &err)) {
		assert(plain.n <= strlen(req->capture[0]));
		http_problem(
		    req, resp, 400, "urn:x", arena_str(req->arena, plain));
		http_resp_header(resp, "X-Echo", arena_str(req->arena, plain));
		return;
	}
	resp->status = 200;
	resp->body = req->body;
}

static const struct http_route rows[] = {
	{ HTTP_GET, "/blob", serve_blob, NULL, ON_LOOP, 0, NULL, LISTENER_HTTP,
	    NULL },
	{ HTTP_GET | HTTP_POST, "/a/{x}", serve_text, NULL, ON_WORKER, 64,
	    "text/plain", LISTENER_HTTP, NULL },
	{ HTTP_GET, "/a/{x}/b/{y}", serve_text, NULL, ON_WORKER, 64, NULL,
	    LISTENER_HTTP, NULL },
	{ HTTP_GET, "/o/{rest*}", serve_text, NULL, ON_LOOP, 0, NULL,
	    LISTENER_HTTP, NULL },
	{ HTTP_GET | HTTP_POST, "/{top*}/.known/est/{op}", serve_text, NULL,
	    ON_WORKER, 64, NULL, LISTENER_HTTP, NULL },
	{ HTTP_GET, "/{top*}/.known/est/{label}/{op}", serve_text, NULL,
	    ON_WORKER, 64, NULL, LISTENER_HTTP, NULL },
	{ HTTP_POST, "/{any}", serve_text, NULL, ON_WORKER, 64, NULL,
	    LISTENER_HTTP | LISTENER_HTTPS, NULL },
};

static void
check(const struct http_resp *resp)
{
	struct bytes body = http_resp_body(resp);

	assert(resp->status >= 200 && resp->status < 600);
	for (size_t i = 0; i < resp->headers_n; i++)
		assert(strpbrk(resp->headers[i].value, "\r\n") == NULL);
	if (resp->status == 304 || resp->status == 416)
		assert(body.n == 0);
	if (resp->blob != NULL && body.n > 0) {
		struct bytes all = blob_bytes(resp->blob);

		assert(body.p >= all.p && body.n <= all.n &&
		    (size_t)(body.p - all.p) <= all.n - body.n);
	}
	if (resp->status == 405)
		assert(http_resp_header_get(resp, "Allow") != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct http_routes *r = http_routes_new();
	struct http_req req = { .arena = a, .listener = LISTENER_HTTP };
	struct bytes in = bytes_of(data, size);
	struct http_scan scan = { 0 };
	struct http_fault fault;
	struct http_resp resp;
	struct http_head head;

	blob = blob_new(bytes_str("0123456789abcdef"));
	http_routes_add(r, rows, COUNT_OF(rows));
	if (size > 0 && http_head_scan(&scan, in, &fault) == HTTP_PARSE_DONE &&
	    http_head_parse(&scan, in, &req, &head, &fault) ==
		HTTP_PARSE_DONE) {
		req.body = bytes_of(in.p + scan.pos, in.n - scan.pos);
		http_serve(r, &req, &resp);
		check(&resp);
		blob_unref(resp.blob);
	}
	http_routes_free(r);
	blob_unref(blob);
	return 0;
}
