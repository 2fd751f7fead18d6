/*
 * DNS lookups by libunbound's event interface, on the probe thread.
 *
 * A pool holds the current libunbound context for one set of options.  It
 * keeps nothing between attempts that would hide a mended zone: answers have
 * no time to live, and a context that has seen a no, a failure or a time-out is
 * replaced (at most once a second), its memory of dead servers with it.
 */
#ifndef NET_PROBE_DNS_H
#define NET_PROBE_DNS_H

#include <event2/event.h>
#include <sys/queue.h>
#include "config/config.h"
#include "net/dns_message.h"

struct dns_settings {
	struct config_strings forwarders; /* "127.0.0.1@5353" */
	const char *label; /* for people: "127.0.0.1:5353" */
	enum dnssec_mode dnssec;
	const char *trust_anchor_file;
};

enum dns_security { DNS_INSECURE, DNS_BOGUS, DNS_SECURE };

struct dns_lookup {
	LIST_ENTRY(dns_lookup) link; /* of its context */
	STAILQ_ENTRY(dns_lookup) ready;
	struct dns_context *context;
	/* The asker; NULL once it lost interest. */
	void (*done)(void *arg, struct dns_lookup *l);
	void *arg;
	struct arena *arena; /* the asker's */
	const char *name;
	enum dns_type type;
	int64_t started_us, elapsed_us;
	bool answered;
	/* The answer.  err: why there is no usable message. */
	struct err err;
	struct dns_answer answer;
	enum dns_security security;
	const char *why_bogus;
};

struct dns_pool;

/* deferred: the caller's event; it calls dns_pool_run() when it fires. */
struct dns_pool *dns_pool_new(struct event_base *base,
    const struct dns_settings *s, struct event *deferred);
/* No asker may be left. */
void dns_pool_free(struct dns_pool *p);
/*
 * done comes from dns_pool_run(), never from within this call; the lookup
 * lives until it is given back by dns_lookup_free(), before or after that.
 * name and arena live as long.
 */
struct dns_lookup *dns_lookup_start(struct dns_pool *p, const char *name,
    enum dns_type type, struct arena *arena,
    void (*done)(void *arg, struct dns_lookup *l), void *arg);
void dns_lookup_free(struct dns_lookup *l);
/*
 * Whether an answer may be used: rcode, DNSSEC.  ERR_DNS with a sentence;
 * NXDOMAIN fails too.  transient is set, or left.
 */
bool dns_lookup_check(const struct dns_settings *s, const struct dns_lookup *l,
    struct arena *a, bool *transient, struct err *err) MUST_CHECK;
/* NXDOMAIN that may be believed. */
bool dns_lookup_absent(
    const struct dns_settings *s, const struct dns_lookup *l);
/* Something went wrong that a fresh context might not see. */
void dns_pool_doubt(struct dns_pool *p);
/* Hands out what has come back, ends contexts that are done. */
void dns_pool_run(struct dns_pool *p);

#endif
