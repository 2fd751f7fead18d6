/*
 * The inside of the responder: what ocsp.c owns and the other files of this
 * folder work on.  Nothing outside src/ocsp includes it.
 *
 * A configuration gives one `struct ocsp_state`, immutable; a reload swaps the
 * pointer.  Old ones stay until ocsp_free: requests and cached answers point
 * at their issuers.
 */
#ifndef OCSP_STATE_H
#define OCSP_STATE_H

#include <stdatomic.h>
#include "ca/responder.h"
#include "ca/status.h"
#include "ocsp/cache.h"
#include "ocsp/ocsp.h"

/*
 * Answers being signed or waiting for it, at most.  Fewer than the signer's
 * client takes (signer/client.c), so that issuing is never crowded out.
 */
#define OCSP_SIGNING_MAX 192u
/* Of the cache: about 130 000 answers with a P-256 responder. */
#define OCSP_CACHE_MAX ((size_t)128 << 20)
/* RFC 9654 section 3: these MUST be taken; others MAY be left unanswered. */
#define OCSP_NONCE_ECHO_MIN 16u
#define OCSP_NONCE_ECHO_MAX 32u

/* A CA that can be asked about. */
struct ocsp_issuer {
	uint8_t key[32];
	struct ocsp_issuer_hashes hashes;
	int64_t not_after;
};

enum ocsp_unissued { OCSP_NO_ANSWER, OCSP_SAY_UNKNOWN, OCSP_SAY_REVOKED };

struct ocsp_state {
	struct ocsp_state *older;
	int64_t validity;
	enum ocsp_unissued unissued;
	struct ocsp_issuer *issuers;
	size_t issuers_n;
};

struct ocsp {
	struct ocsp_deps deps;
	_Atomic(struct ocsp_state *) state;
	struct cache *cache;
	atomic_uint signing;
	bool refresh_failed; /* housekeeping's: said once */
	_Atomic uint64_t requests[OCSP_OUTCOMES][OCSP_HASHES];
	_Atomic uint64_t nonces, hits, signed_answers, refreshed, shed;
};

static inline void
ocsp_count(_Atomic uint64_t *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}

/* NULL: not one of ours. */
const struct ocsp_issuer *ocsp_issuer_find(
    const struct ocsp_state *s, const struct ocsp_cert_id *id);
const struct ocsp_issuer *ocsp_issuer_by_key(
    const struct ocsp_state *s, const uint8_t key[32]);

#endif
