#include <string.h>
#include <strings.h>
#include "http/parse.h"

enum {
	C_TOKEN = 1, /* RFC 9110 section 5.6.2 */
	C_VALUE = 2, /* RFC 9110 section 5.5: VCHAR, SP, HTAB, obs-text */
	C_TARGET = 4, /* visible ASCII but '#' */
	C_HOST = 8 /* uri-host and port, RFC 9110 section 7.2 */
};

static const char token_marks[] = "!#$%&'*+-.^_`|~";
static const char host_marks[] = "-._~%!$&'()*+;=:[]";
static uint8_t class_of[256];

/* Filled before main: a table of 256 rows says less than its rule. */
__attribute__((constructor)) static void
classes_init(void)
{
	for (unsigned c = 1; c < 256; c++) {
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z');
		unsigned k = 0;

		if (alnum || (c < 128 && strchr(token_marks, (int)c) != NULL))
			k |= C_TOKEN;
		if (alnum || (c < 128 && strchr(host_marks, (int)c) != NULL))
			k |= C_HOST;
		if (c == '\t' || (c >= 0x20 && c != 0x7f))
			k |= C_VALUE;
		if (c > 0x20 && c < 0x7f && c != '#')
			k |= C_TARGET;
		class_of[c] = (uint8_t)k;
	}
}

static bool
is_class(uint8_t c, unsigned k)
{
	return (class_of[c] & k) != 0;
}

static enum http_parse
bad(struct http_fault *fault, int status, const char *why)
{
	*fault = (struct http_fault){ status, why };
	return HTTP_PARSE_BAD;
}

/* The caps, held against what has arrived, before more of it is kept. */
static enum http_parse
scan_check_size(const struct http_scan *s, size_t end, struct http_fault *fault)
{
	if (s->lines == 0)
		return end - s->start > HTTP_MAX_REQUEST_LINE + 2
		    ? bad(fault, 414, "request line is too long")
		    : HTTP_PARSE_MORE;
	if (end - s->fields > HTTP_MAX_HEADERS + 2)
		return bad(fault, 431, "header section is too long");
	if (s->lines - 1 > HTTP_MAX_HEADER_COUNT)
		return bad(fault, 431, "too many header fields");
	return HTTP_PARSE_MORE;
}

/* A whole line ends before `next`.  DONE if it ends the head. */
static enum http_parse
scan_line(
    struct http_scan *s, struct bytes in, size_t next, struct http_fault *fault)
{
	size_t n = next - s->line;

	/* RFC 9112 section 2.2 lets a bare LF pass; a proxy may not. */
	if (n < 2 || in.p[next - 2] != '\r')
		return bad(fault, 400, "bare LF in the request head");
	s->pos = next;
	if (n == 2 && s->lines > 0)
		return HTTP_PARSE_DONE;
	s->line = next;
	if (n == 2) {
		/* RFC 9112 section 2.2: one CRLF before it is ignored. */
		if (++s->blanks > 1)
			return bad(fault, 400, "empty lines, no request");
		s->start = next;
		return HTTP_PARSE_MORE;
	}
	if (s->lines == 0 && n > HTTP_MAX_REQUEST_LINE + 2)
		return bad(fault, 414, "request line is too long");
	if (s->lines++ == 0)
		s->fields = next;
	return scan_check_size(s, next, fault);
}

enum http_parse
http_head_scan(struct http_scan *s, struct bytes in, struct http_fault *fault)
{
	while (s->pos < in.n) {
		const uint8_t *lf = memchr(in.p + s->pos, '\n', in.n - s->pos);
		enum http_parse r;
		uint8_t first = in.p[s->start];

		/* TLS or garbage on this port: say so without waiting. */
		if (s->lines == 0 && s->line == s->start &&
		    !is_class(first, C_TOKEN) && first != '\r')
			return bad(fault, 400, "not an HTTP request");
		if (lf == NULL) {
			s->pos = in.n;
			break;
		}
		r = scan_line(s, in, (size_t)(lf + 1 - in.p), fault);
		if (r != HTTP_PARSE_MORE)
			return r;
		if (s->start == in.n)
			return HTTP_PARSE_MORE;
	}
	return scan_check_size(s, in.n, fault);
}

enum http_method
http_method_parse(struct bytes name)
{
	static const enum http_method known[] = { HTTP_GET, HTTP_HEAD,
		HTTP_POST, HTTP_OPTIONS };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (bytes_is(name, http_method_name(known[i])))
			return known[i];
	return HTTP_OTHER;
}

static bool
all_class(const char *s, size_t n, unsigned k)
{
	for (size_t i = 0; i < n; i++)
		if (!is_class((uint8_t)s[i], k))
			return false;
	return true;
}

static bool
fault_set(struct http_fault *fault, int status, const char *why)
{
	(void)bad(fault, status, why);
	return false;
}

/* RFC 9112 section 3.2.2; what the authority says is used for nothing. */
static bool
target_skip_authority(const char **text, struct http_fault *fault)
{
	const char *s = *text;
	size_t n;

	if (strncasecmp(s, "http://", 7) == 0)
		s += 7;
	else if (strncasecmp(s, "https://", 8) == 0)
		s += 8;
	else
		return fault_set(fault, 400,
		    "request target is neither a path nor a http(s) URL");
	n = strcspn(s, "/?");
	/* RFC 9110 section 4.2.4: userinfo is an error. */
	if (n == 0 || !all_class(s, n, C_HOST))
		return fault_set(fault, 400, "bad authority in the target");
	*text = s + n;
	return true;
}

bool
http_target_parse(
    struct http_req *req, const char *text, struct http_fault *fault)
{
	size_t n = strlen(text);
	const char *q;

	if (n == 0 || !all_class(text, n, C_TARGET))
		return fault_set(fault, 400,
		    "request target is empty or has a character that must be "
		    "escaped");
	if (strcmp(text, "*") == 0) {
		/* RFC 9112 section 3.2.4: for OPTIONS alone. */
		if (req->method != HTTP_OPTIONS)
			return fault_set(
			    fault, 400, "target * without OPTIONS");
		req->target = req->path = text;
		req->query = NULL;
		return true;
	}
	if (*text != '/') {
		if (!target_skip_authority(&text, fault))
			return false;
		if (*text != '/')
			text = arena_printf(req->arena, "/%s", text);
	}
	q = strchr(text, '?');
	req->target = text;
	req->path = q == NULL
	    ? text
	    : arena_str(req->arena, bytes_of(text, (size_t)(q - text)));
	req->query = q == NULL ? NULL : q + 1;
	return true;
}

/* method SP request-target SP HTTP-version, nothing else (section 3). */
static bool
parse_request_line(
    char *line, size_t n, struct http_req *req, struct http_fault *fault)
{
	char *target = memchr(line, ' ', n);
	char *version;
	size_t m;

	if (target == NULL)
		return fault_set(fault, 400, "request line has no target");
	m = (size_t)(target - line);
	if (m == 0 || m > 32 || !all_class(line, m, C_TOKEN))
		return fault_set(fault, 400, "bad method");
	req->method = http_method_parse(bytes_of(line, m));
	target++;
	version = memchr(target, ' ', n - m - 1);
	if (version == NULL)
		return fault_set(fault, 400, "request line has no version");
	*version++ = '\0';
	n -= (size_t)(version - line);
	if (n != 8 || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' ||
	    version[5] < '0' || version[5] > '9' || version[7] < '0' ||
	    version[7] > '9')
		return fault_set(fault, 400, "bad HTTP version");
	if (version[5] != '1' || version[7] > '1')
		return fault_set(fault, 505, "HTTP version is not 1.0 or 1.1");
	req->http_version = version[7] == '1' ? 11 : 10;
	/* A NUL would hide the rest from strlen. */
	if (strlen(target) != (size_t)(version - 1 - target))
		return fault_set(fault, 400, "NUL in the request target");
	return http_target_parse(req, target, fault);
}

/* What the special fields of one head said. */
struct seen {
	bool host, length, coding, close, keep_alive;
};

static bool
parse_length(const char *v, int64_t *out)
{
	size_t n = strlen(v);
	int64_t x = 0;

	/* Digits alone: no sign, no list, no overflow. */
	if (n == 0 || n > 18)
		return false;
	for (; *v != '\0'; v++) {
		if (*v < '0' || *v > '9')
			return false;
		x = x * 10 + (*v - '0');
	}
	*out = x;
	return true;
}

static void
parse_connection(const char *v, struct seen *seen)
{
	while (*v != '\0') {
		size_t n = strcspn(v, ", \t");

		if (n == 5 && strncasecmp(v, "close", 5) == 0)
			seen->close = true;
		if (n == 10 && strncasecmp(v, "keep-alive", 10) == 0)
			seen->keep_alive = true;
		v += n;
		v += strspn(v, ", \t");
	}
}

static bool
parse_coding(const char *v, struct seen *seen, struct http_head *head,
    struct http_fault *fault)
{
	if (seen->coding)
		return fault_set(fault, 400, "more than one Transfer-Encoding");
	seen->coding = true;
	/* RFC 9112 section 6.1: 501 for a coding that we do not know. */
	if (strcasecmp(v, "chunked") != 0)
		return fault_set(
		    fault, 501, "Transfer-Encoding other than chunked");
	head->chunked = true;
	return true;
}

/* The fields that frame the message or the connection. */
static bool
parse_special(const char *name, size_t n, const char *value,
    struct http_head *head, struct seen *seen, struct http_fault *fault)
{
	switch (n) {
	case 4:
		if (strcasecmp(name, "Host") != 0)
			return true;
		/* RFC 9112 section 3.2: exactly one, and valid. */
		if (seen->host || !all_class(value, strlen(value), C_HOST))
			return fault_set(
			    fault, 400, "more than one Host, or bad");
		seen->host = true;
		return true;
	case 6:
		if (strcasecmp(name, "Expect") != 0)
			return true;
		if (strcasecmp(value, "100-continue") != 0)
			return fault_set(
			    fault, 417, "Expect other than 100-continue");
		head->expect_continue = true;
		return true;
	case 10:
		if (strcasecmp(name, "Connection") == 0)
			parse_connection(value, seen);
		return true;
	case 14:
		if (strcasecmp(name, "Content-Length") != 0)
			return true;
		if (seen->length || !parse_length(value, &head->content_length))
			return fault_set(fault, 400,
			    "more than one Content-Length, or not a number");
		seen->length = true;
		return true;
	case 17:
		if (strcasecmp(name, "Transfer-Encoding") != 0)
			return true;
		return parse_coding(value, seen, head, fault);
	default:
		return true;
	}
}

/* One header line of n octets; splits it in place. */
static bool
parse_field(char *line, size_t n, struct http_header *out, size_t *name_n,
    struct http_fault *fault)
{
	size_t i = 0, end = n;

	if (line[0] == ' ' || line[0] == '\t')
		return fault_set(fault, 400, "folded header line");
	while (i < n && is_class((uint8_t)line[i], C_TOKEN))
		i++;
	/* RFC 9112 section 5.1: no space between name and colon. */
	if (i == 0 || i == n || line[i] != ':')
		return fault_set(fault, 400, "bad header field name");
	*name_n = i;
	line[i++] = '\0';
	while (i < end && (line[i] == ' ' || line[i] == '\t'))
		i++;
	while (end > i && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	if (!all_class(line + i, end - i, C_VALUE))
		return fault_set(fault, 400, "control character in a header");
	line[end] = '\0';
	*out = (struct http_header){ line, line + i };
	return true;
}

static bool
head_check(struct http_req *req, struct http_head *head,
    const struct seen *seen, struct http_fault *fault)
{
	/* RFC 9112 section 3.2; HTTP/1.0 clients may leave it out. */
	if (!seen->host && req->http_version >= 11)
		return fault_set(fault, 400, "no Host header");
	/* RFC 9112 section 6.1: both is an attempt at smuggling. */
	if (seen->coding && seen->length)
		return fault_set(fault, 400,
		    "Transfer-Encoding together with Content-Length");
	if (seen->coding && req->http_version < 11)
		return fault_set(fault, 400, "Transfer-Encoding in HTTP/1.0");
	if (head->chunked)
		head->content_length = -1;
	if (req->http_version < 11)
		head->expect_continue = false;
	head->keep_alive =
	    !seen->close && (req->http_version >= 11 || seen->keep_alive);
	return true;
}

enum http_parse
http_head_parse(const struct http_scan *s, struct bytes in,
    struct http_req *req, struct http_head *head, struct http_fault *fault)
{
	size_t n = s->pos - s->start, fields = s->fields - s->start;
	char *text = arena_dup(req->arena, in.p + s->start, n);
	char *end = text + n - 2, *line = text + fields;
	struct seen seen = { 0 };

	*head = (struct http_head){ 0 };
	if (!parse_request_line(text, fields - 2, req, fault))
		return HTTP_PARSE_BAD;
	req->headers = arena_array(req->arena, s->lines, sizeof(*req->headers));
	req->headers_n = 0;
	while (line < end) {
		char *lf = memchr(line, '\n', (size_t)(end - line));
		struct http_header *h = &req->headers[req->headers_n++];
		size_t name_n;

		if (!parse_field(
			line, (size_t)(lf - 1 - line), h, &name_n, fault) ||
		    !parse_special(
			h->name, name_n, h->value, head, &seen, fault))
			return HTTP_PARSE_BAD;
		line = lf + 1;
	}
	return head_check(req, head, &seen, fault) ? HTTP_PARSE_DONE
						   : HTTP_PARSE_BAD;
}
