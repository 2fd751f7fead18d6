/*
 * Whether the services that decide requests can be reached: what each of them
 * has said, for /metrics, and one line in the log when one falls silent and
 * another when it is back.  A single answer that was lost is no outage.
 *
 * Any thread; nothing blocks but a short lock.
 */
#ifndef SCEP_REACH_H
#define SCEP_REACH_H

#include "scep/service.h"

struct reach;

struct reach *reach_new(void);
void reach_free(struct reach *r);
/* What a service of this name has just said. */
void reach_note(struct reach *r, enum inquiry_service service, const char *name,
    const struct service_answer *answer, int64_t now);
/* In Prometheus's form. */
void reach_metrics(struct reach *r, struct buf *out);

#endif
