/*
 * A TLS client certificate.  TLS has shown that the client holds its key and
 * nothing else: issuer, dates, usage and status are decided here, against the
 * anchors of the place that is asked (a label of EST, a profile of SCEP), never
 * against a union of all.
 *
 * Any thread; what is found lives in the arena.
 */
#ifndef CA_CLIENT_H
#define CA_CLIENT_H

#include "ca/ca.h"

struct verified;

/* Which certificates are taken; immutable. */
struct client_place {
	const char *name; /* "label devices", for sentences */
	const struct cert *anchors; /* of other CAs; never our own */
	size_t anchors_n;
	struct config_strings profiles; /* of our own certificates */
};

struct client_check {
	struct ca *ca;
	struct store *store;
	struct lanes *lanes;
	/* Signatures that held a moment ago, of this generation and place. */
	struct verified *verified;
	uint64_t generation;
	unsigned index;
	int64_t now;
};

struct ca_client {
	struct cert cert;
	bool ours; /* issued by one of our CAs: row is its record */
	struct cert_row row;
};

/* ERR_UNAUTHORIZED, besides failures of the store. */
bool ca_client_verify(const struct client_check *check,
    const struct client_place *place, struct bytes der, struct arena *a,
    struct ca_client *out, struct err *err) MUST_CHECK;
bool ca_client_has_usage(const struct ca_client *client, const char *oid);

#endif
