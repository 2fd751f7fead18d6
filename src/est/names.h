/*
 * Which names a request may have: what the CSR asks for, held against who
 * asks.  The profile is ca_issue's matter.
 */
#ifndef EST_NAMES_H
#define EST_NAMES_H

#include "est/identity.h"

/* ERR_BAD_CSR, ERR_IDENTIFIER_REJECTED. */
bool est_names_decide(const struct est_call *call, const struct identity *id,
    const struct csr *csr, struct names *out, struct err *err) MUST_CHECK;
/* The same for names that are already read. */
bool est_names_check(const struct est_call *call, const struct identity *id,
    struct names names, struct err *err) MUST_CHECK;
/* Is who asks limited to names that somebody gave? */
bool est_names_are_limited(
    const struct est_call *call, const struct identity *id);

#endif
