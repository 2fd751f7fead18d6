/*
 * The status of every certificate that we ever issued, in memory: the authority
 * for OCSP, filled from the record at start and changed in step with it.  Keyed
 * by (issuer key, serial), never by name or chain: cross-certified issuers
 * share their status (RFC 6960 section 4.1.1; GlobalSign 2016-10).
 *
 * At most 64 octets a certificate.  Thread-safe; a read takes no lock that a
 * commit holds.
 *
 * A certificate counts from the moment its issue is recorded, a revocation
 * before it is acknowledged; an intent is not issued.  What has expired is
 * dropped CA_STATUS_KEPT later: no archive cutoff is claimed (RFC 6960 section
 * 4.4.4).
 */
#ifndef CA_STATUS_H
#define CA_STATUS_H

#include "ca/ca.h"

/* How long a status is kept beyond notAfter: clocks differ, and a signature of
 * yesterday is still looked at. */
#define CA_STATUS_KEPT ((int64_t)24 * 3600)

enum status_kind {
	STATUS_NOT_ISSUED, /* unknown, an intent, or long expired and dropped */
	STATUS_GOOD,
	STATUS_REVOKED /* voided ones too */
};

struct status {
	enum status_kind kind;
	int64_t revoked_at;
	int reason; /* enum crl_reason; -1: none */
	int64_t not_after;
	uint64_t version; /* changes with each change of this status */
};

/* Never fails for want of memory or store: what is not there is not issued.
 * ERR_STORE while the index does not stand for the record (tryLater). */
bool ca_status_get(struct ca *ca, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE], struct status *out,
    struct err *err) MUST_CHECK;

/*
 * STATUS_NOT_ISSUED may be said of a serial that the record knows: what has
 * expired was dropped.  Who is to say more than "no answer" looks here first.
 * Reads the store: never on a loop.  ERR_STORE.
 */
bool ca_status_was_issued(struct ca *ca, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE], bool *out, struct err *err) MUST_CHECK;

/* Housekeeping: drops what expired; reads the record again when the clock was
 * set back.  Cheap when nothing is to be done. */
bool ca_status_run(struct ca *ca, struct err *err) MUST_CHECK;
/* For the metrics. */
void ca_status_usage(struct ca *ca, size_t *certificates, size_t *octets);

#endif
