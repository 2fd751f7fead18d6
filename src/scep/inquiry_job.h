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

/* ---- among the steps ---- */

/* One step on its way; one thread at a time. */
struct inquiry_job {
	struct scep *scep;
	struct arena *arena;
	struct inquiry row;
	struct secret *der; /* the request, opened; borrowed by csr */
	struct csr csr;
	const struct scep_profile *profile; /* NULL: it is gone */
	struct sockaddr_storage peer;
	bool has_peer;
	int64_t started_us;
	bool waited_for; /* the move's outcome: replies are held for it */
};

int64_t inquiry_job_now(const struct inquiry_job *job);
/* These end the job, which is given away.  due_at of the move is seconds from
 * now; 0 is never, so at once is a word of its own. */
#define AT_ONCE INT64_MIN
void inquiry_move_on(
    struct inquiry_job *job, struct inquiry_move m, const char *why);
/* The same step later. */
void inquiry_again(
    struct inquiry_job *job, int64_t retry_after, const char *why);
/* reason: for the client; why: for the log. */
void inquiry_give_up(
    struct inquiry_job *job, const char *reason, const char *why);

/* ---- inquiry_issue.c: what is done about the certificate ---- */

void inquiry_issue(struct inquiry_job *job);
void inquiry_revoke(struct inquiry_job *job);
/* Its request cannot be opened. */
void inquiry_unreadable(struct inquiry_job *job, const struct err *err);

#endif
