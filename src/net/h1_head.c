#include "net/loop.h"

static const char *
status_line(int status)
{
	switch (status) {
	case 200:
		return "HTTP/1.1 200 OK\r\n";
	case 201:
		return "HTTP/1.1 201 Created\r\n";
	case 304:
		return "HTTP/1.1 304 Not Modified\r\n";
	default:
		return NULL;
	}
}

static void
add_length(struct buf *out, size_t n)
{
	char digits[24];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	buf_add(out, "Content-Length: ", 16);
	buf_add(out, digits + at, sizeof(digits) - at);
	buf_add(out, "\r\n", 2);
}

bool
h1_has_body(const struct exchange *ex)
{
	return ex->req.method != HTTP_HEAD && ex->resp.status != 204 &&
	    ex->resp.status != 304;
}

void
h1_write_head(
    struct conn *c, const struct exchange *ex, bool keep, struct buf *out)
{
	const struct http_resp *resp = &ex->resp;
	const char *line = status_line(resp->status);
	struct loop *l = c->loop;

	loop_date(l);
	if (line != NULL)
		buf_add_str(out, line);
	else
		buf_printf(out, "HTTP/1.1 %d %s\r\n", resp->status,
		    http_reason(resp->status));
	buf_add(out, l->date, l->date_n);
	for (size_t i = 0; i < resp->headers_n; i++) {
		buf_add_str(out, resp->headers[i].name);
		buf_add(out, ": ", 2);
		buf_add_str(out, resp->headers[i].value);
		buf_add(out, "\r\n", 2);
	}
	/* RFC 9110 section 8.6: never with 204; not with 304 either. */
	if (resp->status != 204 && resp->status != 304)
		add_length(out, http_resp_body(resp).n);
	if (!keep)
		buf_add_str(out, "Connection: close\r\n");
	else if (ex->req.http_version == 10)
		buf_add_str(out, "Connection: keep-alive\r\n");
	buf_add(out, "\r\n", 2);
}
