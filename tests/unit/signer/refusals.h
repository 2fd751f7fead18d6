/* Forbidden structures, each of which breaks one rule (refusals.c). */
#ifndef UNIT_SIGNER_REFUSALS_H
#define UNIT_SIGNER_REFUSALS_H

#include "world.h"

struct refusal {
	const char *name, *says;
	enum signer_kind kind;
	/* Makes the bytes; may set the position back. */
	struct bytes (*make)(struct world *w);
};

extern const struct refusal refusals[];
extern const size_t refusals_n;
/* OCSP answers (refusals_ocsp.c). */
extern const struct refusal ocsp_refusals[];
extern const size_t ocsp_refusals_n;
/* What tests need in the limits beyond world_make's. */
void refusals_prepare(struct world *w);
/* A leaf, a CRL that are signed before, for those that repeat something. */
struct bytes refusals_first_leaf(struct world *w);
struct bytes refusals_first_crl(struct world *w);

#endif
