/*
 * May this CA issue, by the CAA records that were found?  RFC 8659, with the
 * parameters of RFC 8657.  A decision over record data: no DNS, no clock, any
 * thread.
 */
#ifndef ACME_CAA_H
#define ACME_CAA_H

#include "util/bytes.h"

struct caa_question {
	const char *const *identities; /* our issuer domain names */
	size_t identities_n;
	const char *account_url; /* accounturi, RFC 8657 section 3 */
	const char *method; /* "http-01", …, section 4 */
	bool wildcard;
};

/* rdata: the closest record set's, whole.  ERR_CAA says which record forbids
 * it. */
bool caa_check(const struct bytes *rdata, size_t n,
    const struct caa_question *q, struct err *err) MUST_CHECK;

#endif
