/*
 * A request and a response as values.  No sockets here: the same entry,
 * http_serve() (route.h), serves the network, the replay tests and the fuzzers.
 *
 * A request belongs to one thread at a time and lives in its arena, which also
 * holds the response.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <sys/socket.h>
#include "config/config.h"
#include "util/arena.h"
#include "util/blob.h"

enum http_method {
	HTTP_GET = 1,
	HTTP_HEAD = 2,
	HTTP_POST = 4,
	HTTP_OPTIONS = 8,
	HTTP_OTHER = 16 /* any other token; always 405 or 404 */
};

struct http_header {
	const char *name; /* canonical case when we send: "Replay-Nonce" */
	const char *value;
};

#define HTTP_CAPTURES 4

/* Limits, each before memory is taken (design section 2). */
#define HTTP_MAX_REQUEST_LINE 24576u
#define HTTP_MAX_HEADERS 32768u
#define HTTP_MAX_HEADER_COUNT 100u

/*
 * A value that both ends of the TLS connection know and nobody else does, for
 * protocols that bind what they carry to it.
 */
enum http_binding_kind {
	HTTP_BINDING_NONE,
	HTTP_BINDING_TLS_UNIQUE, /* RFC 5929: TLS 1.2, extended master secret */
	HTTP_BINDING_TLS_EXPORTER /* RFC 9266: TLS 1.3 */
};

#define HTTP_BINDING_MAX 64u

struct http_binding {
	enum http_binding_kind kind;
	uint8_t n;
	uint8_t octets[HTTP_BINDING_MAX];
};

struct http_req {
	struct arena *arena;
	enum http_method method;
	const char *target; /* as received, origin form */
	const char *path; /* raw path, no query, NUL-terminated */
	const char *query; /* raw, after '?'; NULL if none */
	struct http_header *headers;
	size_t headers_n;
	struct bytes body;
	enum listener_kind listener;
	bool tls;
	unsigned http_version; /* 10, 11 or 20 */
	struct sockaddr_storage peer; /* after trusted_proxies */
	struct bytes client_cert; /* LISTENER_EST: the leaf that the client
				     proved to hold, DER, not verified
				     against any anchor; else empty */
	const struct http_binding *binding; /* of the TLS connection; NULL:
					       none, or it is a proxy's */
	bool has_peer_uid; /* LISTENER_CONTROL: by SO_PEERCRED … */
	uid_t peer_uid; /* … whose process connected */
	int64_t now; /* seconds; the request's only clock */
	uint64_t id; /* for the log */
	const char *capture[HTTP_CAPTURES]; /* the route's {…}, in order */
	void *carried; /* from a handler to its rest or refuse */
	/* Set by handlers for the one log line of the request. */
	const char *log_account, *log_object, *log_note;
};

struct http_resp;

/*
 * The second half of a held reply (wait.h): runs on a worker when the job's
 * outcome is committed or the time is over; a pure read.
 */
#define HTTP_RESP_HEADERS 16

struct http_resp {
	int status;
	struct http_header headers[HTTP_RESP_HEADERS];
	size_t headers_n;
	struct bytes body; /* in the request's arena, or … */
	struct blob *blob; /* … a shared answer; one reference, given away;
			      with both, body is a part of the blob */
	bool secret; /* body is wiped when it was sent, with its copies */
	/* http_hand_on(): a worker runs this; NULL: answered. */
	void (*rest)(void *ctx, struct http_req *req, struct http_resp *resp);
	void *rest_ctx;
	/* http_wait(): hold this reply (wait.h); NULL: answer now. */
	struct http_ticket *wait;
	int64_t wait_ms;
	void (*wait_then)(
	    void *ctx, struct http_req *req, struct http_resp *resp);
	void *wait_ctx;
};

/*
 * A handler on the loop that found work which would block it gives the rest of
 * the request to a worker and returns.  When no worker can take it, the route's
 * refuse is called instead, with 503; one of the two always is.
 */
void http_hand_on(struct http_resp *resp,
    void (*rest)(void *ctx, struct http_req *req, struct http_resp *resp),
    void *ctx);
/*
 * Appends a header; strings must live as long as the arena.  A value with
 * control characters is left out: an answer cannot be split.
 */
void http_resp_header(
    struct http_resp *resp, const char *name, const char *value);
void http_resp_headerf(struct http_resp *resp, struct arena *a,
    const char *name, const char *fmt, ...) PRINTF(4, 5);
/* What is sent as the body: body, the blob, or a part of the blob. */
struct bytes http_resp_body(const struct http_resp *resp);
/* NULL if the response has none (yet). */
const char *http_resp_header_get(
    const struct http_resp *resp, const char *name);
/* NULL if absent; name is matched without regard to case. */
const char *http_req_header(const struct http_req *req, const char *name);
/* How many fields have the name. */
size_t http_req_header_count(const struct http_req *req, const char *name);
/* Media type without parameters, lower-cased; NULL if none. */
const char *http_req_media_type(const struct http_req *req);
const char *http_method_name(enum http_method m);
const char *http_reason(int status);
/* Decodes %XX once; fails on bad escapes and NUL. */
bool http_percent_decode(struct bytes in, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;
/* "192.0.2.1" or "2001:db8::1", no port, into the arena. */
const char *http_peer_text(const struct http_req *req);

#endif
