#include "codec/note.h"
#include "signer/core_state.h"
#include "signer/growth.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

void
growth_put(const struct merkle *old, struct bytes leaves, struct buf *out)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_add_byte(out, (uint8_t)(old->size >> shift));
	merkle_peaks_put(old, out);
	buf_add_bytes(out, leaves);
}

bool
growth_parse(
    struct bytes tbs, uint64_t size, struct growth *out, struct err *err)
{
	struct growth g;
	uint64_t old;
	size_t peaks;

	if (tbs.n < 8)
		return REFUSE("the growth of a log has %zu octets", tbs.n);
	old = bytes_get_be(tbs.p, 8);
	peaks = (size_t)merkle_peaks(old) * MERKLE_HASH;
	if (size == 0 || size > MERKLE_SIZE_MAX || old > size ||
	    size - old > GROWTH_LEAVES_MAX ||
	    tbs.n != 8 + peaks + (size_t)(size - old) * MERKLE_HASH ||
	    !merkle_from_peaks(old, bytes_of(tbs.p + 8, peaks), &g.old))
		return REFUSE("the growth of a log from %llu to %llu entries "
			      "has %zu octets",
		    (unsigned long long)old, (unsigned long long)size, tbs.n);
	g.leaves = tbs.p + 8 + peaks;
	g.n = size - old;
	*out = g;
	return true;
}

/*
 * What was signed must be the beginning of what is signed now.  The earlier
 * tree in the request may be older than the last checkpoint (the server did not
 * learn of it before it died): then that one's root comes out on the way.
 */
static bool
extends(const struct core_log *log, const struct growth *g,
    struct merkle_hash *root, struct err *err)
{
	struct merkle tree = g->old;
	bool met = log->size == 0;

	for (uint64_t i = 0;; i++) {
		struct merkle_hash leaf;

		if (tree.size == log->size && log->size > 0) {
			merkle_root(&tree, root);
			met = merkle_equal(root, &log->root);
			if (!met)
				break;
		}
		if (i == g->n)
			break;
		memcpy(leaf.v, g->leaves + i * MERKLE_HASH, MERKLE_HASH);
		merkle_append(&tree, &leaf);
	}
	if (!met)
		return REFUSE("the first %llu entries of the log are not those "
			      "of the checkpoint that was signed last: an "
			      "entry was changed, or the database is older "
			      "than keys/signer.journal and has grown again",
		    (unsigned long long)log->size);
	merkle_root(&tree, root);
	return true;
}

bool
core_log_decide(const struct signer_core *c, const struct signer_request *req,
    struct journal_record *out, bool *again, struct err *err)
{
	const struct core_log *log = &c->log;
	struct merkle_hash root;
	struct growth g;

	if (log->key == NULL)
		return REFUSE("the signer holds no log key");
	if (!growth_parse(req->tbs, req->position, &g, err))
		return false;
	if (req->position < log->size)
		return REFUSE("the log has %llu entries, a checkpoint of %llu "
			      "was signed: the database is older than "
			      "keys/signer.journal; restore both of the same "
			      "backup",
		    (unsigned long long)req->position,
		    (unsigned long long)log->size);
	if (g.old.size > log->size)
		return REFUSE("the database has a checkpoint of %llu entries, "
			      "the last one of keys/signer.journal has %llu: "
			      "the journal is older than the database; restore "
			      "both of the same backup",
		    (unsigned long long)g.old.size,
		    (unsigned long long)log->size);
	if (!extends(log, &g, &root, err))
		return false;
	*out = (struct journal_record){ .kind = SIGN_LOG,
		.position = req->position,
		.at_us = clock_now_us(&c->clock) };
	memcpy(out->issuer, log->id, sizeof(out->issuer));
	memcpy(out->tbs_sha256, root.v, MERKLE_HASH);
	*again = req->position == log->size;
	return true;
}

bool
core_log_sign(struct signer_core *c, const struct journal_record *r,
    struct buf *out, struct err *err)
{
	AUTO_BUF signature = { 0 };
	AUTO_BUF text = { 0 };
	struct merkle_hash root;
	uint8_t key[NOTE_KEY];

	memcpy(root.v, r->tbs_sha256, MERKLE_HASH);
	checkpoint_text(c->log.origin, r->position, &root, &text);
	if (!note_key_from_spki(privkey_spki(c->log.key), key, err) ||
	    !privkey_sign(c->log.key, buf_bytes(&text), &signature, err))
		return false;
	buf_add(out, key, sizeof(key));
	buf_add_bytes(out, buf_bytes(&signature));
	buf_add_str(out, c->log.origin);
	return true;
}
