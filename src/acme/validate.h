/*
 * Validations, RFC 8555 section 8: from the job in the store to the probe and
 * back.  A job is leased, its probes run on the probe loop, the outcome goes
 * to the store with its record, and whoever waits for it is told.  What fails
 * for a passing cause is tried again with back-off (section 8.2).
 *
 * Threads: start and run on any thread that may wait for the store; what a
 * probe answers is dealt with on the probe loop without waiting.  The probe
 * loop and the store are stopped before validator_free.
 */
#ifndef ACME_VALIDATE_H
#define ACME_VALIDATE_H

#include "acme/server.h"

struct validator;

struct validator *validator_new(void);
void validator_free(struct validator *v);
/*
 * The client is ready: starts the validation of a pending authorization, and
 * its first try at once.  *started is false when it ran already.  What cannot
 * be asked now stays due.
 */
bool validation_start(struct acme *acme, const struct authz_row *authz,
    enum challenge_type type, const uint8_t thumbprint[32], int64_t now,
    bool *started, struct err *err) MUST_CHECK;
/* Claims and starts what is due, as much as there is room for. */
bool validation_run(struct acme *acme, struct err *err) MUST_CHECK;
/* Seconds between the try of this number (1, 2, …) and the next. */
int64_t validation_backoff(unsigned attempt);
void validation_counters(
    const struct acme *acme, uint64_t *ok, uint64_t *failed);

#endif
