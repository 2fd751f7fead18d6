/*
 * The entries of a full CRL: encoded, in the order of serials, each with what
 * decides when it may leave.  A published CRL's own bytes are the set; what was
 * revoked since waits in an unsorted list and is merged when the next one is
 * made, so a revocation costs a few dozen octets and a CRL one pass.
 *
 * Serials are our own: 20 octets, the first 01 to 7f.
 *
 * One thread at a time, except crl_state's pending list (its lock).
 */
#ifndef CA_CRL_SET_H
#define CA_CRL_SET_H

#include <pthread.h>
#include "codec/crl.h"
#include "util/blob.h"

struct crl_item {
	int64_t not_after; /* of the revoked certificate */
	uint32_t at; /* of its entry in the bytes */
	uint8_t size;
	/* It was on a scheduled CRL issued beyond not_after, so it may leave:
	 * RFC 5280 section 3.3. */
	bool settled;
};

/* Entries and their items; owns the items, the bytes only in a buf. */
struct crl_set {
	struct buf bytes;
	struct crl_item *items;
	size_t n, cap;
};

void crl_set_free(struct crl_set *s);
void crl_set_add(struct crl_set *s, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason, int64_t not_after);
/* Moves everything of b behind a's; b is empty afterwards. */
void crl_set_append(struct crl_set *a, struct crl_set *b);
/*
 * The entries of the next CRL: base (sorted, its entries lie in base_bytes) and
 * added (sorted here), without settled ones and without doubles.
 */
void crl_set_merge(const struct crl_item *base, size_t base_n,
    struct bytes base_bytes, struct crl_set *added, struct crl_set *out);
/* Is the serial among sorted items? */
bool crl_items_have(const struct crl_item *items, size_t n, struct bytes bytes,
    const uint8_t serial[SERIAL_SIZE]);

/* A CA's CRL: what is published, and what goes into the next. */
struct crl_state {
	/* The run's alone (struct ca's crl_run lock). */
	struct blob *blob; /* published; NULL: none yet */
	struct crl view; /* of the blob */
	bool has_view;
	bool is_ours; /* items stand for the view's entries;
			 else (just loaded) all is pending */
	struct crl_item *items;
	size_t items_n;
	uint64_t last_number; /* announced; at least the view's */
	int64_t scheduled_at; /* thisUpdate of the last scheduled */
	int64_t retry_at_us; /* after a failure */
	/* Any thread, under the lock. */
	pthread_mutex_t lock;
	struct crl_set pending;
	bool dirty; /* revoked since the last CRL */
	int64_t next_update; /* of the published one; 0: none */
};

void crl_state_init(struct crl_state *s);
void crl_state_done(struct crl_state *s);

#endif
