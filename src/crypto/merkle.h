/*
 * The Merkle tree of an append-only log: SHA-256 as RFC 6962 section 2.1 has
 * it (RFC 9162 section 2.1 is the same tree).  Hashes and numbers alone: no
 * storage, no format, no signature.  Pure, so any thread.
 *
 * A proof is planned here as ranges of leaves; whoever holds the hashes splits
 * each range into whole subtrees, finds their hashes and folds them.
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "util/bytes.h"

#define MERKLE_HASH 32u
/* Sizes are below 2^63, as row numbers are. */
#define MERKLE_HEIGHT 63u
#define MERKLE_SIZE_MAX ((UINT64_C(1) << 62) - 1)
/* No proof has more hashes. */
#define MERKLE_PROOF_MAX (MERKLE_HEIGHT + 1)

struct merkle_hash {
	uint8_t v[MERKLE_HASH];
};

/* SHA-256(0x00 || entry), SHA-256(0x01 || left || right). */
void merkle_leaf(struct bytes entry, struct merkle_hash *out);
void merkle_node(const struct merkle_hash *left,
    const struct merkle_hash *right, struct merkle_hash *out);

/*
 * A tree as what is needed to append to it: peak[h] is the hash of the whole
 * subtree of 2^h leaves where bit h of the size is set.
 */
struct merkle {
	uint64_t size;
	struct merkle_hash peak[MERKLE_HEIGHT];
};

void merkle_append(struct merkle *m, const struct merkle_hash *leaf);
/* Of no leaves: the hash of nothing (RFC 6962 section 2.1). */
void merkle_root(const struct merkle *m, struct merkle_hash *out);
/* The peaks one after the other, the largest subtree first. */
void merkle_peaks_put(const struct merkle *m, struct buf *out);
/* How many a tree of this size has. */
unsigned merkle_peaks(uint64_t size);
/* False when it is not merkle_peaks(size) hashes. */
bool merkle_from_peaks(
    uint64_t size, struct bytes peaks, struct merkle *out) MUST_CHECK;

/* Leaves from (with it) to (without it). */
struct merkle_range {
	uint64_t from, to;
};
/*
 * RFC 6962 section 2.1.1 (index < size) and 2.1.2 (0 < old <= size): the hash
 * of each range is a line of the proof, in order.  Returns how many.
 */
size_t merkle_inclusion(
    uint64_t index, uint64_t size, struct merkle_range out[MERKLE_PROOF_MAX]);
size_t merkle_consistency(
    uint64_t old, uint64_t size, struct merkle_range out[MERKLE_PROOF_MAX]);

/* The whole subtree number index of those of 2^height leaves. */
struct merkle_subtree {
	unsigned height;
	uint64_t index;
};
/* A range of a proof as whole subtrees, from the left; returns how many. */
size_t merkle_split(
    struct merkle_range range, struct merkle_subtree out[MERKLE_PROOF_MAX]);
/* The hash of the range from those of its n > 0 subtrees. */
void merkle_fold(
    const struct merkle_hash *v, size_t n, struct merkle_hash *out);

/* RFC 9162 sections 2.1.3.2 and 2.1.4.2: does the proof hold? */
bool merkle_check_inclusion(uint64_t index, uint64_t size,
    const struct merkle_hash *leaf, const struct merkle_hash *proof, size_t n,
    const struct merkle_hash *root) MUST_CHECK;
bool merkle_check_consistency(uint64_t old, uint64_t size,
    const struct merkle_hash *old_root, const struct merkle_hash *proof,
    size_t n, const struct merkle_hash *root) MUST_CHECK;

static inline bool
merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->v, b->v, MERKLE_HASH) == 0;
}

#endif
