#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>

#include "ca/tlog_tree.h"
#include "cli/log_walk_state.h"
#include "crypto/digest.h"
#include "store/canonical_read.h"
#include "util/own.h"
#include "util/text.h"

/* Rows that are missing at once; with more, the rest is not this log. */
#define GAP_MAX 1000000u

void
log_finding(struct log_walk *w, const char *fmt, ...)
{
	AUTO_STR *text = NULL;
	va_list args;

	if (w->findings++ >= LOG_FINDINGS_MAX)
		return;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	if (w->list != NULL)
		json_array_append_new(w->list, json_string(text));
	else
		printf("%s\n", text);
}

/* ---- rows ---- */

static uint64_t
hash_id(struct bytes a, struct bytes b)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < a.n; i++)
		h = (h ^ a.p[i]) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static void
cert_intent(struct walking *s, const struct log_row *row,
    const struct canonical_members *m)
{
	struct log_intent i = { .position = row->position,
		.id = hash_id(canonical_get(m, "id"), BYTES_NONE) };
	struct err ignored = { 0 };
	uint8_t sum[32];
	struct bytes tbs;

	if (!canonical_get_hex(m, "issuer_key", i.issuer, 32) ||
	    !canonical_get_hex(m, "serial", i.serial, SERIAL_SIZE) ||
	    !base64_decode(canonical_get(m, "tbs"), s->arena, &tbs, &ignored)) {
		log_finding(s->w,
		    "position %llu: an intent without issuer_key, serial or "
		    "tbs",
		    LLU(row->position));
		return;
	}
	digest_sha256(tbs, sum);
	i.tbs_sha256 = sum;
	walk_tell_difference(s, row->position, log_match_intent(s->match, &i));
}

/* Each shard has numbers of its own. */
static uint64_t
crl_id(struct walking *s, const struct canonical_members *m)
{
	struct bytes number = canonical_get(m, "number");
	struct bytes shard = canonical_get(m, "shard");
	char *both = arena_printf(s->arena, "%.*s/%.*s", (int)number.n,
	    number.n == 0 ? "" : (const char *)number.p, (int)shard.n,
	    shard.n == 0 ? "" : (const char *)shard.p);

	return hash_id(canonical_get(m, "issuer_key"), bytes_str(both));
}

static void
crl_intent(struct walking *s, const struct log_row *row,
    const struct canonical_members *m)
{
	struct log_intent i = {
		.position = row->position, .crl = true, .id = crl_id(s, m)
	};
	struct journal_record expected = { .kind = SIGN_CRL };
	struct journal_crl crl = { 0 };
	int64_t v, shard = 0, base;
	uint8_t sum[32];

	if (!canonical_get_hex(m, "issuer_key", i.issuer, 32) ||
	    !canonical_get_int(m, "number", &v) || v < 0) {
		log_finding(s->w,
		    "position %llu: a CRL without issuer_key or number",
		    LLU(row->position));
		return;
	}
	crl.number = (uint64_t)v;
	/* Both are in the event when they say something. */
	if (canonical_get_int(m, "shard", &shard))
		crl.shard = (unsigned)shard;
	crl.is_delta = canonical_get_int(m, "base", &base);
	journal_crl_write(&crl, &expected);
	memcpy(i.serial, expected.serial, sizeof(i.serial));
	/* Events of the first releases have none. */
	if (canonical_get_hex(m, "tbs_sha256", sum, 32))
		i.tbs_sha256 = sum;
	walk_tell_difference(s, row->position, log_match_intent(s->match, &i));
}

static void
row_meaning(struct walking *s, const struct log_row *row,
    const struct canonical_members *m)
{
	if (strcmp(row->kind, "cert-intent") == 0)
		cert_intent(s, row, m);
	else if (strcmp(row->kind, "crl-intent") == 0)
		crl_intent(s, row, m);
	else if (strcmp(row->kind, "cert-issued") == 0)
		log_match_signed(
		    s->match, hash_id(canonical_get(m, "id"), BYTES_NONE));
	else if (strcmp(row->kind, "crl") == 0)
		log_match_signed(s->match, crl_id(s, m));
}

static void
row_check(struct walking *s, const struct log_row *row)
{
	struct canonical_members m;
	int64_t at;

	if (!canonical_read(row->body, &m)) {
		log_finding(s->w,
		    "position %llu: the body is not canonical JSON",
		    LLU(row->position));
		return;
	}
	if (!canonical_get_int(&m, "at", &at) || at != row->at ||
	    !bytes_is(canonical_get(&m, "kind"), row->kind))
		log_finding(s->w,
		    "position %llu: time or kind beside the body are not "
		    "those in it",
		    LLU(row->position));
	row_meaning(s, row, &m);
}

/* ---- the tree ---- */

/* The stored hashes of rows say which of them was changed. */
static bool
tile_check(struct walking *s, const struct tile_row *made, struct err *err)
{
	uint64_t end = (made->n + 1) << (TILE_HEIGHT * (made->level + 1));
	uint8_t stored[LOG_TILE_SIZE];
	bool found;

	if (!log_view_tile(
		s->w->view, made->level, made->n, stored, &found, err))
		return false;
	if (!found) {
		if (end <= s->newest)
			log_finding(s->w, "tile %u/%llu is missing",
			    made->level, LLU(made->n));
		return true;
	}
	for (unsigned i = 0; i < TILE_WIDTH; i++) {
		uint64_t index = made->n * TILE_WIDTH + i;

		if (memcmp(stored + i * MERKLE_HASH,
			made->hashes + i * MERKLE_HASH, MERKLE_HASH) == 0)
			continue;
		if (made->level == 0)
			log_finding(s->w,
			    "position %llu: the row is not the one that was "
			    "logged: its hash is not that of the tree",
			    LLU(index + 1));
		else if (!s->tree_broken)
			log_finding(s->w,
			    "tile %u/%llu: hash %u is not that of the tile "
			    "below",
			    made->level, LLU(made->n), i);
		s->tree_broken = s->tree_broken || made->level == 0;
	}
	return true;
}

/* Everything that says what the root is at the size that is reached. */
static void
roots_check(struct walking *s)
{
	uint64_t size = s->w->tree.size;

	while (s->checkpoint_at < s->checkpoints_n &&
	    s->checkpoints[s->checkpoint_at].size == size)
		walk_root_check(s, s->checkpoints[s->checkpoint_at++].root,
		    "the stored checkpoint");
	if (s->w->kept != NULL && s->w->kept->size == size)
		walk_root_check(s, s->w->kept->root.v, "the kept checkpoint");
}

static bool
leaf_add(struct walking *s, const struct merkle_hash *leaf, struct err *err)
{
	struct tile_row full[TILE_LEVELS];
	size_t n = tlog_edge_append(&s->edge, leaf, full);

	merkle_append(&s->w->tree, leaf);
	for (size_t i = 0; i < n; i++)
		if (!tile_check(s, &full[i], err))
			return false;
	roots_check(s);
	return true;
}

/* ---- checkpoints ---- */

static void
checkpoint_check(struct walking *s, const struct checkpoint_row *row)
{
	struct log_walk *w = s->w;
	struct err err = { 0 };
	struct note_key key;
	struct checkpoint c;

	if (!checkpoint_parse(row->note, s->arena, &c, &err)) {
		log_finding(w, "checkpoint of %llu entries: %s", LLU(row->size),
		    err.shown);
		return;
	}
	note_key_make(c.origin, row->key, &key);
	if (w->key != NULL)
		key = *w->key;
	if (!checkpoint_verify(w->lane, &c, &key, &err))
		log_finding(w, "checkpoint of %llu entries: %s", LLU(row->size),
		    err.shown);
	if (c.size != row->size ||
	    memcmp(c.root.v, row->root, MERKLE_HASH) != 0)
		log_finding(w,
		    "checkpoint of %llu entries: size or root beside the note "
		    "are not those in it",
		    LLU(row->size));
}

static bool
checkpoints_load(struct walking *s, struct err *err)
{
	struct log_walk *w = s->w;

	if (!log_view_checkpoints(w->view, w->cli->arena, &s->checkpoints,
		&s->checkpoints_n, err))
		return false;
	w->checkpoints = s->checkpoints_n;
	for (size_t i = 0; i < s->checkpoints_n; i++)
		checkpoint_check(s, &s->checkpoints[i]);
	if (s->checkpoints_n > 0)
		s->newest = s->checkpoints[s->checkpoints_n - 1].size;
	return true;
}

/* The signer knows which key it signs the log with. */
static void
checkpoint_key_check(struct walking *s, const struct checkpoint_row *row)
{
	AUTO_BUF spki = { 0 };
	uint8_t id[32];

	note_key_spki(row->key, &spki);
	digest_sha256(buf_bytes(&spki), id);
	if (memcmp(id, s->log_key, sizeof(id)) != 0)
		log_finding(s->w,
		    "checkpoint of %llu entries: it is of another key than "
		    "the signer's journal says",
		    LLU(row->size));
}

static void
checkpoints_rest(struct walking *s)
{
	uint64_t size = s->w->tree.size;

	for (size_t i = 0; i < s->checkpoints_n && !s->journal_damaged; i++)
		checkpoint_key_check(s, &s->checkpoints[i]);

	for (; s->checkpoint_at < s->checkpoints_n; s->checkpoint_at++)
		log_finding(s->w,
		    "there is a checkpoint of %llu entries, the log has %llu: "
		    "its end is missing",
		    LLU(s->checkpoints[s->checkpoint_at].size), LLU(size));
	if (s->w->kept != NULL && s->w->kept->size > size)
		log_finding(s->w,
		    "the kept checkpoint has %llu entries, the log has %llu: "
		    "its end is missing",
		    LLU(s->w->kept->size), LLU(size));
}

/* ---- the walk ---- */

/* Rows that are not there stand in the tree as zeros, so that those behind
 * them are still looked at where they belong. */
static bool
gap(struct walking *s, uint64_t next, struct err *err)
{
	static const struct merkle_hash nothing;
	uint64_t expected = s->w->tree.size + 1;

	if (next == expected)
		return true;
	log_finding(s->w,
	    next > expected + 1 ? "positions %llu to %llu: no such rows"
				: "position %llu: no such row",
	    LLU(expected), LLU(next - 1));
	s->tree_broken = true;
	if (next - expected > GAP_MAX)
		return fail(err, ERR_STORE,
		    "%llu rows are missing at once: this is not one log",
		    LLU(next - expected));
	while (s->w->tree.size + 1 < next)
		if (!leaf_add(s, &nothing, err) || !walk_journal_follow(s, err))
			return false;
	return true;
}

static bool
rows(struct walking *s, struct err *err)
{
	struct merkle_hash leaf;
	struct log_row row;
	bool more;

	if (!log_view_seek(s->w->view, 1, UINT64_MAX, err))
		return false;
	roots_check(s);
	for (;;) {
		if (!log_view_next(s->w->view, &row, &more, err))
			return false;
		if (!more)
			return true;
		if (!gap(s, row.position, err))
			return false;
		s->w->rows++;
		arena_reset(s->arena);
		row_check(s, &row);
		merkle_leaf(row.body, &leaf);
		if (!leaf_add(s, &leaf, err) || !walk_journal_follow(s, err))
			return false;
	}
}

static bool
walk(struct walking *s, struct err *err)
{
	AUTO_FD fd = open(s->w->journal, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM,
		    "%s: %s", s->w->journal, strerror(errno));
	journal_reader_init(&s->journal, fd);
	journal_reader_init(&s->heads, fd);
	if (!checkpoints_load(s, err) || !rows(s, err) ||
	    !walk_journal_rest(s, err))
		return false;
	checkpoints_rest(s);
	walk_unmatched(s);
	return true;
}

bool
log_walk(struct log_walk *w, struct err *err)
{
	struct walking *s = mem_alloc(sizeof(*s));
	bool ok;

	s->w = w;
	s->match = log_match_new();
	s->arena = arena_new();
	ok = walk(s, err);
	log_match_free(s->match);
	arena_free(s->arena);
	free(s->behind);
	free(s);
	return ok;
}
