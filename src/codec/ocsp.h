/*
 * OCSP as bytes: requests that anybody sends, and the responses that we make
 * (RFC 6960, profiled by RFC 9919; nonces by RFC 9654).  The response encoder
 * writes DER straight; the parser of ResponseData is what the signer looks at
 * before it signs, and what checks an answer before it is cached.
 *
 * Any thread; parsed structures borrow their input.
 */
#ifndef CODEC_OCSP_H
#define CODEC_OCSP_H

#include "codec/crl.h"

/* A request is a few hundred octets; nobody needs more. */
#define OCSP_REQUEST_MAX 16384u
/* RFC 9919 asks for one; a few in one are answered. */
#define OCSP_SINGLES_MAX 16u
/* RFC 9654 section 2.1. */
#define OCSP_NONCE_MIN 1u
#define OCSP_NONCE_MAX 128u

enum ocsp_hash { OCSP_SHA1 = 1, OCSP_SHA256, OCSP_HASH_OTHER };

struct ocsp_cert_id {
	enum ocsp_hash hash;
	struct bytes name_hash, key_hash;
	/* Magnitude, 1..20 octets; empty: zero, or none that we could have
	 * issued (negative, longer). */
	struct bytes serial;
	struct bytes whole; /* the CertID as it was sent */
};

struct ocsp_request {
	struct ocsp_cert_id ids[OCSP_SINGLES_MAX];
	size_t n;
	struct bytes nonce; /* value; empty: none */
	bool is_signed; /* carried, not verified (RFC 9919) */
};

/*
 * ERR_MALFORMED: no OCSPRequest, no request in it, trailing bytes, a nonce of 0
 * or more than 128 octets.  ERR_TOO_LARGE: more singles than the maximum.
 * ERR_UNSUPPORTED: an unknown critical extension.
 */
bool ocsp_request_parse(
    struct bytes der, struct ocsp_request *out, struct err *err) MUST_CHECK;

/* A bare CertID.  ERR_MALFORMED. */
bool ocsp_cert_id_parse(
    struct bytes der, struct ocsp_cert_id *out, struct err *err) MUST_CHECK;
/* The same as the next element of what is read. */
bool ocsp_cert_id_read(struct der *d, struct ocsp_cert_id *out) MUST_CHECK;

enum ocsp_cert_status { OCSP_GOOD = 0, OCSP_REVOKED = 1, OCSP_UNKNOWN = 2 };

struct ocsp_single {
	struct bytes cert_id; /* whole */
	enum ocsp_cert_status status;
	int64_t revoked_at;
	int reason; /* enum crl_reason; -1 and unspecified: none is said */
	int64_t this_update, next_update;
};

/* What is signed: ResponseData. */
struct ocsp_data {
	struct bytes key_hash; /* byKey: SHA-1 of the responder's key, 20 */
	int64_t produced_at;
	struct ocsp_single singles[OCSP_SINGLES_MAX];
	size_t n;
	struct bytes nonce; /* empty: none */
	bool extended_revoke; /* RFC 6960 section 4.4.8; not critical */
};
void ocsp_data_put(struct buf *b, const struct ocsp_data *data);
/* Exactly what ocsp_data_put writes, nothing more: ERR_MALFORMED. */
bool ocsp_data_parse(
    struct bytes tbs, struct ocsp_data *out, struct err *err) MUST_CHECK;

/* The answer: successful, BasicOCSPResponse with the responder's certificate
 * in certs (empty: none). */
void ocsp_response_put(struct buf *b, struct bytes tbs, enum sig_alg alg,
    struct bytes signature, struct bytes certificate);
struct ocsp_response {
	struct ocsp_data data;
	struct bytes tbs, signature, certificate;
	enum sig_alg sig_alg;
};
bool ocsp_response_parse(
    struct bytes der, struct ocsp_response *out, struct err *err) MUST_CHECK;

/* RFC 6960 section 4.2.1; the five octets of an answer without a body. */
enum ocsp_response_status {
	OCSP_SUCCESSFUL = 0,
	OCSP_MALFORMED_REQUEST = 1,
	OCSP_INTERNAL_ERROR = 2,
	OCSP_TRY_LATER = 3,
	OCSP_SIG_REQUIRED = 5,
	OCSP_UNAUTHORIZED = 6
};
struct bytes ocsp_error(enum ocsp_response_status status);

/* The two hashes by which a CertID names an issuer. */
struct ocsp_issuer_hashes {
	uint8_t name_sha1[20], key_sha1[20];
	uint8_t name_sha256[32], key_sha256[32];
};
/* name: Name, whole; key: the issuer's public key.  The key hash is over the
 * BIT STRING's octets without its header (RFC 6960 section 4.1.1). */
void ocsp_issuer_hash(struct bytes name, const struct pubkey *key,
    struct ocsp_issuer_hashes *out);
/* The key hash alone: what byKey says (RFC 6960 section 4.2.1). */
void ocsp_key_hash(const struct pubkey *key, uint8_t out[20]);
/* Both hashes are this issuer's? */
bool ocsp_cert_id_is_of(
    const struct ocsp_cert_id *id, const struct ocsp_issuer_hashes *issuer);
/* A CertID of our own making, for SHA-1 or SHA-256; serial: magnitude. */
void ocsp_cert_id_put(struct buf *b, enum ocsp_hash hash,
    const struct ocsp_issuer_hashes *issuer, struct bytes serial);

#endif
