#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "http/route.h"

#define BUCKETS 64u
#define MAX_SEGMENTS 12u

enum segment_kind { SEG_LITERAL, SEG_ONE, SEG_REST };

struct segment {
	enum segment_kind kind;
	const char *text;
	size_t n;
};

struct row {
	struct http_route route;
	struct segment segments[MAX_SEGMENTS];
	size_t segments_n;
	struct row *next; /* in its bucket: the more literal first */
};

struct refusal {
	const char *prefix;
	size_t prefix_n;
	void (*refuse)(void *ctx, struct http_req *req, struct http_resp *resp,
	    int status, const char *why);
	void *ctx;
};

struct http_routes {
	/* By the hash of the first segment; those that capture it apart. */
	struct row *buckets[BUCKETS];
	struct row *wild;
	struct row *prefixed; /* those that begin with a {…*} */
	struct refusal *refusals;
	size_t refusals_n;
};

struct http_routes *
http_routes_new(void)
{
	return mem_alloc(sizeof(struct http_routes));
}

static void
rows_free(struct row *r)
{
	while (r != NULL) {
		struct row *next = r->next;

		free(r);
		r = next;
	}
}

void
http_routes_free(struct http_routes *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		rows_free(r->buckets[i]);
	rows_free(r->wild);
	rows_free(r->prefixed);
	free(r->refusals);
	free(r);
}

static bool
row_is_prefixed(const struct row *row)
{
	return row->segments_n > 1 && row->segments[0].kind == SEG_REST;
}

/* A wrong pattern is a bug in our own table: the first start shows it. */
static void
row_compile(struct row *row)
{
	const char *p = row->route.pattern;

	while (*p == '/') {
		struct segment *s = &row->segments[row->segments_n++];

		if (row->segments_n == MAX_SEGMENTS)
			abort();
		s->text = ++p;
		s->n = strcspn(p, "/");
		p += s->n;
		if (s->n == 0 || *s->text != '{')
			s->kind = SEG_LITERAL;
		else if (s->n >= 3 && s->text[s->n - 2] == '*')
			s->kind = SEG_REST;
		else
			s->kind = SEG_ONE;
		if (s->kind == SEG_REST && *p != '\0' && row->segments_n > 1)
			abort();
	}
	if (row->segments_n == 0 || *p != '\0')
		abort();
	if (row_is_prefixed(row) && row->segments[1].kind != SEG_LITERAL)
		abort();
}

/* Below 0 if a is literal further to the left. */
static int
row_compare(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < a->segments_n && i < b->segments_n; i++)
		if (a->segments[i].kind != b->segments[i].kind)
			return a->segments[i].kind < b->segments[i].kind ? -1
									 : 1;
	return 0;
}

static size_t
segment_hash(const char *s, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)s[i]) * 16777619u;
	return (h ^ (h >> 16)) % BUCKETS;
}

void
http_routes_add(struct http_routes *r, const struct http_route *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct row *row = mem_alloc(sizeof(*row)), **at;

		row->route = rows[i];
		if (row->route.methods & HTTP_GET)
			row->route.methods |= HTTP_HEAD;
		row_compile(row);
		if (row_is_prefixed(row))
			at = &r->prefixed;
		else if (row->segments[0].kind == SEG_LITERAL)
			at = &r->buckets[segment_hash(
			    row->segments[0].text, row->segments[0].n)];
		else
			at = &r->wild;
		while (*at != NULL && row_compare(*at, row) <= 0)
			at = &(*at)->next;
		row->next = *at;
		*at = row;
	}
}

void
http_routes_add_refusal(struct http_routes *r, const char *prefix,
    void (*refuse)(void *ctx, struct http_req *req, struct http_resp *resp,
	int status, const char *why),
    void *ctx)
{
	r->refusals =
	    mem_grow(r->refusals, r->refusals_n + 1, sizeof(*r->refusals));
	r->refusals[r->refusals_n++] =
	    (struct refusal){ prefix, strlen(prefix), refuse, ctx };
}

/* The segments from `first` on; captured ranges point into the path. */
static bool
row_matches_from(const struct row *row, size_t first, const char *path,
    struct bytes captured[HTTP_CAPTURES])
{
	size_t captures = first;

	for (size_t i = first; i < row->segments_n; i++) {
		const struct segment *s = &row->segments[i];
		size_t n;

		if (*path++ != '/')
			return false;
		n = s->kind == SEG_REST ? strlen(path) : strcspn(path, "/");
		if (s->kind == SEG_LITERAL) {
			if (n != s->n || memcmp(path, s->text, n) != 0)
				return false;
		} else {
			if (n == 0 && s->kind == SEG_ONE)
				return false;
			if (captures < HTTP_CAPTURES)
				captured[captures++] = bytes_of(path, n);
		}
		path += n;
	}
	for (; captures < HTTP_CAPTURES; captures++)
		captured[captures] = BYTES_NONE;
	return *path == '\0';
}

/* The literal behind the prefix is searched, so that a long path costs one walk
 * and not one a segment. */
static bool
row_matches_prefixed(const struct row *row, const char *path,
    struct bytes captured[HTTP_CAPTURES])
{
	const struct segment *s = &row->segments[1];

	for (const char *p = path; (p = strchr(p, '/')) != NULL; p++)
		if (strncmp(p + 1, s->text, s->n) == 0 && p[1 + s->n] == '/' &&
		    row_matches_from(row, 1, p, captured)) {
			captured[0] = bytes_of(path, (size_t)(p - path));
			return true;
		}
	return false;
}

static bool
row_matches(const struct row *row, const char *path,
    struct bytes captured[HTTP_CAPTURES])
{
	return row_is_prefixed(row) ? row_matches_prefixed(row, path, captured)
				    : row_matches_from(row, 0, path, captured);
}

/* What a search over the rows found. */
struct found {
	const struct row *row; /* path, listener and method fit */
	unsigned methods; /* of the rows whose path fits here */
	unsigned elsewhere; /* listeners of rows that do not fit */
	struct bytes captured[HTTP_CAPTURES];
};

static void
rows_search(const struct row *rows, const struct http_req *req, struct found *f)
{
	struct bytes captured[HTTP_CAPTURES];

	for (; rows != NULL && f->row == NULL; rows = rows->next) {
		if (!row_matches(rows, req->path, captured))
			continue;
		if ((rows->route.listeners & (unsigned)req->listener) == 0) {
			f->elsewhere |= rows->route.listeners;
			continue;
		}
		f->methods |= rows->route.methods;
		if (rows->route.methods & (unsigned)req->method) {
			f->row = rows;
			memcpy(f->captured, captured, sizeof(captured));
		}
	}
}

const char *
http_methods_text(struct arena *a, unsigned methods)
{
	static const enum http_method all[] = { HTTP_GET, HTTP_HEAD, HTTP_POST,
		HTTP_OPTIONS };
	const char *s = "";

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (methods & (unsigned)all[i])
			s = arena_printf(a, "%s%s%s", s, *s == '\0' ? "" : ", ",
			    http_method_name(all[i]));
	return s;
}

static const struct refusal *
refusal_find(const struct http_routes *r, const char *path)
{
	const struct refusal *best = NULL;

	for (size_t i = 0; i < r->refusals_n; i++) {
		const struct refusal *f = &r->refusals[i];

		if (strncmp(path, f->prefix, f->prefix_n) == 0 &&
		    (best == NULL || f->prefix_n > best->prefix_n))
			best = f;
	}
	return best;
}

static void
refuse_plain(
    struct http_req *req, struct http_resp *resp, int status, const char *why)
{
	resp->status = status;
	resp->body = bytes_str(arena_printf(
	    req->arena, "%d %s: %s\n", status, http_reason(status), why));
	http_resp_header(resp, "Content-Type", "text/plain; charset=utf-8");
}

void
http_refuse(const struct http_routes *r, const struct http_route *route,
    struct http_req *req, struct http_resp *resp, int status, const char *why)
{
	const struct refusal *f;

	blob_unref(resp->blob);
	*resp = (struct http_resp){ 0 };
	f = req->path == NULL ? NULL : refusal_find(r, req->path);
	if (route != NULL && route->refuse != NULL)
		route->refuse(route->ctx, req, resp, status, why);
	else if (f != NULL)
		f->refuse(f->ctx, req, resp, status, why);
	else
		refuse_plain(req, resp, status, why);
	/* Digits alone: acme.sh reads no date (reference rule 17). */
	if (status == 503 && http_resp_header_get(resp, "Retry-After") == NULL)
		http_resp_header(resp, "Retry-After", "5");
}

/* 404, 405 and 421, and OPTIONS for the server as a whole. */
static void
refuse_search(const struct http_routes *r, struct http_req *req,
    struct http_resp *resp, const struct found *f)
{
	const unsigned tls = LISTENER_HTTPS | LISTENER_EST;

	if (strcmp(req->path, "*") == 0) {
		*resp = (struct http_resp){ .status = 204 };
		http_resp_header(resp, "Allow", "GET, HEAD, POST, OPTIONS");
		return;
	}
	if (f->methods != 0) {
		http_refuse(r, NULL, req, resp, 405,
		    "this path does not do this method");
		/* RFC 9110 section 15.5.6: Allow is required. */
		http_resp_header(
		    resp, "Allow", http_methods_text(req->arena, f->methods));
		return;
	}
	/* A plain listener shows nothing of what TLS serves. */
	if ((f->elsewhere & tls) != 0 && (req->listener & tls) != 0) {
		http_refuse(r, NULL, req, resp, 421,
		    "this path is served on another port");
		return;
	}
	http_refuse(r, NULL, req, resp, 404, "no such path");
}

const struct http_route *
http_route_find(const struct http_routes *r, struct http_req *req,
    int64_t content_length, struct http_resp *resp)
{
	const char *type, *path = req->path;
	const struct http_route *route;
	struct found f = { 0 };

	if (*path == '/') {
		size_t n = strcspn(path + 1, "/");

		rows_search(r->buckets[segment_hash(path + 1, n)], req, &f);
		rows_search(r->wild, req, &f);
		if (f.row == NULL && f.methods == 0)
			rows_search(r->prefixed, req, &f);
	}
	if (f.row == NULL) {
		refuse_search(r, req, resp, &f);
		return NULL;
	}
	route = &f.row->route;
	for (size_t i = 0; i < HTTP_CAPTURES; i++)
		req->capture[i] = f.captured[i].p == NULL
		    ? NULL
		    : arena_str(req->arena, f.captured[i]);
	if (content_length > 0 && (uint64_t)content_length > route->max_body) {
		http_refuse(r, route, req, resp, 413,
		    arena_printf(req->arena,
			"the body has %lld octets, at most %zu are taken",
			(long long)content_length, route->max_body));
		return NULL;
	}
	if (req->method != HTTP_POST || route->content_type == NULL)
		return route;
	type = http_req_media_type(req);
	if (type == NULL || strcmp(type, route->content_type) != 0) {
		http_refuse(r, route, req, resp, 415,
		    arena_printf(req->arena, "Content-Type is %s, expected %s",
			type == NULL ? "missing" : type, route->content_type));
		return NULL;
	}
	return route;
}

void
http_route_run(const struct http_route *route, struct http_req *req,
    struct http_resp *resp)
{
	*resp = (struct http_resp){ 0 };
	route->handler(route->ctx, req, resp);
}

void
http_route_run_rest(struct http_req *req, struct http_resp *resp)
{
	void (*rest)(void *, struct http_req *, struct http_resp *) =
	    resp->rest;
	void *ctx = resp->rest_ctx;

	blob_unref(resp->blob);
	*resp = (struct http_resp){ 0 };
	rest(ctx, req, resp);
}

void
http_serve(
    const struct http_routes *r, struct http_req *req, struct http_resp *resp)
{
	const struct http_route *route;

	*resp = (struct http_resp){ 0 };
	route = http_route_find(r, req, (int64_t)req->body.n, resp);
	if (route == NULL)
		return;
	http_route_run(route, req, resp);
	if (resp->rest != NULL)
		http_route_run_rest(req, resp);
}
