/*
 * A strict HTTP/1.1 request parser (RFC 9112), incremental, without sockets.
 *
 * A head is first scanned for its end as bytes arrive, then parsed in one go;
 * a body is decoded in place, run by run.  What two implementations could read
 * differently is refused: bare LF, obs-fold, space before the colon,
 * Transfer-Encoding with Content-Length, more than one of either, bad chunk
 * sizes, control characters.  HTTP/1.0 without Host is served (Cisco IOS).
 *
 * No thread of its own, no state beyond the structs, which own no memory.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/message.h"

/* Why input is refused: the status to answer, and text for the client. */
struct http_fault {
	int status;
	const char *why;
};

enum http_parse { HTTP_PARSE_MORE, HTTP_PARSE_DONE, HTTP_PARSE_BAD };

/* Where the scan stands; { 0 } at the start of each request. */
struct http_scan {
	size_t pos; /* scanned up to here */
	size_t line; /* start of the current line */
	size_t start; /* start of the request line */
	size_t fields; /* start of the first header line */
	unsigned lines; /* complete ones, request line included */
	unsigned blanks; /* empty lines before the request line */
};

/*
 * `in` begins with the request and has all bytes so far.  DONE: the head is
 * in.p[start … pos), its end included.  Faults are seen as early as possible.
 */
enum http_parse http_head_scan(
    struct http_scan *s, struct bytes in, struct http_fault *fault);

/* What a head says about the connection and the body that follows. */
struct http_head {
	int64_t content_length; /* -1: chunked; 0: no body */
	bool chunked;
	bool keep_alive;
	bool expect_continue;
};

/*
 * Parses a scanned head into req (arena set by the caller): method, target,
 * path, query, headers, http_version.  DONE or BAD.
 */
enum http_parse http_head_parse(const struct http_scan *s, struct bytes in,
    struct http_req *req, struct http_head *head, struct http_fault *fault);

/*
 * Sets target, path and query.  text is NUL-terminated, lies in the request's
 * arena and may be kept.  Absolute form is accepted for its path alone;
 * "*" only with OPTIONS.  Used by HTTP/2 too.
 */
bool http_target_parse(struct http_req *req, const char *text,
    struct http_fault *fault) MUST_CHECK;
/* "GET" …; HTTP_OTHER for any other token. */
enum http_method http_method_parse(struct bytes name);

struct http_body {
	enum {
		HTTP_BODY_LENGTH,
		HTTP_BODY_SIZE, /* in a chunk-size */
		HTTP_BODY_EXT, /* in a chunk extension */
		HTTP_BODY_SIZE_LF,
		HTTP_BODY_CHUNK,
		HTTP_BODY_CHUNK_CR,
		HTTP_BODY_CHUNK_LF,
		HTTP_BODY_TRAILER, /* at the start of a trailer line */
		HTTP_BODY_TRAILER_NAME,
		HTTP_BODY_TRAILER_VALUE,
		HTTP_BODY_TRAILER_LF,
		HTTP_BODY_END_LF,
		HTTP_BODY_END
	} state;
	uint64_t left; /* of the body, or of the chunk */
	unsigned digits; /* of this chunk-size */
	unsigned overhead; /* octets of extensions and trailers so far */
};

/* Of extensions and trailers together, per body. */
#define HTTP_MAX_CHUNK_OVERHEAD 4096u

void http_body_start(struct http_body *b, const struct http_head *head);
/*
 * Takes octets from the front of *in.  MORE with *data not empty: a run of the
 * body, call again; MORE with *data empty: *in is used up.  DONE: the body is
 * whole and *in begins with what follows it.
 */
enum http_parse http_body_next(struct http_body *b, struct bytes *in,
    struct bytes *data, struct http_fault *fault);

#endif
