/*
 * Digests and MACs over a lane's fetched algorithms and kept contexts, and a
 * few that need no lane (own SHA-256 contexts per thread).
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "crypto/lane.h"
#include "util/secret.h"

enum digest_alg { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
#define DIGEST_MAX 64u

size_t digest_size(enum digest_alg alg);
/* out has digest_size() octets. */
void digest_compute(
    struct lane *lane, enum digest_alg alg, struct bytes in, uint8_t *out);
/* Uses a context kept by the calling thread; needs no lane. */
void digest_sha256(struct bytes in, uint8_t out[32]);
/* For the hashes by which OCSP names issuers and keys; nothing is fetched
 * beforehand, so not for a hot path. */
void digest_sha1(struct bytes in, uint8_t out[20]);
/* HMAC-SHA256 with a kept, keyed context; any one thread at a time. */
struct mac;
struct mac *mac_new(struct bytes key);
void mac_free(struct mac *m);
void mac_compute(struct mac *m, struct bytes in, uint8_t out[32]);

/* AES-256-GCM: nonce(12) || ciphertext || tag(16); aad binds the context. */
bool seal_encrypt(struct lane *lane, const struct secret *key, struct bytes aad,
    struct bytes plain, struct buf *out, struct err *err) MUST_CHECK;
bool seal_decrypt(struct lane *lane, const struct secret *key, struct bytes aad,
    struct bytes sealed, struct secret **out, struct err *err) MUST_CHECK;

#endif
