/*
 * The inside of the outgoing loop; nobody but the outgoing_*.c files includes
 * it.
 *
 * Everything here belongs to the outgoing thread, except a call that start()
 * has not yet added and settings that a reload has left.  A call is a job of
 * the loop (net/job_loop.h) with an arena.
 */
#ifndef NET_OUTGOING_JOB_H
#define NET_OUTGOING_JOB_H

#include <openssl/x509_vfy.h>
#include <stdatomic.h>
#include "net/job_loop.h"
#include "net/outgoing.h"

struct outgoing_host {
	const char *name; /* no brackets */
	bool is_ip;
	unsigned port;
};

struct outgoing_settings {
	unsigned refs;
	struct arena *arena;
	struct probe_settings *net; /* resolvers and hosts */
	const char *anchors_path;
	X509_STORE *anchors; /* NULL: why not */
	struct err anchors_err;
	bool has_proxy;
	struct outgoing_host proxy;
	struct config_strings no_proxy;
	int64_t timeout_ms; /* the longest that a call may ask for */
	size_t max_concurrent;
};

bool outgoing_settings_new(const struct outgoing_deps *deps,
    const struct config *c, struct outgoing_settings **out,
    struct err *err) MUST_CHECK;
void outgoing_settings_ref(struct outgoing_settings *s);
void outgoing_settings_unref(struct outgoing_settings *s);
/* Whether a call to the host goes through the proxy. */
bool outgoing_settings_proxied(
    const struct outgoing_settings *s, const struct outgoing_host *host);
/* A store of the PEM certificates; what: "anchors" and whose, for messages.
 * ERR_MALFORMED. */
bool outgoing_anchors_parse(struct bytes pem, const char *what,
    X509_STORE **out, struct err *err) MUST_CHECK;
/*
 * Host and port of an absolute URL with the scheme; ERR_MALFORMED for another
 * one, for user information, a fragment, or what is no host.
 */
bool outgoing_url_parse(const char *url, const char *scheme,
    unsigned default_port, struct arena *a, struct outgoing_host *out,
    struct err *err) MUST_CHECK;

struct outgoing_loop {
	struct job_loop jobs;
	struct outgoing_settings *settings; /* of the next call */
	_Atomic(struct outgoing_settings *) reloaded; /* not yet taken over */
};

#define OUTGOING_MAX_ADDRESSES 8u

struct outgoing_call;

struct outgoing_target {
	const struct outgoing_host *host;
	struct probe_address v[OUTGOING_MAX_ADDRESSES];
	size_t n, next;
	/* While it is being resolved. */
	struct dns_lookup *a, *aaaa;
	struct err a_err, aaaa_err;
	bool transient;
	void (*then)(struct outgoing_call *call);
};

struct outgoing_transfer;

struct outgoing_call {
	struct job job; /* shown: its URL without the query */
	struct outgoing_loop *loop;
	struct outgoing_settings *settings; /* NULL until it runs */
	struct arena *arena;
	void (*done)(void *arg, const struct outgoing_result *res);
	void *arg;

	/* The request. */
	enum outgoing_method method;
	const char *url;
	struct outgoing_host host;
	struct curl_slist *headers; /* wiped at the end */
	uint8_t *body; /* wiped at the end */
	size_t body_n;
	X509_STORE *anchors; /* NULL: those of the settings */

	bool by_proxy;
	struct outgoing_result res; /* how it ended is in job */
	struct outgoing_target target;
	struct outgoing_transfer *transfer;
};

static inline struct outgoing_call *
call_of(struct job *job)
{
	return (struct outgoing_call *)((char *)job -
	    offsetof(struct outgoing_call, job));
}

/* outgoing_request.c: a call with its own copy of everything. */
bool outgoing_call_new(const struct outgoing_request *req, int64_t longest_ms,
    struct outgoing_call **out, struct err *err) MUST_CHECK;
/* Wipes and frees; nothing of a library may still hold it. */
void outgoing_call_free(struct outgoing_call *call);

/* outgoing_resolve.c: fills call->target and calls then, or fails the call. */
void outgoing_resolve(struct outgoing_call *call,
    const struct outgoing_host *host, void (*then)(struct outgoing_call *call));
void outgoing_resolve_cancel(struct outgoing_call *call);

/* outgoing_call.c: begin and give up. */
void outgoing_call_start(struct outgoing_call *call);
void outgoing_call_cancel(struct outgoing_call *call);
/* Its answer is not wanted any more. */
void outgoing_call_wipe(struct outgoing_call *call);

#endif
