/*
 * Threads that go on with inquiries: those whose service has answered, and
 * those that a crash or a service out of reach left behind.  They wait for the
 * signer and the store, which the outgoing loop may not.
 */
#ifndef SCEP_RUNNER_H
#define SCEP_RUNNER_H

#include "util/err.h"

struct scep;
struct runner;

/* threads 0: runner_look does the work itself (tests). */
struct runner *runner_new(struct scep *scep, unsigned threads);
void runner_free(struct runner *r);
/* Ends the threads; after it nothing is claimed. */
void runner_stop(struct runner *r);
/* Something may be due; any thread, never waits. */
void runner_wake(struct runner *r);
/* Wakes them if something is due. */
bool runner_look(struct runner *r, struct err *err) MUST_CHECK;

#endif
