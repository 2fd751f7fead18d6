/*
 * The CRLs of each CA: the full one, those of shards, and the delta beside the
 * full one (RFC 5280 section 5).  Made when they are due, within a second of a
 * revocation, or when an operator says so; each held against its predecessor
 * before it is published (crl_gate.h).
 *
 * Thread-safe.
 */
#ifndef CA_CRL_H
#define CA_CRL_H

#include "ca/artefact.h"
#include "ca/ca.h"

/* What is served: shard 0 is the full CRL.  False: this CA has no such CRL.
 * The caller gives back the references. */
bool ca_crl_get(struct ca *ca, const char *name, unsigned shard, bool is_delta,
    struct artefact_copy *out);

struct ca_crl_view {
	const char *ca;
	bool online; /* made here; else read from a file */
	unsigned shard; /* 0: the full CRL */
	bool is_delta;
	const char *path; /* "/crl/issuing/3.crl" */
	/* number 0: none is published yet, and what follows is 0. */
	uint64_t number, base;
	int64_t this_update, next_update;
	size_t entries, octets;
};
/* Every CRL that should be there; name NULL: of all CAs. */
size_t ca_crl_list(
    struct ca *ca, const char *name, struct arena *a, struct ca_crl_view **out);

/* Makes the CRLs of a CA (NULL: of all that are online) now, due or not; they
 * are published when it returns.  ERR_NOT_FOUND, ERR_REJECTED: offline. */
bool ca_crl_force(struct ca *ca, const char *name, struct err *err) MUST_CHECK;
/* Compresses what has none yet.  A thread of its own: it takes a second for
 * fifty megabytes. */
void ca_crl_compress(struct ca *ca);

#endif
