/*
 * POST /revoke: a certificate is revoked by the secret that came with it, even
 * when its key and the account are lost.  JSON in, JSON out; no account, no
 * signature, and nobody learns whether the serial or the secret was wrong.
 *
 * Revoking with an account or with the certificate's key is ACME's (RFC 8555
 * section 7.6), by operators src/api's.
 */
#ifndef REVOKE_REVOKE_H
#define REVOKE_REVOKE_H

#include "ca/ca.h"
#include "http/route.h"

/* Wrong secrets of one address; then it waits until the period is over. */
#define REVOKE_WRONG_MAX 5
#define REVOKE_WRONG_PERIOD 300 /* seconds */

struct revoke;

struct revoke *revoke_new(struct ca *ca, struct store *store);
void revoke_free(struct revoke *r);
/* r must outlive the table. */
void revoke_routes(struct revoke *r, struct http_routes *routes);

#endif
