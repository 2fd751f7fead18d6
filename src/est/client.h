/*
 * The TLS client certificate.  TLS has shown that the client holds its key and
 * nothing else: issuer, dates, usage and status are decided here, against the
 * anchors of the label that is asked, never against a union of all.
 */
#ifndef EST_CLIENT_H
#define EST_CLIENT_H

#include "est/server.h"

/* id-kp-cmcRA, RFC 6402 section 2.10: a registration authority. */
#define CLIENT_EKU_RA "1.3.6.1.5.5.7.3.28"

struct client {
	struct cert cert;
	bool ours; /* issued by one of our CAs: row is its record */
	bool registrar; /* ours, and it has the usage id-kp-cmcRA */
	struct cert_row row;
};

/* ERR_UNAUTHORIZED. */
bool est_client_verify(
    struct est_call *call, struct client *out, struct err *err) MUST_CHECK;

#endif
