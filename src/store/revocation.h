/*
 * Revocation beyond one certificate: a key that is compromised and what it
 * takes with it, a reason that becomes keyCompromise, secrets that revoke, and
 * many certificates by one decision.
 *
 * What a blocked key and a decision demand is written before it is carried out
 * (key_block, bulk), so that a crash in the middle is gone on with; a step is
 * one bounded change, so that issuance never waits for long.
 */
#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H

#include "store/store.h"

/* ---- one certificate ---- */

/*
 * BR 4.9.1.1: a revoked certificate whose key turns out to be compromised gets
 * the reason keyCompromise; its date stays.  The key is blocked as well.
 * ERR_ALREADY_REVOKED when that is its reason, ERR_NOT_FOUND when it is not
 * revoked.
 */
bool store_cert_set_compromised(struct store *s, const char *id, int64_t now,
    const char *by, struct err *err) MUST_CHECK;
/* Blocks a key by its SHA-256; cert_id (NULL: none) is where it was seen.
 * *blocked: false if it was already. */
bool store_key_block(struct store *s, const uint8_t spki_sha256[32],
    const char *cert_id, int64_t now, const char *by, bool *blocked,
    struct err *err) MUST_CHECK;
/* The hash of its revocation secret; *has is false when none was given. */
bool store_cert_secret(struct store *s, const char *id, uint8_t sha256[32],
    bool *has, struct err *err) MUST_CHECK;
/* The newest certificate that says it replaces this one; ERR_NOT_FOUND. */
bool store_cert_replaced_by(struct store *s, const char *id, struct arena *a,
    struct cert_row *out, struct err *err) MUST_CHECK;

/* ---- what a compromised key takes with it ---- */

struct compromised_row {
	struct cert_row cert;
	const char *cause; /* the certificate that the proof was of; "" */
};
/* Issued, unexpired certificates of blocked keys, at most limit. */
bool store_compromised_list(struct store *s, int64_t now, unsigned limit,
    struct arena *a, struct compromised_row **out, size_t *n,
    struct err *err) MUST_CHECK;

/* One of a step: revoked says whether this change did it. */
struct revoke_item {
	const struct cert_row *row;
	const char *by, *cause; /* cause: NULL or "" is none */
	bool revoked;
};
/* Revokes those that are not revoked yet, each with its own event, in one
 * change. */
bool store_revoke_step(struct store *s, struct revoke_item *items, size_t n,
    int reason, bool block_key, int64_t now, struct err *err) MUST_CHECK;

/* ---- many by one decision ---- */

#define BULK_MAX 1000000u /* certificates of one decision */
#define BULK_STEP 200u /* certificates of one change */

struct bulk_row {
	const char *id;
	int64_t at;
	const char *by;
	int reason;
	const char *filter_json;
	uint8_t set_sha256[32];
	uint64_t total, revoked, skipped; /* skipped: others were faster */
	int64_t finished_at; /* 0: runs */
};

/* Serials (20 octets each, ascending) of what a filter finds among issued,
 * unexpired certificates.  ERR_TOO_LARGE above BULK_MAX. */
bool store_bulk_select(struct store *s, const struct cert_filter *f,
    struct arena *a, struct buf *serials, struct err *err) MUST_CHECK;
/* Records the decision with its set, and its event. */
bool store_bulk_begin(struct store *s, const struct bulk_row *row,
    struct bytes serials, struct err *err) MUST_CHECK;
bool store_bulk_get(struct store *s, const char *id, struct arena *a,
    struct bulk_row *out, struct err *err) MUST_CHECK;
/* Newest first. */
bool store_bulk_list(struct store *s, unsigned limit, struct arena *a,
    struct bulk_row **out, size_t *n, struct err *err) MUST_CHECK;

struct bulk_step {
	const char *id; /* of the decision */
	int64_t part; /* 0: all are carried out, the end is to be told */
	int reason;
	const char *by;
	struct cert_row *rows; /* what of the part is there */
	size_t n;
};
/* The next step of the oldest decision that runs; ERR_NOT_FOUND when none. */
bool store_bulk_next(struct store *s, struct arena *a, struct bulk_step *out,
    struct err *err) MUST_CHECK;
/* Carries it out: revocations, counts and what is left, in one change.  The
 * end is a step of its own: who reads finished_at finds that the caller has
 * told what came before to all who answer for a status. */
bool store_bulk_step(struct store *s, const struct bulk_step *step,
    struct revoke_item *items, bool block_key, int64_t now, bool *finished,
    struct err *err) MUST_CHECK;

#endif
