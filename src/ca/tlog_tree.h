/*
 * The tree over the rows of a log, by its tiles: hashes of parts of it for
 * roots and proofs, from a view of the store.  Full tiles are read; what lies
 * behind them is computed from the rows.  One thread.
 */
#ifndef CA_TLOG_TREE_H
#define CA_TLOG_TREE_H

#include "codec/proof.h"
#include "codec/tile.h"
#include "store/log.h"

/* The right edge: of each level the hashes behind its last full tile. */
struct tlog_edge {
	uint64_t size;
	uint8_t hashes[TILE_LEVELS][TILE_SIZE];
};

/* How many hashes the edge has at a level. */
static inline unsigned
tlog_edge_n(const struct tlog_edge *e, unsigned level)
{
	return (unsigned)(tile_hashes(level, e->size) % TILE_WIDTH);
}

/* Reads the edge of a tree of this size.  ERR_STORE: tiles are missing. */
bool tlog_edge_load(struct log_view *v, uint64_t size, struct tlog_edge *out,
    struct err *err) MUST_CHECK;
/* Appends a leaf; tiles that become full go to *full (of at most
 * TILE_LEVELS), whose number comes back. */
size_t tlog_edge_append(struct tlog_edge *e, const struct merkle_hash *leaf,
    struct tile_row full[TILE_LEVELS]);
void tlog_edge_tree(const struct tlog_edge *e, struct merkle *out);

/* The root of 2^height hashes that stand side by side. */
void tlog_fold_tile(
    const uint8_t *hashes, unsigned height, struct merkle_hash *out);

/* Hashes of ranges of a tree: the lines of a proof. */
bool tlog_ranges(struct log_view *v, const struct tlog_edge *e,
    const struct merkle_range *ranges, size_t n, struct merkle_hash *out,
    struct err *err) MUST_CHECK;
/* The root at a size up to the edge's. */
bool tlog_root_at(struct log_view *v, const struct tlog_edge *e, uint64_t size,
    struct merkle_hash *out, struct err *err) MUST_CHECK;

#endif
