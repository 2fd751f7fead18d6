/*
 * What a job may read of the section validation, made anew at each reload: the
 * resolvers, the hosts file, the ports.  References are counted by the thread
 * that looks things up with it, probes or outgoing calls.
 */
#ifndef NET_PROBE_SETTINGS_H
#define NET_PROBE_SETTINGS_H

#include "net/probe_dns.h"
#include "net/probe_hosts.h"

struct probe_settings {
	LIST_ENTRY(probe_settings) link; /* once the thread has it */
	unsigned refs;
	struct arena *arena;
	struct dns_settings dns;
	const char *hosts_path; /* NULL: none */
	struct probe_hosts *hosts;
	struct config_cidrs permitted;
	unsigned http_port, tls_alpn_port;
	int64_t timeout_ms;
	size_t max_concurrent;
	struct dns_pool *dns_pool; /* made by that thread */
};

bool probe_settings_new(const struct config_validation *v,
    struct probe_settings **out, struct err *err) MUST_CHECK;
void probe_settings_ref(struct probe_settings *s);
void probe_settings_unref(struct probe_settings *s);
/* The hosts file's addresses of a name; reads the file again if it changed. */
size_t probe_settings_hosts(struct probe_settings *s, const char *name,
    struct probe_address *out, size_t max);

#endif
