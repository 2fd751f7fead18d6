/*
 * The outgoing loop: one thread that calls the services which the operator
 * names (http/outgoing.h), by libcurl on a libevent loop of its own limits.
 * Slow services hold up no validation, and no validation them.
 *
 * Where a call goes: the host of its URL, looked up in validation.hosts_file
 * and at validation.resolvers, or the proxy of the configuration, by CONNECT.
 * Any address will do, also a private one or loopback: the host's certificate,
 * which is always verified against named anchors, vouches for it.
 *
 * What is kept secret: headers and bodies of both directions are wiped when the
 * call ends and are never logged.  libcurl frees its own copy of the header,
 * and OpenSSL its record buffers, without wiping them.
 *
 * Threads: start() of the port, outgoing_reload() and outgoing_count() from any
 * thread; done callbacks come on the outgoing thread.  Each call has one timer,
 * which counts its time in the bounded queue too, and while it runs one of
 * max_concurrent slots and a connection that is not used again.
 */
#ifndef NET_OUTGOING_H
#define NET_OUTGOING_H

#include "config/config.h"
#include "http/outgoing.h"

struct outgoing;

/* Of a file of anchors: the largest bundles have half a megabyte. */
#define OUTGOING_MAX_ANCHORS (4u << 20)

struct outgoing_deps {
	/* As in ca_deps: the file of anchors. */
	bool (*read_file)(void *ctx, const char *path, size_t max,
	    struct arena *a, struct bytes *out, struct err *err);
	void *read_ctx;
};

/* Whether the section could be used: its file, its proxy.  ERR_CONFIG. */
bool outgoing_check(const struct outgoing_deps *deps,
    const struct config_outgoing *c, struct err *err) MUST_CHECK;

/*
 * Copies what it needs of the configuration and starts the thread.  NULL when
 * the anchors, the proxy, a resolver or the hosts file is not usable
 * (ERR_CONFIG); without the default file of anchors only calls that need it
 * fail.
 */
struct outgoing *outgoing_new(
    const struct outgoing_deps *deps, const struct config *c, struct err *err);
/* Calls that run keep the settings that they began with. */
bool outgoing_reload(
    struct outgoing *o, const struct config *c, struct err *err) MUST_CHECK;
/* Valid as long as the loop is. */
const struct outgoing_port *outgoing_port(const struct outgoing *o);
/* Ends every call (ERR_BUSY, transient), then the thread.  NULL is allowed. */
void outgoing_free(struct outgoing *o);

/* For /metrics: calls that run and wait; that ended, with an HTTP answer and
 * without; that were refused because too many waited. */
struct outgoing_counts {
	uint64_t running, waiting, answered, failed, refused;
};
struct outgoing_counts outgoing_count(struct outgoing *o);

#endif
