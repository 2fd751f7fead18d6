/*
 * /healthz, /readyz and /metrics.  Housekeeping measures, the loops only read
 * what it found: nothing here blocks.
 */
#ifndef MAIN_HEALTH_H
#define MAIN_HEALTH_H

#include <stdatomic.h>
#include "acme/acme.h"
#include "http/route.h"
#include "net/net.h"
#include "net/outgoing.h"
#include "ocsp/ocsp.h"
#include "scep/scep.h"

struct health {
	atomic_bool store_writable, signer_answers, crls_current;
	atomic_bool status_only, draining;
	bool testing;
	const struct store *store;
	struct ca *ca;
	const struct acme *acme;
	struct ocsp *ocsp;
	struct ra *ra;
	const struct scep *scep;
	struct tlog *log; /* NULL: it is damaged */
	const struct signer_remote *signer;
	struct outgoing *outgoing;
	_Atomic(struct net *) net;
};

void health_routes(struct health *h, struct http_routes *routes);

#endif
