/*
 * The route table: 404, 405, 413, 415 and 421 fall out of it before protocol
 * code runs.  This is the named port between protocols and the network.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/message.h"

enum http_place {
	ON_LOOP, /* and on a worker what http_hand_on() gives to one */
	ON_WORKER
};

struct http_route {
	unsigned methods; /* HTTP_GET | HTTP_HEAD …; GET implies HEAD */
	/*
	 * Segments, literal or {name} (one segment); a final "{name*}" takes
	 * the rest of the path, slashes included, even if empty.  Matched on
	 * the raw path; captures are raw too.  Where several patterns fit, the
	 * one that is literal further to the left is taken.
	 *
	 * A first "{name*}" with a literal behind it takes any number of
	 * segments, none too; the literal is looked for from the left.  Such
	 * rows are tried when no other fits.
	 */
	const char *pattern;
	void (*handler)(
	    void *ctx, struct http_req *req, struct http_resp *resp);
	void *ctx;
	enum http_place place;
	size_t max_body;
	const char *content_type; /* of a POST; NULL: any */
	unsigned listeners; /* LISTENER_… bits */
	/*
	 * How this protocol tells a refusal made by the table or by the net
	 * layer (404, 405, 413, 415, 503): may be NULL for plain text.
	 */
	void (*refuse)(void *ctx, struct http_req *req, struct http_resp *resp,
	    int status, const char *why);
};

struct http_routes;

/* Copies the rows; patterns must outlive it. */
struct http_routes *http_routes_new(void);
void http_routes_add(
    struct http_routes *r, const struct http_route *rows, size_t n);
/*
 * When no route matches, a path under this prefix is refused in this
 * protocol's form (so an unknown /acme/… answers problem+json).
 */
void http_routes_add_refusal(struct http_routes *r, const char *prefix,
    void (*refuse)(void *ctx, struct http_req *req, struct http_resp *resp,
	int status, const char *why),
    void *ctx);
void http_routes_free(struct http_routes *r);

/*
 * Looks the request up before its body is read: path, method, listener, the
 * declared length (-1 unknown) and the media type.  Fills captures.  NULL with
 * *resp filled (refused) when there is nothing to run.
 */
const struct http_route *http_route_find(const struct http_routes *r,
    struct http_req *req, int64_t content_length, struct http_resp *resp);
/* Runs the handler of a found route, HEAD included (the body is dropped by the
 * sender, Content-Length kept). */
void http_route_run(const struct http_route *route, struct http_req *req,
    struct http_resp *resp);
/* The rest of a request that was handed on; resp starts anew. */
void http_route_run_rest(struct http_req *req, struct http_resp *resp);
/* The whole: find, check, run, the rest too.  Held replies are waited for by
 * the caller. */
void http_serve(
    const struct http_routes *r, struct http_req *req, struct http_resp *resp);
/* Fills a refusal in the protocol's own form (503 with Retry-After too). */
void http_refuse(const struct http_routes *r, const struct http_route *route,
    struct http_req *req, struct http_resp *resp, int status, const char *why);

/* The route table's "Allow" for a path, e.g. "GET, HEAD"; into the arena. */
const char *http_methods_text(struct arena *a, unsigned methods);

/* RFC 9110 section 13: answers 304 when If-None-Match or If-Modified-Since
 * says so; sets ETag and Last-Modified.  Also Range (one range: 206/416).
 * Only a 200 to GET or HEAD is changed.  etag may come with or without its
 * quotes, or be NULL; last_modified 0 is none. */
void http_conditional(const struct http_req *req, struct http_resp *resp,
    const char *etag, int64_t last_modified);

/* RFC 9457: application/problem+json; status member equals the HTTP status. */
void http_problem(struct http_req *req, struct http_resp *resp, int status,
    const char *type, const char *detail);

#endif
