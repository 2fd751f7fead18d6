/*
 * The record of CRLs: announced before they are signed, published when they
 * are.  Of each issuing key and scope (the full CRL, or a shard's) the record
 * has the one that is published, and beside the full one its delta; what was
 * published before is in the log alone.  Full and delta share their numbers
 * (RFC 5280 section 5.2.3).
 */
#ifndef STORE_CRL_H
#define STORE_CRL_H

#include "store/store.h"

struct crl_row {
	const char *ca;
	uint8_t issuer_key[32];
	unsigned shard; /* 0: the full CRL */
	bool is_delta;
	uint64_t number, position;
	uint64_t base; /* of a delta: the number of a published full one */
	/* What this one was compared with, to replace it; 0: nothing. */
	uint64_t previous;
	int64_t this_update, next_update;
	struct bytes der; /* empty while it is only announced */
	uint8_t tbs_sha256[32]; /* of what is signed, for its leaves */
};
/* Announces a CRL: a log position for its signature.  ERR_CONFLICT: the number
 * does not rise. */
bool store_crl_intent(struct store *s, const struct crl_row *row,
    uint64_t *position, struct err *err) MUST_CHECK;
/* Published.  ERR_CONFLICT: another one than `previous` is published by now,
 * or a delta's base is not. */
bool store_crl_publish(
    struct store *s, const struct crl_row *row, struct err *err) MUST_CHECK;
/* The published one.  ERR_NOT_FOUND. */
bool store_crl_get(struct store *s, const uint8_t issuer_key[32],
    unsigned shard, bool is_delta, struct arena *a, struct crl_row *out,
    struct err *err) MUST_CHECK;
/* The last number announced or published in the scope; 0: none. */
bool store_crl_last_number(struct store *s, const uint8_t issuer_key[32],
    unsigned shard, uint64_t *out, struct err *err) MUST_CHECK;
/* The highest shard that an unexpired certificate beyond `above` names, else
 * `above`. */
bool store_shard_highest(struct store *s, const uint8_t issuer_key[32],
    unsigned above, int64_t now, unsigned *out, struct err *err) MUST_CHECK;

#endif
