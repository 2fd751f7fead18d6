/*
 * The log's rows, tiles and checkpoints: what its tree is computed from and
 * where the result is kept.  Octets only: hashes and signatures are made above.
 *
 * A view is one consistent snapshot for one thread, of the running store or of
 * a database file beside the server; nothing is migrated or changed.
 */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include "store/store.h"

#define LOG_TILE_SIZE 8192u

struct checkpoint_row {
	uint64_t size;
	int64_t at;
	uint8_t root[32], key[32]; /* key: Ed25519, public */
	struct bytes note;
};

struct tile_row {
	unsigned level;
	uint64_t n;
	uint8_t hashes[LOG_TILE_SIZE];
};

/*
 * A checkpoint with the tiles that have become full since the one before it,
 * in one change.  Of older ones the last of each hour is kept.
 */
bool store_checkpoint_put(struct store *s, const struct checkpoint_row *row,
    const struct tile_row *tiles, size_t n, struct err *err) MUST_CHECK;

struct log_view;

bool log_view_of_store(
    struct store *s, struct log_view **out, struct err *err) MUST_CHECK;
/* ERR_CONFLICT when the file's schema is another than this program's. */
bool log_view_of_file(
    const char *path, struct log_view **out, struct err *err) MUST_CHECK;
void log_view_close(struct log_view *v);
static inline void
own_free_log_view(struct log_view **v)
{
	log_view_close(*v);
}
#define AUTO_LOG_VIEW                                                          \
	__attribute__((cleanup(own_free_log_view))) struct log_view

/* The last position. */
bool log_view_size(
    struct log_view *v, uint64_t *out, struct err *err) MUST_CHECK;
/* Rows from this position on (up to and with `to`), one a call of next; what a
 * row points at lives until the next call. */
bool log_view_seek(
    struct log_view *v, uint64_t from, uint64_t to, struct err *err) MUST_CHECK;
bool log_view_next(struct log_view *v, struct log_row *out, bool *row,
    struct err *err) MUST_CHECK;
/* A full tile; *found false: there is none. */
bool log_view_tile(struct log_view *v, unsigned level, uint64_t n,
    uint8_t out[LOG_TILE_SIZE], bool *found, struct err *err) MUST_CHECK;
/* All that are kept, by size. */
bool log_view_checkpoints(struct log_view *v, struct arena *a,
    struct checkpoint_row **out, size_t *n, struct err *err) MUST_CHECK;
/* The newest; *found false: none was ever made. */
bool log_view_checkpoint(struct log_view *v, struct arena *a,
    struct checkpoint_row *out, bool *found, struct err *err) MUST_CHECK;
/* The position of the intent of the certificate; ERR_NOT_FOUND. */
bool log_view_find_serial(struct log_view *v, struct bytes serial,
    uint64_t *position, struct err *err) MUST_CHECK;

#endif
