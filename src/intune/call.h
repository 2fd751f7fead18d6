/*
 * One request to a service of a tenant, with what has to be there before it:
 * Graph's token, the list of endpoints, Intune's token.  Calls that need the
 * same thing wait for one fetch of it.
 *
 * A status 401 drops the token and asks once more; any other failure drops the
 * endpoints, for the service may have moved.  It is not tried again here: who
 * asks knows for how long that makes sense.
 *
 * Threads: call_start any; the rest runs on the outgoing loop.
 */
#ifndef INTUNE_CALL_H
#define INTUNE_CALL_H

#include "intune/tenant.h"

#define ACTIVITY_SIZE 37u

struct call_result {
	bool ok; /* a status 200 is there */
	struct bytes body;
	const char *text; /* what was asked, where, and what came */
	int64_t retry_after; /* seconds; 0: not said */
};

struct call {
	/* Set by the caller: */
	struct tenant *tenant;
	enum intune_service service;
	const char *action; /* "ScepActions/validateRequest" */
	struct bytes body; /* in arena */
	struct arena *arena; /* the call's, freed with it */
	/* Exactly once on the outgoing loop; the call is freed after it. */
	void (*finish)(struct call *c, const struct call_result *r);
	void (*done)(void *arg, const struct intune_answer *answer);
	void *arg;
	/* call.c's own: */
	struct intune *in;
	struct call *next; /* that waits for the same */
	char activity[ACTIVITY_SIZE];
	const char *url; /* as asked */
	uint64_t token; /* the number of the one that was sent */
	bool asked_again; /* after a 401 */
	bool unlisted; /* Graph's list has not its service */
	unsigned steps; /* fetches that it waited for */
	bool relocated; /* Graph's token was refused once */
};

/* A call of this tenant, which it keeps alive; freed by call_start. */
struct call *call_new(struct intune *in, struct tenant *t);
/* Frees what call_start was never called with. */
void call_free(struct call *c);
/* Takes the call.  False: it is freed, finish is not called.  ERR_BUSY. */
bool call_start(struct call *c, struct err *err) MUST_CHECK;

#endif
