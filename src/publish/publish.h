/*
 * What relying parties fetch of a CA: certificates, chains, CRLs
 * (RFC 5280 section 4.2.1.13 and 4.2.2.1, RFC 2585).  Answered on the loop from
 * immutable blobs with strong ETags.  OCSP is not here.
 */
#ifndef PUBLISH_PUBLISH_H
#define PUBLISH_PUBLISH_H

#include "ca/ca.h"
#include "ca/tlog.h"
#include "http/route.h"

struct publish {
	struct ca *ca;
	struct tlog *log; /* NULL: there is nothing to serve of it */
};

/* p must outlive the table. */
void publish_routes(struct publish *p, struct http_routes *routes);
/* CRLs: full, of a shard, delta. */
void publish_crl_routes(struct publish *p, struct http_routes *routes);

/* The log's checkpoint and tiles (log.c). */
void publish_log_routes(struct publish *p, struct http_routes *routes);

#endif
