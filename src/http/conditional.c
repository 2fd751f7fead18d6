#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "http/route.h"
#include "util/times.h"

/* The opaque part with its quotes; weak marks are skipped (section 13.1.2). */
static const char *
etag_opaque(const char *tag)
{
	return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* RFC 9110 section 13.1.2: a list of entity tags, or "*". */
static bool
etag_in_list(const char *list, const char *etag)
{
	const char *want = etag_opaque(etag);
	size_t n = strlen(want);

	list += strspn(list, " \t,");
	if (strcmp(list, "*") == 0)
		return true;
	while (*list != '\0') {
		const char *tag = etag_opaque(list);
		const char *end;

		if (*tag != '"')
			return false;
		end = strchr(tag + 1, '"');
		if (end == NULL)
			return false;
		if ((size_t)(end + 1 - tag) == n && memcmp(tag, want, n) == 0)
			return true;
		list = end + 1 + strspn(end + 1, " \t,");
	}
	return false;
}

static bool
is_unmodified(
    const struct http_req *req, const char *etag, int64_t last_modified)
{
	const char *match = http_req_header(req, "If-None-Match");
	const char *since = http_req_header(req, "If-Modified-Since");
	int64_t t;

	/* RFC 9110 section 13.2.2: the tag decides when it is there. */
	if (match != NULL)
		return etag != NULL && etag_in_list(match, etag);
	return since != NULL && last_modified > 0 &&
	    time_parse_http(since, &t) && last_modified <= t;
}

/* RFC 9110 section 13.1.5: by a strong comparison. */
static bool
range_still_fits(
    const struct http_req *req, const char *etag, int64_t last_modified)
{
	const char *v = http_req_header(req, "If-Range");
	int64_t t;

	if (v == NULL)
		return true;
	if (*v == '"')
		return etag != NULL && strcmp(v, etag) == 0;
	return last_modified > 0 && time_parse_http(v, &t) &&
	    t == last_modified;
}

static bool
parse_offset(const char **s, uint64_t *out)
{
	const char *p = *s;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (p - *s >= 18)
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (p == *s)
		return false;
	*s = p;
	*out = v;
	return true;
}

enum range { RANGE_NONE, RANGE_PART, RANGE_UNSATISFIABLE };

/* RFC 9110 section 14.1.2; more than one range is served as the whole. */
static enum range
range_parse(const char *v, uint64_t size, uint64_t *from, uint64_t *to)
{
	uint64_t a, b = UINT64_MAX;

	if (strncasecmp(v, "bytes=", 6) != 0)
		return RANGE_NONE;
	v += 6;
	if (*v == '-') {
		v++;
		if (!parse_offset(&v, &b) || *v != '\0')
			return RANGE_NONE;
		if (b == 0 || size == 0)
			return RANGE_UNSATISFIABLE;
		*from = b >= size ? 0 : size - b;
		*to = size - 1;
		return RANGE_PART;
	}
	if (!parse_offset(&v, &a) || *v++ != '-')
		return RANGE_NONE;
	if (*v != '\0' && (!parse_offset(&v, &b) || *v != '\0' || b < a))
		return RANGE_NONE;
	if (a >= size)
		return RANGE_UNSATISFIABLE;
	*from = a;
	*to = b >= size ? size - 1 : b;
	return RANGE_PART;
}

static void
drop_body(struct http_resp *resp)
{
	blob_unref(resp->blob);
	resp->blob = NULL;
	resp->body = BYTES_NONE;
}

static void
answer_range(const struct http_req *req, struct http_resp *resp)
{
	struct bytes body = http_resp_body(resp);
	uint64_t from = 0, to = 0;

	switch (
	    range_parse(http_req_header(req, "Range"), body.n, &from, &to)) {
	case RANGE_NONE:
		return;
	case RANGE_UNSATISFIABLE:
		drop_body(resp);
		resp->status = 416;
		http_resp_headerf(
		    resp, req->arena, "Content-Range", "bytes */%zu", body.n);
		return;
	case RANGE_PART:
		resp->status = 206;
		resp->body = bytes_of(body.p + from, (size_t)(to - from + 1));
		http_resp_headerf(resp, req->arena, "Content-Range",
		    "bytes %llu-%llu/%zu", (unsigned long long)from,
		    (unsigned long long)to, body.n);
		return;
	}
}

void
http_conditional(const struct http_req *req, struct http_resp *resp,
    const char *etag, int64_t last_modified)
{
	char when[TIME_HTTP_SIZE];

	if (resp->status != 200 || (req->method & (HTTP_GET | HTTP_HEAD)) == 0)
		return;
	if (etag != NULL && *etag_opaque(etag) != '"')
		etag = arena_printf(req->arena, "\"%s\"", etag);
	if (etag != NULL)
		http_resp_header(resp, "ETag", etag);
	if (last_modified > 0) {
		time_format_http(last_modified, when);
		http_resp_header(
		    resp, "Last-Modified", arena_strdup(req->arena, when));
	}
	if (is_unmodified(req, etag, last_modified)) {
		drop_body(resp);
		resp->status = 304;
		return;
	}
	/* RFC 9110 section 14.2: Range is defined for GET alone. */
	if (req->method == HTTP_GET && http_req_header(req, "Range") != NULL &&
	    range_still_fits(req, etag, last_modified))
		answer_range(req, resp);
}
