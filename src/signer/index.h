/*
 * What the signer remembers of its journal: the positions of late, and the
 * serials whose time is near.  Bounded: older positions are looked up in the
 * file, older serials are refused by their time (check.h).  One thread.
 */
#ifndef SIGNER_INDEX_H
#define SIGNER_INDEX_H

#include "signer/signer.h"

/* A position that was used lately, and what for. */
struct index_position {
	uint64_t position;
	uint8_t tbs_sha256[32];
	uint8_t issuer[32];
	enum signer_kind kind;
};

struct index;

struct index *index_new(void);
void index_free(struct index *ix);
/* Remembers a record; now (seconds) tells which serials are out of date. */
void index_add(struct index *ix, const struct journal_record *r, int64_t now);
/* NULL: not among those of late.  */
const struct index_position *index_find(
    const struct index *ix, uint64_t position);
/* Were positions up to this one forgotten, so that the file must be asked? */
bool index_has_forgotten(const struct index *ix, uint64_t position);
bool index_has_serial(
    const struct index *ix, const uint8_t serial[SERIAL_SIZE]);

#endif
