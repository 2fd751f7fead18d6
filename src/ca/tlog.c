#include <stdlib.h>
#include "ca/artefact.h"
#include "ca/tlog.h"
#include "ca/tlog_tree.h"
#include "signer/growth.h"
#include "util/fault.h"
#include "util/log.h"

#define CHECKPOINT_EVERY_US 1000000
/* A log that cannot be signed for is no reason to ask without end. */
#define FAILED_EVERY_US 10000000

struct tlog {
	struct tlog_deps deps;
	int64_t due_us; /* monotonic */
	pthread_mutex_t lock;
	/* under the lock */
	struct tlog_edge edge; /* of the newest checkpoint */
	uint64_t rows; /* of the log, when it was looked at last */
	struct artefact checkpoint;
};

/* What one growth makes, before it is durable. */
struct step {
	struct tlog_edge edge;
	struct merkle old;
	struct buf leaves; /* hashes behind the old size */
	struct tile_row *tiles;
	size_t tiles_n, tiles_cap;
};

static void
step_free(struct step **s)
{
	if (*s == NULL)
		return;
	buf_free(&(*s)->leaves);
	free((*s)->tiles);
	free(*s);
}
#define AUTO_STEP __attribute__((cleanup(step_free))) struct step

/* ---- growing ---- */

static void
step_append(struct step *s, const struct merkle_hash *leaf)
{
	struct tile_row full[TILE_LEVELS];
	size_t n = tlog_edge_append(&s->edge, leaf, full);

	buf_add(&s->leaves, leaf->v, MERKLE_HASH);
	for (size_t i = 0; i < n; i++) {
		if (s->tiles_n == s->tiles_cap) {
			s->tiles_cap = MAX_OF(2 * s->tiles_cap, (size_t)8);
			s->tiles =
			    mem_grow(s->tiles, s->tiles_cap, sizeof(*s->tiles));
		}
		s->tiles[s->tiles_n++] = full[i];
	}
}

static bool
step_read(struct step *s, struct log_view *v, uint64_t to, struct err *err)
{
	struct merkle_hash leaf;
	struct log_row row;
	bool more;

	if (!log_view_seek(v, s->edge.size + 1, to, err))
		return false;
	while (s->edge.size < to) {
		if (!log_view_next(v, &row, &more, err))
			return false;
		if (!more || row.position != s->edge.size + 1)
			return fail(err, ERR_STORE,
			    "the log has no position %llu",
			    (unsigned long long)s->edge.size + 1);
		merkle_leaf(row.body, &leaf);
		step_append(s, &leaf);
	}
	return true;
}

/* The signer says what it signed for whom; nothing is believed unverified. */
static bool
note_make(struct tlog *t, const struct step *s, struct bytes reply,
    struct arena *a, struct checkpoint_row *out, struct err *err)
{
	AUTO_LANE loan = lane_lend(t->deps.lanes);
	struct merkle_hash root;
	struct merkle tree;
	struct checkpoint c;
	struct note_key key;
	struct buf note = { 0 };
	AUTO_BUF text = { 0 };
	const char *origin;

	if (reply.n <= NOTE_KEY + NOTE_SIGNATURE)
		return fail(err, ERR_SIGNER,
		    "the signer's checkpoint has %zu octets", reply.n);
	origin = arena_str(a,
	    bytes_of(reply.p + NOTE_KEY + NOTE_SIGNATURE,
		reply.n - NOTE_KEY - NOTE_SIGNATURE));
	tlog_edge_tree(&s->edge, &tree);
	merkle_root(&tree, &root);
	checkpoint_text(origin, tree.size, &root, &text);
	note_key_make(origin, reply.p, &key);
	checkpoint_note(buf_bytes(&text), &key, reply.p + NOTE_KEY, &note);
	*out = (struct checkpoint_row){ .size = tree.size,
		.at = clock_now(&t->deps.clock),
		.note = arena_take_buf(a, &note) };
	memcpy(out->root, root.v, sizeof(out->root));
	memcpy(out->key, key.key, sizeof(out->key));
	return checkpoint_parse(out->note, a, &c, err) &&
	    checkpoint_verify(loan.lane, &c, &key, err);
}

static bool
step_sign(struct tlog *t, struct step *s, struct arena *a,
    struct checkpoint_row *out, struct err *err)
{
	struct signer_request req = { .kind = SIGN_LOG,
		.position = s->edge.size };
	AUTO_BUF growth = { 0 };
	AUTO_BUF reply = { 0 };

	growth_put(&s->old, buf_bytes(&s->leaves), &growth);
	req.tbs = buf_bytes(&growth);
	FAULT("log.sign.before");
	if (!signer_sign(&t->deps.signer, &req, &reply, err))
		return false;
	FAULT("log.sign.after");
	return note_make(t, s, buf_bytes(&reply), a, out, err);
}

static void
publish(struct tlog *t, const struct tlog_edge *edge,
    const struct checkpoint_row *row)
{
	artefact_set(&t->checkpoint, blob_new(row->note), row->at, 0);
	pthread_mutex_lock(&t->lock);
	t->edge = *edge;
	pthread_mutex_unlock(&t->lock);
}

/* From the checkpoint that is stored to one of at most a step more. */
static bool
grow(struct tlog *t, struct log_view *v, uint64_t to, struct err *err)
{
	AUTO_STEP *s = mem_alloc(sizeof(*s));
	AUTO_ARENA *a = arena_new();
	struct checkpoint_row row;

	/* Only this thread changes it. */
	s->edge = t->edge;
	tlog_edge_tree(&s->edge, &s->old);
	if (!step_read(s, v, to, err) || !step_sign(t, s, a, &row, err))
		return false;
	FAULT("log.store.before");
	if (!store_checkpoint_put(
		t->deps.store, &row, s->tiles, s->tiles_n, err))
		return false;
	FAULT("log.store.after");
	publish(t, &s->edge, &row);
	return true;
}

static bool
run(struct tlog *t, bool *more, struct err *err)
{
	AUTO_LOG_VIEW *v = NULL;
	uint64_t size, to;

	if (!log_view_of_store(t->deps.store, &v, err) ||
	    !log_view_size(v, &size, err))
		return false;
	if (size < t->edge.size)
		return fail(err, ERR_STORE,
		    "the log has %llu rows, its checkpoint %llu",
		    (unsigned long long)size, (unsigned long long)t->edge.size);
	pthread_mutex_lock(&t->lock);
	t->rows = size;
	pthread_mutex_unlock(&t->lock);
	to = MIN_OF(size, t->edge.size + GROWTH_LEAVES_MAX);
	*more = to < size;
	return to == t->edge.size || grow(t, v, to, err);
}

bool
tlog_run(struct tlog *t, struct err *err)
{
	bool more = false, ok;

	if (clock_monotonic_us() < t->due_us)
		return true;
	ok = run(t, &more, err);
	t->due_us = clock_monotonic_us() +
	    (!ok	   ? FAILED_EVERY_US
		    : more ? 0
			   : CHECKPOINT_EVERY_US);
	return ok;
}

/* ---- life ---- */

static bool
load(struct tlog *t, struct err *err)
{
	AUTO_LOG_VIEW *v = NULL;
	AUTO_ARENA *a = arena_new();
	struct checkpoint_row row;
	struct merkle_hash root;
	struct merkle tree;
	bool found;

	if (!log_view_of_store(t->deps.store, &v, err) ||
	    !log_view_checkpoint(v, a, &row, &found, err))
		return false;
	if (!found)
		return true;
	if (!tlog_edge_load(v, row.size, &t->edge, err))
		return false;
	tlog_edge_tree(&t->edge, &tree);
	merkle_root(&tree, &root);
	if (memcmp(root.v, row.root, MERKLE_HASH) != 0)
		return fail(err, ERR_STORE,
		    "the log's tiles and rows are not those of its checkpoint "
		    "of %llu entries; chancery log verify says more",
		    (unsigned long long)row.size);
	artefact_set(&t->checkpoint, blob_new(row.note), row.at, 0);
	return true;
}

bool
tlog_new(const struct tlog_deps *deps, struct tlog **out, struct err *err)
{
	struct tlog *t = mem_alloc(sizeof(*t));

	t->deps = *deps;
	pthread_mutex_init(&t->lock, NULL);
	artefact_init(&t->checkpoint);
	if (!load(t, err)) {
		tlog_free(t);
		return false;
	}
	*out = t;
	return true;
}

void
tlog_free(struct tlog *t)
{
	if (t == NULL)
		return;
	artefact_done(&t->checkpoint);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- serving ---- */

struct blob *
tlog_checkpoint(struct tlog *t, char etag[67], int64_t *at)
{
	return artefact_get(&t->checkpoint, etag, at, NULL);
}

uint64_t
tlog_size(struct tlog *t)
{
	uint64_t size;

	pthread_mutex_lock(&t->lock);
	size = t->edge.size;
	pthread_mutex_unlock(&t->lock);
	return size;
}

uint64_t
tlog_waiting(struct tlog *t)
{
	uint64_t n;

	pthread_mutex_lock(&t->lock);
	n = t->rows > t->edge.size ? t->rows - t->edge.size : 0;
	pthread_mutex_unlock(&t->lock);
	return n;
}

bool
tlog_tile(struct tlog *t, const struct tile *tile, struct arena *a,
    struct bytes *out, struct err *err)
{
	uint8_t *hashes = arena_alloc(a, TILE_SIZE);
	AUTO_LOG_VIEW *v = NULL;
	uint64_t full = 0;
	unsigned have = 0;
	bool found = true;

	pthread_mutex_lock(&t->lock);
	if (tile->level < TILE_LEVELS) {
		full = tile_hashes(tile->level, t->edge.size) / TILE_WIDTH;
		have = tile->n < full ? TILE_WIDTH
		    : tile->n == full ? tlog_edge_n(&t->edge, tile->level)
				      : 0;
		memcpy(hashes, t->edge.hashes[tile->level], TILE_SIZE);
	}
	pthread_mutex_unlock(&t->lock);
	if (tile->width > have)
		return fail(
		    err, ERR_NOT_FOUND, "the log has not grown to this tile");
	if (tile->n < full) {
		if (!log_view_of_store(t->deps.store, &v, err) ||
		    !log_view_tile(
			v, tile->level, tile->n, hashes, &found, err))
			return false;
		if (!found)
			return fail(err, ERR_STORE, "a tile is missing");
	}
	*out = bytes_of(hashes, (size_t)tile->width * MERKLE_HASH);
	return true;
}
