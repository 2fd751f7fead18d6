#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "http/message.h"
#include "util/log.h"
#include "util/text.h"

static bool
value_is_clean(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 ? *s != '\t' : *s == 0x7f)
			return false;
	return true;
}

void
http_hand_on(struct http_resp *resp,
    void (*rest)(void *ctx, struct http_req *req, struct http_resp *resp),
    void *ctx)
{
	resp->rest = rest;
	resp->rest_ctx = ctx;
}

void
http_resp_header(struct http_resp *resp, const char *name, const char *value)
{
	if (resp->headers_n == HTTP_RESP_HEADERS || !value_is_clean(value)) {
		log_event(
		    LOG_ERROR, "response_header_dropped", LF_STR("name", name));
		return;
	}
	resp->headers[resp->headers_n++] = (struct http_header){ name, value };
}

void
http_resp_headerf(struct http_resp *resp, struct arena *a, const char *name,
    const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	s = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	http_resp_header(resp, name, s);
}

struct bytes
http_resp_body(const struct http_resp *resp)
{
	if (resp->blob != NULL && resp->body.p == NULL)
		return blob_bytes(resp->blob);
	return resp->body;
}

const char *
http_resp_header_get(const struct http_resp *resp, const char *name)
{
	for (size_t i = 0; i < resp->headers_n; i++)
		if (text_equal_nocase(resp->headers[i].name, name))
			return resp->headers[i].value;
	return NULL;
}

const char *
http_req_header(const struct http_req *req, const char *name)
{
	for (size_t i = 0; i < req->headers_n; i++)
		if (text_equal_nocase(req->headers[i].name, name))
			return req->headers[i].value;
	return NULL;
}

size_t
http_req_header_count(const struct http_req *req, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < req->headers_n; i++)
		n += text_equal_nocase(req->headers[i].name, name);
	return n;
}

const char *
http_req_media_type(const struct http_req *req)
{
	const char *v = http_req_header(req, "Content-Type");
	size_t n;
	char *s;

	if (v == NULL)
		return NULL;
	/* RFC 9110 section 8.3.1: parameters follow a semicolon. */
	n = strcspn(v, ";");
	while (n > 0 && (v[n - 1] == ' ' || v[n - 1] == '\t'))
		n--;
	if (n == 0)
		return NULL;
	s = arena_str(req->arena, bytes_of(v, n));
	text_lower(s);
	return s;
}

const char *
http_method_name(enum http_method m)
{
	switch (m) {
	case HTTP_GET:
		return "GET";
	case HTTP_HEAD:
		return "HEAD";
	case HTTP_POST:
		return "POST";
	case HTTP_OPTIONS:
		return "OPTIONS";
	case HTTP_OTHER:
		break;
	}
	return "OTHER";
}

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *
http_reason(int status)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return status < 400 ? "OK" : "Error";
}

bool
http_percent_decode(
    struct bytes in, struct arena *a, struct bytes *out, struct err *err)
{
	uint8_t *d = arena_alloc(a, in.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];

		if (c == '%') {
			bool whole = in.n - i > 2;
			int hi = whole ? hex_digit(in.p[i + 1]) : -1;
			int lo = whole ? hex_digit(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return fail(err, ERR_MALFORMED,
				    "bad percent escape at offset %zu, "
				    "expected %%XX",
				    i);
			c = (uint8_t)(hi * 16 + lo);
			i += 2;
		}
		if (c == 0)
			return fail(err, ERR_MALFORMED,
			    "NUL at offset %zu, expected text", i);
		d[n++] = c;
	}
	*out = bytes_of(d, n);
	return true;
}

const char *
http_peer_text(const struct http_req *req)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&req->peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&req->peer;
	char *s = arena_alloc(req->arena, INET6_ADDRSTRLEN);

	if (req->peer.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, s, INET6_ADDRSTRLEN);
	else if (req->peer.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, s, INET6_ADDRSTRLEN);
	else
		return "local";
	return s;
}
