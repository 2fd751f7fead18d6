/*
 * What a client of a CA should have beside its chain while a rollover is under
 * way: the next CA's certificate (RFC 8894 section 4.7, GetNextCACert) and the
 * certificates that tie an old and a new root together (RFC 4210 section 4.4,
 * RFC 7030 section 4.1.3).  The configuration says that there is a rollover:
 * cas.NAME.successor and cas.NAME.cross_certificates, written by
 * `ca rollover`.
 *
 * Thread-safe; what is handed out lives until ca_free.
 */
#ifndef CA_ROLLOVER_H
#define CA_ROLLOVER_H

#include "ca/ca.h"

struct ca_rollover {
	/* Of the CA's successor; NULL: none. */
	const struct cert *next;
	/* Of the roots, if the root above the CA is one of the two; else NULL
	 * and empty. */
	const struct cert *old_root, *new_root;
	/* DER; empty when the certificate was not made or is not configured:
	 * the old root's key certified by the new one, and the other way. */
	struct bytes old_with_new, new_with_old;
};

/* False if there is no such CA. */
bool ca_rollover_get(struct ca *ca, const char *name, struct ca_rollover *out);

#endif
