/*
 * The port for the outside world: DNS, HTTP and TLS probes (RFC 8555 section
 * 8, RFC 8737, RFC 8738).  Protocols ask through it; src/net implements it on
 * the probe loop.  A probe never says "valid" by itself: it returns what was
 * looked up, where, and what came back, and the asker compares.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include "util/arena.h"

enum probe_kind { PROBE_HTTP, PROBE_TXT, PROBE_TLS_ALPN, PROBE_CAA };

struct probe_request {
	enum probe_kind kind;
	const char *name; /* host, or the TXT/CAA owner name */
	bool is_ip; /* name is an IP address (RFC 8738) */
	const char *path; /* PROBE_HTTP: "/.well-known/acme-challenge/…" */
};

#define PROBE_MAX_BODY 1024u /* http-01: longer than any key authorization */
#define PROBE_MAX_TXT 64u

struct probe_result {
	bool ok; /* something came back that can be compared */
	struct err err; /* else why: ERR_DNS, ERR_CONNECTION, ERR_TLS,
			   ERR_INCORRECT_RESPONSE, ERR_REJECTED … */
	bool transient; /* trying again may help (timeout, SERVFAIL) */
	bool dnssec_secure;
	/* The record: a JSON object text (addresses resolved and used, port,
	 * URLs of each redirect, DNS rcode, TLS version …).  Always set. */
	const char *record_json;
	struct bytes body; /* PROBE_HTTP: at most PROBE_MAX_BODY */
	struct bytes *txt; /* PROBE_TXT: strings joined per RR */
	size_t txt_n;
	struct bytes certificate; /* PROBE_TLS_ALPN: the leaf, DER */
	bool alpn_acme; /* "acme-tls/1" was negotiated */
	struct bytes *caa; /* PROBE_CAA: RDATA of the closest set */
	size_t caa_n;
};

/*
 * start(): any thread.  done is called exactly once, on the probe loop, which
 * it must not block; everything in the result lives until it returns.  False
 * (ERR_BUSY) when the bounded queue is full: done is not called then.
 */
struct probe_port {
	bool (*start)(void *ctx, const struct probe_request *req,
	    void (*done)(void *arg, const struct probe_result *res), void *arg,
	    struct err *err);
	void *ctx;
};

#endif
