/*
 * Paths of tiles (C2SP tlog-tiles): "<L>/<N>[.p/<W>]", where N is written in
 * groups of three digits, "x001/x234/067".  One spelling for each tile.
 */
#ifndef CODEC_TILE_H
#define CODEC_TILE_H

#include "util/bytes.h"

#define TILE_WIDTH 256u /* hashes of a full tile */
#define TILE_HEIGHT 8u
#define TILE_LEVELS 8u /* 256^8 leaves are more than there can be */
#define TILE_SIZE 8192u

struct tile {
	unsigned level;
	uint64_t n;
	unsigned width; /* TILE_WIDTH: full */
};

/* False: not the path of a tile.  The level is 0 to 63. */
bool tile_path_parse(
    const char *level, const char *rest, struct tile *out) MUST_CHECK;
/* "0/x001/x234/067.p/12" */
void tile_path_print(const struct tile *t, struct buf *out);

/* How many hashes level has in a tree of this size. */
static inline uint64_t
tile_hashes(unsigned level, uint64_t size)
{
	return level >= TILE_LEVELS ? 0 : size >> (TILE_HEIGHT * level);
}

#endif
