/*
 * The probe loop: one thread that looks at the outside world for the rest of
 * the server (http/probe.h): DNS by libunbound, HTTP by libcurl, TLS by
 * OpenSSL.  It is not for requests to the server and it decides nothing: it
 * tells what was looked up, where, and what came back.
 *
 * Threads: start() of the port, probes_reload() and probes_port() from any
 * thread; done callbacks come on the probe thread.  Every probe holds one of
 * max_concurrent slots and one timer; a bounded queue waits behind them.
 *
 * RFC 8555 section 8, RFC 8659, RFC 8737, RFC 8738.
 */
#ifndef NET_PROBE_H
#define NET_PROBE_H

#include "config/config.h"
#include "http/probe.h"

struct probes;

/*
 * Copies what it needs of the configuration and starts the thread.  NULL when
 * a resolver, the hosts file or the trust anchor is not usable (ERR_CONFIG).
 * Relative paths are relative to the working directory.
 */
struct probes *probes_new(const struct config_validation *v, struct err *err);
/* Probes that run keep the settings that they began with. */
bool probes_reload(struct probes *p, const struct config_validation *v,
    struct err *err) MUST_CHECK;
/* Valid as long as the probes are. */
const struct probe_port *probes_port(const struct probes *p);
/* Ends every probe (ERR_BUSY, transient), then the thread.  NULL is allowed. */
void probes_free(struct probes *p);

/* For /metrics: probes that run, that wait, and that ended so far. */
struct probes_counts {
	uint64_t running, waiting, finished, refused;
};
struct probes_counts probes_count(struct probes *p);

#endif
