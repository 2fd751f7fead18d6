/*
 * Keys, CSRs, certificates and CRLs made by OpenSSL for the tests of this
 * layer: what a second implementation writes, and a second opinion on what we
 * write.  One thread.
 */
#ifndef CODEC_MADE_H
#define CODEC_MADE_H

#include "codec/cert.h"
#include "codec/crl.h"
#include "crypto/own.h"

/* Every kind of key that we do; made once and kept. */
extern const enum key_alg made_algs[];
extern const size_t made_algs_n;
EVP_PKEY *made_key(enum key_alg alg);
/* The digest that a key of this kind signs with; NULL for Ed25519. */
const EVP_MD *made_md(enum key_alg alg);
/* The key as OpenSSL encodes it: SubjectPublicKeyInfo. */
struct bytes made_spki(struct arena *a, EVP_PKEY *key);
/* Signs with the key, ECDSA in DER. */
struct bytes made_signature(
    struct arena *a, EVP_PKEY *key, const EVP_MD *md, struct bytes msg);

/* Extensions as OpenSSL's configuration writes them, NULL-terminated pairs of
 * name and value: { "subjectAltName", "DNS:a.example", NULL }. */
struct bytes made_csr(struct arena *a, EVP_PKEY *key, const EVP_MD *md,
    const char *cn, const char *const *extensions);
struct bytes made_cert(struct arena *a, EVP_PKEY *key, EVP_PKEY *issuer,
    const EVP_MD *md, const char *cn, const char *const *extensions);
/* What OpenSSL says of a CA certificate: -1 for no limit; fails for none. */
long made_ca_path_length(X509 *cert);
/* Octets from hex; spaces are allowed. */
struct bytes made_hex(struct arena *a, const char *hex);
/* A copy with one octet changed. */
struct bytes made_changed(
    struct arena *a, struct bytes in, size_t at, uint8_t to);
/* The place of some octets in others, which must be there. */
size_t made_find(struct bytes in, const void *what, size_t n);
/* A copy with the first `from` replaced by `to` of the same length. */
struct bytes made_replaced(struct arena *a, struct bytes in, const char *from,
    const char *to, size_t n);

/* The octets that an i2d_ function writes, in the arena. */
#define MADE_I2D(a, i2d, object)                                               \
	({                                                                     \
		unsigned char *made_p_ = NULL;                                 \
		int made_n_ = i2d((object), &made_p_);                         \
		assert_true(made_n_ > 0);                                      \
		arena_adopt_fn((a), made_p_, made_free);                       \
		bytes_of(made_p_, (size_t)made_n_);                            \
	})
void made_free(void *p);

#endif
