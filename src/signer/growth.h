/*
 * How a log has grown, as the signer is told (SIGN_LOG): the tree of an earlier
 * size and every leaf hash since.  The signer computes each root itself and
 * signs no digest that it was given.
 *
 *   old size(8) its peaks(32 each, largest first) leaf hashes(32 each)
 *
 * The request's position is the new size.  Pure.
 */
#ifndef SIGNER_GROWTH_H
#define SIGNER_GROWTH_H

#include "crypto/merkle.h"

/* 2 MiB: more comes in steps. */
#define GROWTH_LEAVES_MAX 65536u

struct growth {
	struct merkle old;
	const uint8_t *leaves; /* n times 32 octets, borrowed */
	uint64_t n;
};

void growth_put(const struct merkle *old, struct bytes leaves, struct buf *out);
/* ERR_SIGNER_REFUSED. */
bool growth_parse(struct bytes tbs, uint64_t size, struct growth *out,
    struct err *err) MUST_CHECK;

#endif
