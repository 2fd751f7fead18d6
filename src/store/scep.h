/*
 * What became of a request of SCEP: clients send it again when they did not get
 * the answer, under the same transaction, and are given the same certificate.
 * A row is written in the transaction of the certificate's intent
 * (cert_row.scep_transaction).
 */
#ifndef STORE_SCEP_H
#define STORE_SCEP_H

#include "store/store.h"

/* A client's request; transactions are its choice, and never alone a key (RFC
 * 8894 section 3.2.1.1). */
struct scep_key {
	const char *profile; /* of scep.profiles */
	const char *transaction;
	uint8_t spki_sha256[32]; /* of the CSR's key */
	uint8_t csr_sha256[32];
};

/* The certificate of this very request; voided ones are none.  ERR_NOT_FOUND;
 * ERR_CONFLICT: another key has the transaction. */
bool store_scep_find(struct store *s, const struct scep_key *key,
    struct arena *a, const char **cert_id, struct err *err) MUST_CHECK;
/* The newest of this transaction and key, whatever the request. */
bool store_scep_find_key(struct store *s, const char *profile,
    const char *transaction, const uint8_t spki_sha256[32], struct arena *a,
    const char **cert_id, struct err *err) MUST_CHECK;
/* Whose profile led to the certificate.  ERR_NOT_FOUND. */
bool store_scep_profile_of(struct store *s, const char *cert_id,
    struct arena *a, const char **profile, struct err *err) MUST_CHECK;

#endif
