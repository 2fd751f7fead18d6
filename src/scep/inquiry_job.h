/*
 * One step of an inquiry: the service is asked, the certificate issued, the
 * service told, or the certificate revoked; and the row moved by what came of
 * it.  A step that is lost with the process is taken again when its lease is
 * over, by whoever claims the row; the row's state decides, so a late answer
 * does no harm.
 *
 *	ASKING ─yes─► GRANTED ─issued─► ISSUED ─confirmed─► CLOSED
 *	  │no           │in vain          │denied
 *	REFUSED       FAILED            WITHDRAWN, revoked
 *
 * A webhook is told nothing: GRANTED goes to CLOSED.
 */
#ifndef SCEP_INQUIRY_JOB_H
#define SCEP_INQUIRY_JOB_H

#include "scep/service.h"

/* The request as it lies in its row. */
bool inquiry_seal(struct scep *scep, const char *id, struct bytes csr,
    struct arena *a, struct bytes *out, struct err *err) MUST_CHECK;

/*
 * Takes the step of a row that is leased to the caller; any thread.  Asking and
 * telling start and return; issuing and revoking wait for the signer and the
 * store.  peer: whose refusal is counted, or NULL.
 */
void inquiry_step(struct scep *scep, const struct inquiry *row,
    const struct sockaddr_storage *peer);

/* Seconds until the next try. */
int64_t inquiry_backoff(unsigned attempts, int64_t retry_after);

#endif
