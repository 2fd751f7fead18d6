/*
 * Anti-replay nonces, RFC 8555 section 6.5: tokens that carry their own
 * authentication (node, epoch, counter and a truncated HMAC-SHA256 over them)
 * and a window of used ones in memory.  Nothing is stored: after a restart old
 * ones are refused and clients try again with the fresh one.
 *
 * Threads: any; no call waits for more than another's HMAC.
 */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include "crypto/random.h"
#include "util/arena.h"

/* base64url alphabet alone: acme.sh splits headers at ':' and ','. */
#define NONCE_SIZE 33u
/* So many of the last ones are remembered as used or not. */
#define NONCE_WINDOW (65536u * 16)

struct nonces;

struct nonces *nonces_new(uint8_t node, const struct random *random);
void nonces_free(struct nonces *n);
void nonces_issue(struct nonces *n, char out[NONCE_SIZE]);
uint64_t nonces_issued(const struct nonces *n);
/* Issued by us and not used yet; changes nothing.  ERR_BAD_NONCE. */
bool nonces_check(struct nonces *n, const char *nonce, struct arena *a,
    struct err *err) MUST_CHECK;
/* The same, and used from now on: of two calls at once one succeeds. */
bool nonces_burn(struct nonces *n, const char *nonce, struct arena *a,
    struct err *err) MUST_CHECK;

#endif
