/*
 * How many messages of which type were answered how, since the start.  Figures
 * for the metrics; nothing is decided by them.
 *
 * Thread-safe, without a lock.
 */
#ifndef SCEP_COUNTERS_H
#define SCEP_COUNTERS_H

#include <stdatomic.h>
#include "codec/scep.h"

#define SCEP_KINDS 6 /* the types of requests, and whatever else came */
#define SCEP_OUTCOMES 8 /* success, pending, each failInfo, no CertRep */

struct scep_counts {
	atomic_uint_fast64_t n[SCEP_KINDS][SCEP_OUTCOMES];
};

/* "PKCSReq", "success": as the metrics name them. */
const char *scep_kind_name(size_t kind);
const char *scep_outcome_name(size_t outcome);
/* One that got a CertRep; fail_info with SCEP_FAILURE. */
void scep_count_reply(struct scep_counts *c, unsigned type,
    enum scep_status status, enum scep_fail_info fail_info);
/* One that got a refusal of HTTP's. */
void scep_count_refusal(struct scep_counts *c, unsigned type);

#endif
