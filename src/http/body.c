#include "http/parse.h"
#include "util/text.h"

void
http_body_start(struct http_body *b, const struct http_head *head)
{
	*b = (struct http_body){ 0 };
	if (head->chunked) {
		b->state = HTTP_BODY_SIZE;
		return;
	}
	b->left = (uint64_t)head->content_length;
	b->state = b->left == 0 ? HTTP_BODY_END : HTTP_BODY_LENGTH;
}

static bool
is_control(uint8_t c)
{
	return c < 0x20 ? c != '\t' : c == 0x7f;
}

static bool
is_token(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != ':' && c != '"' && c != '(' &&
	    c != ')' && c != ',' && c != '/' && !(c >= ';' && c <= '@') &&
	    !(c >= '[' && c <= ']') && c != '{' && c != '}';
}

/*
 * RFC 9112 section 7.1: 1*HEXDIG, at most eight of them; then an extension or
 * CRLF.  White space, signs and prefixes are where parsers differ.
 */
static const char *
step_size(struct http_body *b, uint8_t c)
{
	int d = hex_digit(c);

	if (d >= 0) {
		if (++b->digits > 8)
			return "chunk size is too long";
		b->left = b->left * 16 + (unsigned)d;
		return NULL;
	}
	if (b->digits == 0 || (c != ';' && c != '\r'))
		return "bad chunk size";
	b->state = c == ';' ? HTTP_BODY_EXT : HTTP_BODY_SIZE_LF;
	return NULL;
}

/* Trailers are held against the form of a header line and dropped. */
static const char *
step_trailer(struct http_body *b, uint8_t c)
{
	switch (b->state) {
	case HTTP_BODY_TRAILER:
		if (c == '\r') {
			b->state = HTTP_BODY_END_LF;
			return NULL;
		}
		b->state = HTTP_BODY_TRAILER_NAME;
		return is_token(c) ? NULL : "bad trailer line";
	case HTTP_BODY_TRAILER_NAME:
		if (c == ':')
			b->state = HTTP_BODY_TRAILER_VALUE;
		else if (!is_token(c))
			return "bad trailer line";
		return NULL;
	default:
		if (c == '\r')
			b->state = HTTP_BODY_TRAILER_LF;
		else if (is_control(c))
			return "control character in a trailer";
		return NULL;
	}
}

/* The line feed that must come now. */
static const char *
step_lf(struct http_body *b, uint8_t c)
{
	if (c != '\n')
		return "CR without LF in a chunked body";
	switch (b->state) {
	case HTTP_BODY_SIZE_LF:
		b->digits = 0;
		b->state = b->left == 0 ? HTTP_BODY_TRAILER : HTTP_BODY_CHUNK;
		return NULL;
	case HTTP_BODY_CHUNK_LF:
		b->state = HTTP_BODY_SIZE;
		return NULL;
	case HTTP_BODY_TRAILER_LF:
		b->state = HTTP_BODY_TRAILER;
		return NULL;
	default:
		b->state = HTTP_BODY_END;
		return NULL;
	}
}

/* One octet of framing; a complaint or NULL. */
static const char *
step(struct http_body *b, uint8_t c)
{
	switch (b->state) {
	case HTTP_BODY_SIZE:
		return step_size(b, c);
	case HTTP_BODY_EXT:
		if (++b->overhead > HTTP_MAX_CHUNK_OVERHEAD)
			return "chunk extensions are too long";
		if (c == '\r')
			b->state = HTTP_BODY_SIZE_LF;
		else if (is_control(c))
			return "control character in a chunk extension";
		return NULL;
	case HTTP_BODY_CHUNK_CR:
		if (c != '\r')
			return "chunk is longer than its size";
		b->state = HTTP_BODY_CHUNK_LF;
		return NULL;
	case HTTP_BODY_TRAILER:
	case HTTP_BODY_TRAILER_NAME:
	case HTTP_BODY_TRAILER_VALUE:
		if (++b->overhead > HTTP_MAX_CHUNK_OVERHEAD)
			return "trailers are too long";
		return step_trailer(b, c);
	default:
		return step_lf(b, c);
	}
}

enum http_parse
http_body_next(struct http_body *b, struct bytes *in, struct bytes *data,
    struct http_fault *fault)
{
	*data = BYTES_NONE;
	while (b->state != HTTP_BODY_END && in->n > 0) {
		const char *why;

		if (b->state == HTTP_BODY_LENGTH ||
		    b->state == HTTP_BODY_CHUNK) {
			size_t n = b->left < in->n ? (size_t)b->left : in->n;

			*data = bytes_of(in->p, n);
			in->p += n;
			in->n -= n;
			b->left -= n;
			if (b->left == 0)
				b->state = b->state == HTTP_BODY_LENGTH
				    ? HTTP_BODY_END
				    : HTTP_BODY_CHUNK_CR;
			return HTTP_PARSE_MORE;
		}
		why = step(b, *in->p);
		if (why != NULL) {
			*fault = (struct http_fault){ 400, why };
			return HTTP_PARSE_BAD;
		}
		in->p++;
		in->n--;
	}
	return b->state == HTTP_BODY_END ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}
