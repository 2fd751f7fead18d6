/*
 * The CRLs of a CA in memory: for each scope (the full CRL, a shard) what is
 * published, and what goes into the next.
 */
#ifndef CA_CRL_STATE_H
#define CA_CRL_STATE_H

#include <pthread.h>
#include "ca/artefact.h"
#include "ca/crl_set.h"
#include "store/crl.h"

struct ca;
struct issuer;
struct state;

/* One published CRL: a scope's full one, or the delta beside it. */
struct crl_live {
	struct blob *blob; /* NULL: none yet */
	struct crl view; /* of the blob */
	bool has_view;
	uint64_t stored; /* published in the record, readable or not */
	struct artefact artefact;
};

/* Told to others: what a crl_live is, without its bytes. */
struct crl_facts {
	uint64_t number, base; /* number 0: none is published */
	int64_t this_update, next_update;
	size_t entries, octets;
};

struct crl_state {
	unsigned shard; /* 0: the full CRL */
	const char *uri; /* of a shard's IDP; NULL: no IDP */
	/* The run's alone (struct ca's crl_run lock). */
	struct crl_live full, delta;
	bool is_ours; /* ends stand for the full view's entries */
	uint32_t *ends;
	size_t ends_n;
	struct crl_set since; /* sorted; not on the full one yet */
	uint64_t last_number; /* announced; at least the views' */
	int64_t scheduled_at; /* thisUpdate of the last scheduled */
	int64_t retry_at_us; /* after a failure */
	int64_t rest_until_us; /* after a large one; monotonic */
	bool stale; /* another writer has published: read again */
	/* Any thread, under the lock. */
	pthread_mutex_t lock;
	struct crl_set pending;
	bool dirty; /* revoked since the last CRL */
	bool forced; /* an operator wants one now */
	struct crl_facts full_facts, delta_facts;
};

struct crl_state *crl_state_new(unsigned shard, const char *uri);
void crl_state_free(struct crl_state *c);
/* What is revoked enters here (any thread); is it news, which a CRL is made
 * for?  What is read at start may be published already. */
void crl_state_add(struct crl_state *c, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason, int64_t not_after, bool news);

/* One is to be made: as after a revocation, or because an operator says so. */
void crl_state_dirty(struct crl_state *c, bool forced);

/* Takes the reference of blob, whose bytes view has; tbs_sha256 is of them. */
void crl_live_set(struct crl_state *c, bool is_delta, struct blob *blob,
    const struct crl *view, const uint8_t tbs_sha256[32], int64_t fresh_until);
/* Is it this CA's, by name, key identifier and signature? */
bool crl_check(struct ca *ca, const struct issuer *issuer, struct bytes der,
    struct crl *out, uint8_t tbs_sha256[32], struct err *err) MUST_CHECK;
/* The same for a CRL whose TBS, `tbs`, has this SHA-256: what is parsed must be
 * those octets. */
bool crl_check_hashed(struct ca *ca, const struct issuer *issuer,
    struct bytes der, struct bytes tbs, const uint8_t tbs_sha256[32],
    struct crl *out, struct err *err) MUST_CHECK;

/* crl_load.c: what is published and what is revoked, of scopes from `first` on,
 * from the record. */
bool crl_states_load(struct ca *ca, struct issuer *issuer, unsigned first,
    int64_t validity, struct err *err) MUST_CHECK;
/* One scope, again, after another writer has published. */
bool crl_states_load_one(struct ca *ca, struct issuer *issuer,
    struct crl_state *c, struct err *err) MUST_CHECK;
/* What the record has as revoked and unexpired and these scopes do not know
 * enters now, so that a lost update heals instead of lasting. */
bool crl_states_reconcile(struct ca *ca, struct issuer *issuer, int64_t now,
    struct err *err) MUST_CHECK;

/* crl_make.c: one more CRL: encoded, announced, signed, read back, compared
 * with its predecessor, recorded, published. */
struct crl_plan {
	struct ca *ca;
	const struct state *state;
	struct issuer *issuer;
	struct crl_state *crl;
	bool is_delta;
	bool scheduled; /* a full one */
	int64_t now, this_update, next_update, fresh_until;
	uint64_t number;
};
bool crl_make(const struct crl_plan *plan, struct err *err) MUST_CHECK;

#endif
