/*
 * The identifiers of a newOrder, RFC 8555 section 7.4 and RFC 8738: read,
 * normalised, deduplicated, held against profile and CA.  No store, no clock.
 */
#ifndef ACME_IDENTIFIER_H
#define ACME_IDENTIFIER_H

#include "acme/problem.h"
#include "codec/name.h"

/*
 * In the order sent (rule 20), each one that the profile and its CA may
 * certify.  When several are bad, extra gets a subproblem for each (RFC 8555
 * section 6.7.1).
 */
bool identifiers_read(const json_t *payload, struct ca *ca,
    const struct profile *profile, size_t max, struct arena *a,
    struct names *out, struct problem_extra *extra, struct err *err) MUST_CHECK;
/* [{type, value}, …] as the order shows and the store keeps them. */
const char *identifiers_text(const struct names *names, struct arena *a);

#endif
