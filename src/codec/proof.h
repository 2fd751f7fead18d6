/*
 * Proofs about a log as files that are checked without the log.  Inclusion is
 * C2SP tlog-proof, with the entry itself as its extra data; consistency, for
 * which there is no such format, is written in the same manner:
 *
 *	c2sp.org/tlog-proof@v1           chancery/tlog-consistency@v1
 *	extra BASE64-OF-THE-ENTRY        old SIZE BASE64-OF-THE-ROOT
 *	index 73894                      HASH…
 *	HASH…
 *	                                 CHECKPOINT…
 *	CHECKPOINT…
 *
 * Nothing that a proof says counts before proof_check has said yes.  Parsed
 * values borrow the text or lie in the arena.
 */
#ifndef CODEC_PROOF_H
#define CODEC_PROOF_H

#include "codec/note.h"

#define PROOF_MAX (64u << 20)

enum proof_kind { PROOF_INCLUSION = 1, PROOF_CONSISTENCY };

struct proof {
	enum proof_kind kind;
	/* inclusion */
	struct bytes entry;
	uint64_t index; /* from 0: a position of the log less one */
	/* consistency */
	uint64_t old_size;
	struct merkle_hash old_root;

	struct merkle_hash hashes[MERKLE_PROOF_MAX];
	size_t hashes_n;
	struct checkpoint checkpoint;
};

/* checkpoint is the note, as it was signed; the proof's own is not read. */
void proof_print(
    const struct proof *p, struct bytes checkpoint, struct buf *out);
/* ERR_MALFORMED; an inclusion without its entry too. */
bool proof_parse(struct bytes text, struct arena *a, struct proof *out,
    struct err *err) MUST_CHECK;
/* The checkpoint's signature, then the tree.  ERR_BAD_SIGNATURE. */
bool proof_check(struct lane *lane, const struct proof *p,
    const struct note_key *key, struct err *err) MUST_CHECK;

#endif
