/*
 * The log over HTTP (C2SP tlog-tiles): the checkpoint and the tree's hashes.
 * Entries name people and machines and are for operators alone (`log export`).
 */
#include "publish/publish.h"
#include "util/log.h"

static void
refuse(struct http_resp *resp, int status, const char *why)
{
	resp->status = status;
	http_resp_header(resp, "Content-Type", "text/plain");
	http_resp_header(resp, "Cache-Control", "no-store");
	resp->body = bytes_str(why);
}

static void
get_checkpoint(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct publish *p = ctx;
	char etag[67];
	int64_t at = 0;
	struct blob *blob =
	    p->log == NULL ? NULL : tlog_checkpoint(p->log, etag, &at);

	if (blob == NULL) {
		refuse(resp, 404, "no checkpoint was signed yet\n");
		return;
	}
	resp->status = 200;
	resp->blob = blob;
	http_resp_header(resp, "Content-Type", "text/plain; charset=utf-8");
	/* tlog-tiles: not kept beyond a few seconds. */
	http_resp_header(resp, "Cache-Control", "max-age=1, must-revalidate");
	http_conditional(req, resp, arena_strdup(req->arena, etag), at);
}

static void
get_tile(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct publish *p = ctx;
	struct err err = { 0 };
	struct tile tile;

	if (p->log == NULL ||
	    !tile_path_parse(req->capture[0], req->capture[1], &tile)) {
		refuse(resp, 404, "no such tile\n");
		return;
	}
	if (!tlog_tile(p->log, &tile, req->arena, &resp->body, &err)) {
		if (err.kind != ERR_NOT_FOUND)
			log_err(LOG_ERROR, "log-tile", &err);
		refuse(resp, err.kind == ERR_NOT_FOUND ? 404 : 503,
		    err.kind == ERR_NOT_FOUND
			? "the log has not grown to this tile\n"
			: "the log cannot be read now\n");
		return;
	}
	resp->status = 200;
	http_resp_header(resp, "Content-Type", "application/octet-stream");
	/* A tile never changes once it is there. */
	http_resp_header(resp, "Cache-Control",
	    "max-age=31536000, public, no-transform, immutable");
	http_conditional(req, resp, NULL, 0);
}

void
publish_log_routes(struct publish *p, struct http_routes *routes)
{
	const struct http_route rows[] = {
		{ .methods = HTTP_GET,
		    .pattern = "/log/checkpoint",
		    .handler = get_checkpoint,
		    .ctx = p,
		    .place = ON_LOOP,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS },
		{ .methods = HTTP_GET,
		    .pattern = "/log/tile/{level}/{tile*}",
		    .handler = get_tile,
		    .ctx = p,
		    .place = ON_WORKER,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS },
	};

	http_routes_add(routes, rows, COUNT_OF(rows));
}
