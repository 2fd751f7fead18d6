/*
 * What the index of statuses (ca/status.h) is filled from: all certificates
 * that were issued, revoked or voided and have not expired long ago.
 */
#ifndef STORE_STATUS_H
#define STORE_STATUS_H

#include "store/store.h"

struct status_row {
	uint8_t issuer_key[32];
	uint8_t serial[20];
	enum cert_status status; /* never CERT_INTENT */
	int64_t not_after;
	int64_t revoked_at;
	int reason; /* enum crl_reason; -1: none */
};

/* Calls each for every certificate with an outcome and not_after ≥ since, in
 * no order. */
bool store_status_each(struct store *s, int64_t since,
    void (*each)(void *ctx, const struct status_row *row), void *ctx,
    struct err *err) MUST_CHECK;

#endif
