/*
 * Many certificates revoked by one decision: by profile, account, name, CA or
 * the time of issuance.  A plan says what would be revoked and names that exact
 * set by a hash; only who gives the hash back begins, and a set that changed in
 * between is refused.  From then on housekeeping carries it out in steps of one
 * bounded change each, goes on after a crash where it stood, and lets the CRL
 * be made once at the end.
 *
 * The same steps revoke what a compromised key takes with it.
 *
 * Thread-safe; ca_bulk_run belongs to housekeeping alone.
 */
#ifndef CA_BULK_H
#define CA_BULK_H

#include "ca/ca.h"
#include "store/revocation.h"

struct bulk_request {
	/* account_id, profile, ca, name_pattern, created_from, created_before
	 * and now; at least one of them but now. */
	struct cert_filter filter;
	int reason;
	const char *by;
};

#define BULK_SAMPLE 10u

struct bulk_plan {
	uint64_t count;
	uint8_t set_sha256[32]; /* of the reason and the serials */
	struct cert_row *sample; /* the newest of them */
	size_t sample_n;
};

/* Changes nothing.  ERR_MALFORMED without a criterion, ERR_BAD_REASON,
 * ERR_TOO_LARGE. */
bool ca_bulk_plan(struct ca *ca, const struct bulk_request *req,
    struct arena *a, struct bulk_plan *out, struct err *err) MUST_CHECK;
/* Begins what was planned: ERR_CONFLICT when the set is another one by now,
 * ERR_NOT_FOUND when it is empty. */
bool ca_bulk_begin(struct ca *ca, const struct bulk_request *req,
    const uint8_t set_sha256[32], struct arena *a, struct bulk_row *out,
    struct err *err) MUST_CHECK;
/*
 * Carries out what was begun and what blocked keys demand, at most for ms
 * milliseconds.  *more: there is something left.  Cheap when nothing is.
 */
bool ca_bulk_run(
    struct ca *ca, int64_t ms, bool *more, struct err *err) MUST_CHECK;

#endif
