/*
 * A webhook: a service of the operator's that is told of a request and says
 * whether it is granted.  What is sent has the members of step-ca's
 * SCEPCHALLENGE webhooks (smallstep/certificates, webhook/types.go), so that
 * receivers that exist can be used; the signature's header is our own.
 *
 * Immutable; any thread.
 */
#ifndef SCEP_WEBHOOK_H
#define SCEP_WEBHOOK_H

#include "http/outgoing.h"
#include "scep/profile.h"

#define WEBHOOK_SIGNATURE "X-Chancery-Signature"
/* Of an answer; step-ca's receivers may send what templates need. */
#define WEBHOOK_ANSWER_MAX (64u * 1024u)
/* Of what is told to the client. */
#define WEBHOOK_SHOWN_MAX 100u

struct webhook;

/* With its files; lives as long as the arena.  ERR_CONFIG. */
bool webhook_new(const struct config_webhook *config,
    const struct scep_files *files, struct arena *a, struct webhook **out,
    struct err *err) MUST_CHECK;
int64_t webhook_timeout(const struct webhook *w);

/* What is asked. */
struct webhook_question {
	const char *profile, *transaction;
	const struct csr *csr; /* its challengePassword is UTF-8, or none */
	int64_t now;
};
/* JSON with the challengePassword in it: the caller wipes it. */
void webhook_body(const struct webhook_question *q, struct buf *out);
/* done: as of the outgoing port.  ERR_BUSY. */
bool webhook_ask(const struct webhook *w, const struct outgoing_port *port,
    const struct webhook_question *q,
    void (*done)(void *arg, const struct outgoing_result *res), void *arg,
    struct err *err) MUST_CHECK;

enum verdict {
	VERDICT_YES = 1,
	VERDICT_NO,
	VERDICT_NONE /* no answer that can be read: try again */
};

/* What a service said, of whatever kind. */
struct service_answer {
	enum verdict verdict;
	const char *word; /* its own, for the record */
	const char *text; /* for the log */
	const char *shown; /* for the client, or NULL */
	int64_t retry_after; /* seconds; 0: not said */
};
/* Total: only 200 with {"allow": true} is yes. */
void webhook_read(const struct outgoing_result *res, struct arena *a,
    struct service_answer *out);

#endif
