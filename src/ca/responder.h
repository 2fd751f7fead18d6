/*
 * The delegated OCSP responder of each online CA (RFC 6960 section 4.2.2.2,
 * RFC 9919): one responder key, held by the signer, with a certificate from
 * every issuing key.  A new certificate is issued well before the old one ends;
 * the newest that is valid now signs.  Which one is live, and until when, is
 * told (`ca show`, metrics, log).
 *
 * Thread-safe.  What is handed out lives until ca_free.
 */
#ifndef CA_RESPONDER_H
#define CA_RESPONDER_H

#include "ca/ca.h"
#include "codec/ocsp.h"

struct responder {
	struct bytes certificate; /* DER */
	uint8_t key_hash[20]; /* for byKey */
	enum sig_alg sig_alg;
	int64_t not_before, not_after;
};

/* The one to sign with now, by the issuing key.  ERR_NOT_FOUND: this CA has
 * none that is valid; the log says why. */
bool ca_responder_get(struct ca *ca, const uint8_t issuer_key[32], int64_t now,
    struct responder *out, struct err *err) MUST_CHECK;
/* Signs ResponseData (whole) by the responder key.  Many threads at once; the
 * signer takes them together.  ERR_SIGNER_REFUSED, ERR_SIGNER, ERR_BUSY. */
bool ca_responder_sign(struct ca *ca, const uint8_t issuer_key[32],
    struct bytes tbs, struct buf *signature, struct err *err) MUST_CHECK;
/* How many responders' certificates were revoked since the start: what was
 * signed before the last of them may be by that one. */
uint64_t ca_responder_withdrawn(struct ca *ca);
/* Housekeeping: issues what is missing and what is due.  Cheap when nothing
 * is. */
bool ca_responder_run(struct ca *ca, struct err *err) MUST_CHECK;
/* The same, but writes nothing: what is on record is looked up (status-only).
 */
bool ca_responder_look(struct ca *ca, struct err *err) MUST_CHECK;

#endif
