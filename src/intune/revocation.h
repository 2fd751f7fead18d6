/*
 * What Intune wants revoked, in rounds: asked for on the outgoing loop, revoked
 * by housekeeping, and told again.  A round that is broken off is begun anew:
 * Intune gives what it was not told of once more, and a certificate that is
 * revoked already counts as done.
 */
#ifndef INTUNE_REVOCATION_H
#define INTUNE_REVOCATION_H

#include "intune/tenant.h"

/* One look at a tenant; housekeeping's thread alone, with a reference. */
bool revocation_run(
    struct intune *in, struct tenant *t, struct err *err) MUST_CHECK;

#endif
