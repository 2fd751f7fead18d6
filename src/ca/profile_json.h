/*
 * The JSON of a profile: one table of members for both directions, so that the
 * text and the struct cannot drift apart.  Used by profile.c only.
 */
#ifndef CA_PROFILE_JSON_H
#define CA_PROFILE_JSON_H

#include "ca/profile.h"

/* Canonical: members sorted, no white space.  The text lies in the arena. */
const char *profile_text_encode(const struct profile_text *t, struct arena *a);
/* Every member must be there, none that is not in the table.  ERR_MALFORMED. */
bool profile_text_decode(struct bytes json, struct arena *a,
    struct profile_text *out, struct err *err) MUST_CHECK;

#endif
