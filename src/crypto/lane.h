/*
 * Lanes.  Threads that share OpenSSL's default library context do not scale
 * (limits, section 2), so each lane is an OSSL_LIB_CTX of its own with fetched
 * digests, kept contexts and a cache of account keys.  There are as many lanes
 * as cores: a caller borrows one for the CPU-bound part and gives it back
 * before anything waits.
 */
#ifndef CRYPTO_LANE_H
#define CRYPTO_LANE_H

#include "crypto/own.h"

struct lanes;
struct lane;

/* n == 0: one per online core. */
struct lanes *lanes_new(unsigned n);
void lanes_free(struct lanes *l);
/* Waits for a free lane (strictly CPU-bound owners, so not for long). */
struct lane *lane_borrow(struct lanes *l);
void lane_return(struct lanes *l, struct lane *lane);
/* A lane that no pool owns: for the signer, init, tests, each loop thread. */
struct lane *lane_new(void);
/* The same with OpenSSL's legacy algorithms, single DES among them, which no
 * other lane has.  Before the sandbox: the provider is a file.  ERR_SYSTEM. */
struct lane *lane_new_legacy(struct err *err);
void lane_free(struct lane *lane);
OSSL_LIB_CTX *lane_libctx(struct lane *lane);

struct lane_loan {
	struct lanes *lanes;
	struct lane *lane;
};
static inline void
lane_loan_end(struct lane_loan *l)
{
	if (l->lane != NULL)
		lane_return(l->lanes, l->lane);
	l->lane = NULL;
}
/* AUTO_LANE loan = lane_lend(lanes); … loan.lane …; ends with the scope. */
#define AUTO_LANE __attribute__((cleanup(lane_loan_end))) struct lane_loan
static inline struct lane_loan
lane_lend(struct lanes *l)
{
	return (struct lane_loan){ l, lane_borrow(l) };
}

#endif
