/*
 * Rebuilds the tables that the log stands behind (accounts' keys, certificates,
 * revocations, blocked keys, profile versions, published CRLs, operators,
 * enrolment tokens, decisions on requests) from its events alone, in a database
 * that begins empty, and holds the live tables against them.  Orders,
 * authorizations, requests that wait and the queues are no leaves and not
 * rebuilt.
 *
 * One snapshot of a database file, which is not changed; one thread.
 */
#ifndef STORE_REPLAY_H
#define STORE_REPLAY_H

#include "util/arena.h"

/* What is kept as text; beyond, differences are counted. */
#define REPLAY_DIFFERENCES_MAX 1000u

struct replay {
	uint64_t events, applied; /* those that change a table */
	uint64_t accounts, certificates, revocations, blocked_keys, profiles,
	    crls, operators, tokens, approvals;
	uint64_t differences_n;
	const char **differences; /* at most REPLAY_DIFFERENCES_MAX */
};

/* scratch: a file that does not exist; it is made and kept. */
bool store_file_replay(const char *path, const char *scratch, struct arena *a,
    struct replay *out, struct err *err) MUST_CHECK;

#endif
