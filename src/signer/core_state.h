/*
 * What the core holds, between core.c (keys, limits, memory) and batch.c (what
 * becomes of a request).  For src/signer alone; one thread.
 */
#ifndef SIGNER_CORE_STATE_H
#define SIGNER_CORE_STATE_H

#include "codec/ocsp.h"
#include "crypto/merkle.h"
#include "signer/index.h"
#include "signer/journal.h"
#include "util/times.h"

#define KEYS_MAX 64u
#define MINUTES 60

/* Signed in each of the last sixty minutes. */
struct budget {
	int64_t minute[MINUTES];
	uint64_t count[MINUTES];
};

/* The last CRLs signed in a scope: the full CRL and its deltas, or a shard. */
struct crl_past {
	unsigned shard;
	uint64_t number; /* of any */
	uint64_t full; /* of one that is no delta */
};

/* An issuer that the journal or a key has made known. */
struct issuer {
	uint8_t id[32];
	struct privkey *key; /* NULL: only in the journal */
	const struct signer_limits *limits; /* NULL: signs nothing */
	struct ocsp_issuer_hashes hashes; /* with limits: of name and key */
	struct crl_past *pasts; /* one for each scope */
	size_t pasts_n;
	struct budget certs, crls;
};

/* The log: its key, and the last checkpoint that the journal has. */
struct core_log {
	struct privkey *key; /* NULL: no log is signed */
	const char *origin;
	uint8_t id[32];
	uint64_t size; /* 0: none was signed */
	struct merkle_hash root;
};

/* A responder's key; its private half may be elsewhere. */
struct responder_key {
	struct privkey *key; /* or NULL */
	uint8_t hash[20]; /* as byKey names it */
};

struct signer_core {
	struct clock clock;
	struct journal journal;
	struct index *index;
	struct core_log log;
	struct issuer *issuers;
	size_t issuers_n;
	struct bytes spkis[KEYS_MAX]; /* of all keys here or made known */
	size_t spkis_n;
	struct bytes responders[KEYS_MAX]; /* those of responders */
	struct responder_key responder_keys[KEYS_MAX]; /* side by side */
	size_t responders_n;
	struct arena *limits_arena; /* what the limits lie in */
	struct arena *keep; /* SPKIs of keys that are elsewhere */
	struct arena *arena; /* of a request */
};

/* NULL: unknown. */
struct issuer *core_issuer_find(
    const struct signer_core *c, const uint8_t id[32]);
/* Certificates signed in the hour before now. */
uint64_t core_budget_used(const struct budget *b, int64_t now);
/* A record is history from now on: at start, and after it is durable.  Issuers
 * may move. */
void core_remember(
    struct signer_core *c, const struct journal_record *r, int64_t now);
/* growth.c: may the log be signed as it has grown?  *again: it was before.  The
 * root of the record is what the checkpoint says. */
bool core_log_decide(const struct signer_core *c,
    const struct signer_request *req, struct journal_record *out, bool *again,
    struct err *err) MUST_CHECK;
bool core_log_sign(struct signer_core *c, const struct journal_record *r,
    struct buf *out, struct err *err) MUST_CHECK;
/* What was signed in this scope before; zeros: nothing. */
struct crl_past core_crl_past(const struct issuer *is, unsigned shard);
/* The same with one more signed. */
void core_crl_past_add(struct crl_past *past, const struct journal_crl *crl);

#endif
