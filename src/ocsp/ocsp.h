/*
 * The OCSP responder as a service (RFC 6960, profiled by RFC 9919): POST /ocsp
 * and GET /ocsp/<base64>, one URL for all CAs.
 *
 * The status comes from ca/status.h, the signature from ca/responder.h; the
 * signed answers are kept in a cache of immutable blobs (cache.h) and sent on
 * the loop thread without a hop.  A cached answer counts only as long as the
 * status that it was made of has the same version, so a revocation ends it in
 * the moment in which it is acknowledged.  What must be signed goes to a
 * worker, a bounded number at once; beyond that the answer is tryLater.
 *
 * It knows no socket, no store and no key.  Thread-safe.
 */
#ifndef OCSP_OCSP_H
#define OCSP_OCSP_H

#include "ca/ca.h"
#include "codec/ocsp.h"
#include "http/route.h"

struct ocsp;

struct ocsp_deps {
	struct ca *ca;
	struct lanes *lanes;
	struct clock clock;
	struct random random;
};

/* The configuration outlives it, here and with ocsp_reload. */
struct ocsp *ocsp_new(
    const struct ocsp_deps *deps, const struct config *config);
void ocsp_free(struct ocsp *o);
/* After ca_reload: other issuers, another validity. */
void ocsp_reload(struct ocsp *o, const struct config *config);
void ocsp_routes(struct ocsp *o, struct http_routes *routes);
/*
 * Housekeeping, a few times a second: signs answers anew that were asked for
 * and are due, forgets those that are over.  Cheap when nothing is due.
 */
void ocsp_run(struct ocsp *o);

/* What a request was answered with. */
enum ocsp_outcome {
	OCSP_DID_GOOD,
	OCSP_DID_REVOKED,
	OCSP_DID_UNKNOWN,
	OCSP_DID_MALFORMED,
	OCSP_DID_INTERNAL_ERROR,
	OCSP_DID_TRY_LATER,
	OCSP_DID_UNAUTHORIZED,
	OCSP_OUTCOMES
};
const char *ocsp_outcome_name(enum ocsp_outcome outcome);

#define OCSP_HASHES 3u /* SHA-1, SHA-256, none that could be read */

struct ocsp_counters {
	uint64_t requests[OCSP_OUTCOMES][OCSP_HASHES];
	uint64_t nonces; /* requests that had one */
	uint64_t hits; /* answered from the cache */
	uint64_t signed_answers;
	uint64_t refreshed; /* of them ahead of time */
	uint64_t shed; /* tryLater because too many were being signed */
	uint64_t cached, cached_octets; /* now */
	int64_t oldest; /* thisUpdate of the oldest cached answer; 0: none */
};
void ocsp_counters_get(struct ocsp *o, struct ocsp_counters *out);

#endif
