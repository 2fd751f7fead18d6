#include <stdlib.h>
#include "ca/crl.h"
#include "publish/publish.h"
#include "util/times.h"

#define SUFFIX ".crl"
#define DELTA_SUFFIX "-delta"

static void
not_found(struct http_resp *resp)
{
	resp->status = 404;
	http_resp_header(resp, "Content-Type", "text/plain");
	resp->body = bytes_str("no such CRL\n");
}

static bool
ends_with(const char *s, size_t n, const char *tail)
{
	size_t m = strlen(tail);

	return n > m && memcmp(s + n - m, tail, m) == 0;
}

/*
 * Does the client say that it reads gzip (RFC 9110 section 12.5.3)?  Who does
 * not say so explicitly gets the plain bytes: relying parties' CRL fetchers
 * know nothing of encodings.
 */
static bool
accepts_gzip(const struct http_req *req)
{
	const char *v = http_req_header(req, "Accept-Encoding");

	while (v != NULL && *v != '\0') {
		size_t n;

		v += strspn(v, " \t,");
		n = strcspn(v, " \t;,");
		if (n == 4 && strncasecmp(v, "gzip", 4) == 0) {
			v += n + strspn(v + n, " \t");
			if (*v != ';')
				return true;
			v += 1 + strspn(v + 1, " \t");
			/* A weight of zero: not acceptable. */
			return strncasecmp(v, "q=", 2) == 0 &&
			    strtod(v + 2, NULL) > 0;
		}
		v += strcspn(v, ",");
	}
	return false;
}

static void
put_times(
    struct http_req *req, struct http_resp *resp, const struct artefact_copy *c)
{
	/* Until the next one is planned: nextUpdate, days later, would keep
	 * revocations from everybody behind a cache. */
	int64_t until = c->fresh_until != 0 ? MIN_OF(c->fresh_until, c->expires)
					    : c->expires;
	char when[TIME_HTTP_SIZE];

	http_resp_headerf(resp, req->arena, "Cache-Control",
	    "max-age=%lld, public, no-transform, must-revalidate",
	    (long long)MAX_OF(until - req->now, 0));
	time_format_http(until, when);
	http_resp_header(resp, "Expires", arena_strdup(req->arena, when));
	http_resp_header(resp, "Vary", "Accept-Encoding");
}

/* RFC 2585 section 4.2: application/pkix-crl. */
static void
send_crl(struct publish *p, struct http_req *req, struct http_resp *resp,
    const char *ca, unsigned shard, bool is_delta)
{
	struct artefact_copy c;
	const char *etag;
	bool gzip;

	if (!ca_crl_get(p->ca, ca, shard, is_delta, &c)) {
		not_found(resp);
		return;
	}
	/* A range is of the bytes that the client has, and those are plain. */
	gzip = c.gzip != NULL && accepts_gzip(req) &&
	    http_req_header(req, "Range") == NULL;
	resp->status = 200;
	resp->blob = gzip ? c.gzip : c.blob;
	blob_unref(gzip ? c.blob : c.gzip);
	http_resp_header(resp, "Content-Type", "application/pkix-crl");
	put_times(req, resp, &c);
	etag = arena_strdup(req->arena, c.etag);
	if (gzip) {
		http_resp_header(resp, "Content-Encoding", "gzip");
		/* RFC 9110 section 8.8.3.3: each encoding has its own. */
		etag = arena_printf(req->arena, "%.65s-gzip\"", c.etag);
	}
	http_conditional(req, resp, etag, c.last_modified);
}

/* /crl/<ca>.crl and /crl/<ca>-delta.crl */
static void
get_crl(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const char *file = req->capture[0];
	size_t n = strlen(file);
	bool is_delta;

	if (!ends_with(file, n, SUFFIX)) {
		not_found(resp);
		return;
	}
	n -= sizeof(SUFFIX) - 1;
	is_delta = ends_with(file, n, DELTA_SUFFIX);
	if (is_delta)
		n -= sizeof(DELTA_SUFFIX) - 1;
	send_crl(ctx, req, resp, arena_str(req->arena, bytes_of(file, n)), 0,
	    is_delta);
}

/* /crl/<ca>/<n>.crl */
static void
get_shard(void *ctx, struct http_req *req, struct http_resp *resp)
{
	unsigned shard;

	if (crl_shard_of_uri(bytes_str(req->capture[1]), "", &shard))
		send_crl(ctx, req, resp, req->capture[0], shard, false);
	else
		not_found(resp);
}

void
publish_crl_routes(struct publish *p, struct http_routes *routes)
{
	const struct http_route rows[] = {
		{ .methods = HTTP_GET,
		    .pattern = "/crl/{file}",
		    .handler = get_crl,
		    .ctx = p,
		    .place = ON_LOOP,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS },
		{ .methods = HTTP_GET,
		    .pattern = "/crl/{ca}/{file}",
		    .handler = get_shard,
		    .ctx = p,
		    .place = ON_LOOP,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS },
	};

	http_routes_add(routes, rows, COUNT_OF(rows));
}
