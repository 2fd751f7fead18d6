/*
 * The port for services that the operator names: webhooks, Intune.  https
 * alone, no redirects, answers capped; src/net implements it on a loop of its
 * own limits.  Not for validation, where strangers name the host (probe.h).
 *
 * What a service says is never "issue" by itself: the asker reads the answer.
 */
#ifndef HTTP_OUTGOING_H
#define HTTP_OUTGOING_H

#include "util/arena.h"

enum outgoing_method { OUTGOING_GET, OUTGOING_POST };

/* Octets of an answer's body; more is ERR_TOO_LARGE.  Intune's list of
 * revocations has at most 500 entries. */
#define OUTGOING_MAX_BODY (512u * 1024u)
#define OUTGOING_MAX_HEADERS 8u
#define OUTGOING_MAX_URL 2048u

struct outgoing_header {
	const char *name, *value; /* no line breaks; wiped after use */
};

struct outgoing_request {
	enum outgoing_method method;
	const char *url; /* https://… */
	const struct outgoing_header
	    *headers; /* at most OUTGOING_MAX_HEADERS */
	size_t headers_n;
	const char *content_type; /* OUTGOING_POST */
	struct bytes body; /* wiped after use */
	struct bytes anchors; /* PEM; empty: those of outgoing.anchors_file */
	int64_t timeout_ms; /* of the whole; 0, or more: outgoing.timeout */
};

struct outgoing_result {
	bool ok; /* a whole HTTP answer is there, whatever its status */
	int status;
	struct bytes body; /* at most OUTGOING_MAX_BODY; wiped after use */
	int64_t retry_after; /* seconds, at most a day; 0: not said */
	/* Where it went, and what came back; ERR_NONE if ok, but shown is set:
	 * "https://x/y at 192.0.2.1:443: answered 403".  No query, no secret.
	 * ERR_DNS, ERR_CONNECTION, ERR_TLS, ERR_TOO_LARGE,
	 * ERR_INCORRECT_RESPONSE, ERR_CONFIG (no anchors), ERR_BUSY. */
	struct err err;
	bool transient; /* trying again may help: no answer, 429, 5xx */
};

/*
 * start(): any thread; copies what it needs of the request.  done is called
 * exactly once, on the outgoing loop, which it must not block; the result
 * lives until it returns.  False (ERR_BUSY; ERR_MALFORMED for a URL that is
 * none): done is not called then.
 */
struct outgoing_port {
	bool (*start)(void *ctx, const struct outgoing_request *req,
	    void (*done)(void *arg, const struct outgoing_result *res),
	    void *arg, struct err *err);
	void *ctx;
};

#endif
