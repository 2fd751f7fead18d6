/*
 * The entries of a CRL: encoded, in the order of serials, and beside each when
 * it may leave.  A published CRL's own octets are the list; what was revoked
 * since waits in a set and is merged when the next one is made, so a revocation
 * costs a few dozen octets and a CRL one pass.
 *
 * Serials are our own: 20 octets, the first 01 to 7f.  Pure; one thread.
 */
#ifndef CA_CRL_SET_H
#define CA_CRL_SET_H

#include "codec/crl.h"

/*
 * When the revoked certificate ends, seconds since 1970; the last value stands
 * for later too.  CRL_SETTLED: the entry was on a scheduled CRL issued beyond
 * that, so it may leave (RFC 5280 section 3.3).
 */
#define CRL_SETTLED 0u
uint32_t crl_end_of(int64_t not_after);

/* Entries in order; borrows. */
struct crl_list {
	struct bytes bytes;
	const uint32_t *ends; /* one for each entry */
	size_t n;
};

/* Entries that are being gathered, in any order until they are sorted. */
struct crl_set {
	struct buf bytes;
	uint32_t *ends;
	size_t n, cap;
};

void crl_set_free(struct crl_set *s);
void crl_set_add(struct crl_set *s, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason, int64_t not_after);
/* In order, each serial once: the one that was added last. */
void crl_set_sort(struct crl_set *s);
/* Everything of b (emptied) goes to a; both are sorted, and a is again. */
void crl_set_unite(struct crl_set *a, struct crl_set *b);
/*
 * The entries of the next CRL, appended to out: base without settled ones, and
 * added (sorted), which wins where both have a serial.  *ends is the caller's.
 */
void crl_merge(const struct crl_list *base, const struct crl_set *added,
    struct buf *out, uint32_t **ends, size_t *n);

/* Octets of the entry at p. */
static inline size_t
crl_entry_octets(const uint8_t *p)
{
	return (size_t)p[1] + 2;
}

/* Steps through a list beside serials that come in order. */
struct crl_cursor {
	const uint8_t *p, *end;
	size_t i; /* which entry */
};
struct crl_cursor crl_cursor_of(struct bytes entries);
/* Moves to the first entry that is not before the serial; is it this one? */
bool crl_cursor_seek(struct crl_cursor *c, const uint8_t serial[SERIAL_SIZE]);

#endif
