#include <stdio.h>
#include "http/route.h"

/* RFC 8259 section 7.  What is not ASCII passes; the caller has UTF-8. */
static void
add_json_string(struct buf *b, const char *s)
{
	buf_add_byte(b, '"');
	for (; *s != '\0'; s++) {
		uint8_t c = (uint8_t)*s;

		if (c == '"' || c == '\\') {
			buf_add_byte(b, '\\');
			buf_add_byte(b, c);
		} else if (c == '\n') {
			buf_add_str(b, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(b, "\\u%04x", c);
		} else {
			buf_add_byte(b, c);
		}
	}
	buf_add_byte(b, '"');
}

void
http_problem(struct http_req *req, struct http_resp *resp, int status,
    const char *type, const char *detail)
{
	AUTO_BUF b = { 0 };

	/* One member a line: getssl reads answers with grep (reference 18). */
	buf_add_str(&b, "{\n  \"type\": ");
	add_json_string(&b, type == NULL ? "about:blank" : type);
	if (type == NULL) {
		/* RFC 9457 section 4.2.1: the title is the status phrase. */
		buf_add_str(&b, ",\n  \"title\": ");
		add_json_string(&b, http_reason(status));
	}
	if (detail != NULL) {
		buf_add_str(&b, ",\n  \"detail\": ");
		add_json_string(&b, detail);
	}
	buf_printf(&b, ",\n  \"status\": %d\n}\n", status);
	resp->status = status;
	resp->body = arena_bytes(req->arena, buf_bytes(&b));
	http_resp_header(resp, "Content-Type", "application/problem+json");
}
