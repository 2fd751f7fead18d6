/*
 * The validity that a CSR asks for in Microsoft's way: pairs of name and value
 * (szOID_ENROLLMENT_NAME_VALUE_PAIR, [MS-WCCE] section 2.2.2.7.10),
 * ValidityPeriod with a word and ValidityPeriodUnits with a number.  It is how
 * Intune tells what its profile says; whether anybody listens is policy.
 *
 * Pure; any thread.
 */
#ifndef CODEC_VALIDITY_ASKED_H
#define CODEC_VALIDITY_ASKED_H

#include "codec/der.h"

/* A thousand years, so that a sum with a time stays one. */
#define VALIDITY_ASKED_MAX (INT64_C(1000) * 365 * 86400)

/* From the attributes of a CSR (struct csr).  *seconds is 0 when they ask for
 * none; a month has 30 days, a year 365.  ERR_BAD_CSR: half of it, an unknown
 * word, a number that is none, the same twice. */
bool validity_asked_parse(struct bytes attributes, struct arena *a,
    int64_t *seconds, struct err *err) MUST_CHECK;

#endif
