#include "ca/tlog_tree.h"

void
tlog_fold_tile(const uint8_t *hashes, unsigned height, struct merkle_hash *out)
{
	struct merkle_hash v[TILE_WIDTH];
	size_t n = (size_t)1 << height;

	memcpy(v, hashes, n * MERKLE_HASH);
	for (; n > 1; n /= 2)
		for (size_t i = 0; i < n / 2; i++)
			merkle_node(&v[2 * i], &v[2 * i + 1], &v[i]);
	*out = v[0];
}

/* ---- the edge ---- */

static bool
read_tile(struct log_view *v, unsigned level, uint64_t n,
    uint8_t out[LOG_TILE_SIZE], struct err *err)
{
	bool found;

	if (!log_view_tile(v, level, n, out, &found, err))
		return false;
	if (!found)
		return fail(err, ERR_STORE,
		    "tile %u/%llu of the log is missing from the database",
		    level, (unsigned long long)n);
	return true;
}

static bool
read_leaves(struct log_view *v, uint64_t from, uint64_t to, uint8_t *out,
    struct err *err)
{
	struct merkle_hash leaf;
	struct log_row row;
	bool more = true;

	if (!log_view_seek(v, from + 1, to, err))
		return false;
	for (uint64_t i = from; i < to; i++) {
		if (!log_view_next(v, &row, &more, err))
			return false;
		if (!more || row.position != i + 1)
			return fail(err, ERR_STORE,
			    "the log has no position %llu",
			    (unsigned long long)i + 1);
		merkle_leaf(row.body, &leaf);
		memcpy(out, leaf.v, MERKLE_HASH);
		out += MERKLE_HASH;
	}
	return true;
}

bool
tlog_edge_load(
    struct log_view *v, uint64_t size, struct tlog_edge *out, struct err *err)
{
	uint8_t tile[LOG_TILE_SIZE];
	struct merkle_hash h;

	memset(out, 0, sizeof(*out));
	out->size = size;
	if (!read_leaves(
		v, size - size % TILE_WIDTH, size, out->hashes[0], err))
		return false;
	for (unsigned level = 1; level < TILE_LEVELS; level++) {
		uint64_t all = tile_hashes(level, size);
		uint64_t first = all - all % TILE_WIDTH;

		for (uint64_t i = first; i < all; i++) {
			if (!read_tile(v, level - 1, i, tile, err))
				return false;
			tlog_fold_tile(tile, TILE_HEIGHT, &h);
			memcpy(out->hashes[level] + (i - first) * MERKLE_HASH,
			    h.v, MERKLE_HASH);
		}
	}
	return true;
}

size_t
tlog_edge_append(struct tlog_edge *e, const struct merkle_hash *leaf,
    struct tile_row full[TILE_LEVELS])
{
	struct merkle_hash h = *leaf;
	uint64_t index = e->size;
	size_t made = 0;

	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		unsigned n = (unsigned)(index % TILE_WIDTH);

		memcpy(e->hashes[level] + n * MERKLE_HASH, h.v, MERKLE_HASH);
		if (n + 1 < TILE_WIDTH)
			break;
		index /= TILE_WIDTH;
		full[made] = (struct tile_row){ .level = level, .n = index };
		memcpy(full[made].hashes, e->hashes[level], TILE_SIZE);
		made++;
		tlog_fold_tile(e->hashes[level], TILE_HEIGHT, &h);
	}
	e->size++;
	return made;
}

void
tlog_edge_tree(const struct tlog_edge *e, struct merkle *out)
{
	memset(out, 0, sizeof(*out));
	out->size = e->size;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		const uint8_t *p = e->hashes[level];
		unsigned n = tlog_edge_n(e, level);

		for (unsigned bit = TILE_HEIGHT; bit-- > 0;)
			if ((n >> bit & 1) != 0) {
				tlog_fold_tile(p, bit,
				    &out->peak[TILE_HEIGHT * level + bit]);
				p += (size_t)MERKLE_HASH << bit;
			}
	}
}

/* ---- parts of the tree ---- */

/* The 2^k hashes of the tile level that make up a subtree. */
static bool
subtree(struct log_view *v, const struct tlog_edge *e,
    const struct merkle_subtree *t, struct merkle_hash *out, struct err *err)
{
	unsigned level = t->height / TILE_HEIGHT;
	unsigned rest = t->height % TILE_HEIGHT;
	uint64_t first = t->index << rest;
	uint64_t n = first / TILE_WIDTH;
	uint8_t tile[LOG_TILE_SIZE];
	const uint8_t *hashes = tile;

	if (level >= TILE_LEVELS)
		return fail(
		    err, ERR_INTERNAL, "a tree of height %u", t->height);
	if (n == tile_hashes(level, e->size) / TILE_WIDTH)
		hashes = e->hashes[level];
	else if (!read_tile(v, level, n, tile, err))
		return false;
	tlog_fold_tile(hashes + first % TILE_WIDTH * MERKLE_HASH, rest, out);
	return true;
}

bool
tlog_ranges(struct log_view *v, const struct tlog_edge *e,
    const struct merkle_range *ranges, size_t n, struct merkle_hash *out,
    struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct merkle_subtree trees[MERKLE_PROOF_MAX];
		struct merkle_hash hashes[MERKLE_PROOF_MAX];
		size_t count = merkle_split(ranges[i], trees);

		for (size_t k = 0; k < count; k++)
			if (!subtree(v, e, &trees[k], &hashes[k], err))
				return false;
		merkle_fold(hashes, count, &out[i]);
	}
	return true;
}

bool
tlog_root_at(struct log_view *v, const struct tlog_edge *e, uint64_t size,
    struct merkle_hash *out, struct err *err)
{
	const struct merkle_range all = { 0, size };
	static const struct merkle empty;

	if (size > e->size)
		return fail(err, ERR_NOT_FOUND,
		    "the log's newest checkpoint has %llu entries, not %llu",
		    (unsigned long long)e->size, (unsigned long long)size);
	if (size == 0) {
		merkle_root(&empty, out);
		return true;
	}
	return tlog_ranges(v, e, &all, 1, out, err);
}
