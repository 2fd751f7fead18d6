/* The client's side of JWS, JWK and CSR, straight on OpenSSL. */
#ifndef BENCH_ACME_JOSE_H
#define BENCH_ACME_JOSE_H

#include <openssl/evp.h>
#include "util/bytes.h"

struct jose_key;

/* ES256, or RS256 with 2048 bits. */
struct jose_key *jose_key_new(bool rsa);
void jose_key_free(struct jose_key *k);
/* RFC 7638, base64url. */
void jose_key_thumbprint(const struct jose_key *k, char out[44]);
/*
 * A flattened JWS; kid NULL: the JWK goes into the header; payload NULL: a
 * POST-as-GET.  Appends to out.
 */
void jose_sign(struct jose_key *k, const char *kid, const char *nonce,
    const char *url, const char *payload, struct buf *out);
/* A CSR for one name by a fresh P-256 key, base64url; appends to out. */
void jose_csr(const char *name, struct buf *out);

#endif
