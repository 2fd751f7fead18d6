/*
 * The times of an answer: what it says, and how long we serve it.  Decisions
 * without a clock.
 */
#ifndef OCSP_PLAN_H
#define OCSP_PLAN_H

#include "util/mem.h"

struct plan {
	int64_t this_update; /* and producedAt */
	int64_t next_update;
	int64_t refresh_at; /* signed anew from here on, if it is asked for */
	int64_t limit; /* no longer served: half of its life */
};

/* Caches between us and the client see a revocation after so long. */
#define PLAN_MAX_AGE 3600

/*
 * next_update is never beyond end, the earlier notAfter of the responder's and
 * the CA's certificates; spread (any number) keeps answers that were signed
 * together from being due together.  False when nothing is left of the time.
 */
bool plan_derive(int64_t now, int64_t validity, int64_t end, uint64_t spread,
    struct plan *out);
/* May it be served now?  Not before it was made: the clock may be set back. */
bool plan_holds(const struct plan *p, int64_t now);
/* For Cache-Control: always over before the answer is. */
int64_t plan_max_age(const struct plan *p, int64_t now);

#endif
