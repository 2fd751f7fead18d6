/*
 * The table behind ca/status.h: (issuer key, serial) → status, in memory.
 *
 * Entries lie packed in an array per shard, found by a table of their numbers:
 * 40 octets an entry, at most 45 with what the array keeps in reserve, and at
 * most 10 in the table.  Each shard has a lock of its own that is held for a
 * change in memory alone, never while something is committed.
 *
 * Thread-safe.  It knows no clock and no store.
 */
#ifndef CA_STATUS_INDEX_H
#define CA_STATUS_INDEX_H

#include "ca/status.h"

struct status_index;

struct status_index *status_index_new(void);
void status_index_free(struct status_index *x);

/*
 * Adds or changes one.  kind, revoked_at, reason and not_after count.  What is
 * revoked stays revoked: the thread that issued may come after the one that
 * revoked.
 */
void status_index_put(struct status_index *x, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE], const struct status *st);
/* STATUS_NOT_ISSUED for what is not there. */
struct status status_index_get(struct status_index *x,
    const uint8_t issuer_key[32], const uint8_t serial[SERIAL_SIZE]);
/* Forgets those whose notAfter lies before; returns how many.  A shard with
 * few of them keeps them until they are more. */
size_t status_index_drop(struct status_index *x, int64_t before);

size_t status_index_count(struct status_index *x);
/* Octets that it has taken. */
size_t status_index_memory(struct status_index *x);

#endif
