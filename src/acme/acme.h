/*
 * ACME, RFC 8555 with 8737 (tls-alpn-01) and 8738 (IP): routes over one CA
 * core.  Knows no socket: requests come through http/route.h, the outside
 * world through http/probe.h.
 */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include "ca/ca.h"
#include "http/probe.h"
#include "http/route.h"
#include "http/wait.h"

struct acme;

struct acme_deps {
	struct store *store;
	struct ca *ca;
	struct lanes *lanes;
	struct clock clock;
	struct random random;
	struct http_waits *waits;
	struct probe_port probes;
	uint8_t node;
	/* testing.reject_nonces_percent; 0 unless serve --testing */
	unsigned reject_nonces_percent;
};

/* The configuration is borrowed until acme_reload or acme_free. */
struct acme *acme_new(
    const struct acme_deps *deps, const struct config *config);
void acme_free(struct acme *acme);
/* Atomic; the old configuration stays valid until acme_free. */
void acme_reload(struct acme *acme, const struct config *config);
/* Adds /acme/… to the table, and the problem+json refusal of that prefix. */
void acme_routes(struct acme *acme, struct http_routes *routes);
/*
 * Housekeeping, each 200 ms, off the loops: starts validations that are due
 * (also those a crash left behind) and hands them to the probe loop.
 */
bool acme_run(struct acme *acme, struct err *err) MUST_CHECK;

struct acme_counters {
	uint64_t validations_ok, validations_failed, nonces_issued,
	    nonces_refused;
};
void acme_counters_get(const struct acme *acme, struct acme_counters *out);

#endif
