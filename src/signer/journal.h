/*
 * The signer's journal: an append-only file of slots of 128 octets.  The first
 * names the format and is drawn at random; each later one is a record.  Every
 * slot ends with 16 octets of SHA-256 over the check of the slot before and its
 * own 112 octets, so a record cannot be changed, moved or cut out of the middle
 * unseen.  A tail that was torn by a crash is told from damage: nothing behind
 * it holds together, and it is no longer than a batch.
 *
 *   record: "CSJ1" kind(1) 0(3) position(8) at_us(8) issuer(32) serial(20) 0(4)
 *           tbs_sha256(32) check(16); numbers big-endian
 *
 * A record is durable before the signature that it stands for leaves the
 * process.  One thread.
 */
#ifndef SIGNER_JOURNAL_H
#define SIGNER_JOURNAL_H

#include "signer/signer.h"

#define JOURNAL_SLOT 128u
#define JOURNAL_CHECK 16u
/* Records that one append may carry, so the most that a crash can tear. */
#define JOURNAL_BATCH 64u

struct journal {
	int fd;
	uint64_t size; /* octets, a multiple of the slot */
	uint8_t check[JOURNAL_CHECK]; /* of the last slot */
	uint64_t syncs;
	/* An append failed in a way that cannot be taken back: no record can
	 * be trusted to be durable any more. */
	bool broken;
};

/* Reads slot by slot through a buffer. */
struct journal_reader {
	int fd;
	uint64_t offset; /* of the slot that is next */
	uint8_t check[JOURNAL_CHECK]; /* of the slot before */
	uint8_t chunk[512 * JOURNAL_SLOT];
	size_t chunk_n, chunk_at;
};

void journal_reader_init(struct journal_reader *r, int fd);
/*
 * The next record.  *end at the last one, and at a torn tail: then r->offset is
 * where it begins.  ERR_MALFORMED: damage; ERR_SYSTEM: cannot be read.
 */
bool journal_reader_next(struct journal_reader *r, struct journal_record *out,
    bool *end, struct err *err) MUST_CHECK;

/*
 * Ready to append behind what the reader has read to its end: cuts off a torn
 * tail, gives an empty file its first slot, and makes all of it durable.
 */
bool journal_open(const struct journal_reader *r, struct journal *out,
    struct err *err) MUST_CHECK;
/*
 * Appends n ≤ JOURNAL_BATCH records and makes them durable.  On failure none of
 * them is there (ERR_SIGNER), or j->broken is set.
 */
bool journal_append(struct journal *j, const struct journal_record *records,
    size_t n, struct err *err) MUST_CHECK;

/* Slots as octets (journal_tail.c). */
void journal_slot_put(const struct journal_record *r,
    const uint8_t before[JOURNAL_CHECK], uint8_t slot[JOURNAL_SLOT]);
void journal_slot_first(uint8_t slot[JOURNAL_SLOT]);
bool journal_slot_is_first(const uint8_t slot[JOURNAL_SLOT]);
bool journal_slot_get(const uint8_t slot[JOURNAL_SLOT],
    const uint8_t before[JOURNAL_CHECK], struct journal_record *out);
/* Is what begins at the offset, where a slot did not hold, a torn tail? */
bool journal_tail_is_torn(int fd, uint64_t offset,
    const uint8_t before[JOURNAL_CHECK], bool *torn,
    struct err *err) MUST_CHECK;

#endif
