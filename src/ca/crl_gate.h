/*
 * The gate before a CRL is published: the finished one is held against the one
 * that it replaces.  Entries that left before their time, older data and
 * another CA's CRL have each been published by a CA in the field; here they
 * stop the publication.
 *
 * Pure; may_leave asks the record, not the code that made the CRL.
 */
#ifndef CA_CRL_GATE_H
#define CA_CRL_GATE_H

#include "codec/crl.h"

/* A predecessor that lies further ahead than this is of a clock that was set
 * back since; only then may thisUpdate fall. */
#define CRL_CLOCK_BACK 300

/* May the entry leave a CRL whose predecessor was issued at prev_update?
 * False with the cause in err. */
struct crl_gate {
	int64_t now;
	bool (*may_leave)(void *ctx, struct bytes serial, int64_t prev_update,
	    struct err *err);
	void *ctx;
};

/*
 * The number rises, thisUpdate does not go back, issuer, key and scope are the
 * same, both are sorted, and what left may leave.  ERR_INTERNAL: it must not be
 * published.  prev NULL: there is no predecessor.
 */
bool crl_gate_check(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err) MUST_CHECK;
/*
 * A delta CRL: its base is the full CRL that is published, its number is behind
 * that one's and its predecessor's, and what its predecessor listed is on one
 * of the two now.  prev NULL: there is no predecessor.
 */
bool crl_gate_check_delta(const struct crl_gate *gate, const struct crl *full,
    const struct crl *prev, const struct crl *next, struct err *err) MUST_CHECK;

#endif
