/*
 * What the files of this folder share: the server object, the state that one
 * configuration makes, and a call.  Not for other layers; they use est.h.
 *
 * Threads: struct est is shared by all; what changes in it has its own lock.
 * A struct est_state is immutable and lives until est_free.
 */
#ifndef EST_SERVER_H
#define EST_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include "est/est.h"
#include "est/label.h"

struct rates;
struct verified;
struct turns;

struct est_state {
	struct est_state *older;
	struct arena *arena;
	uint64_t generation;
	struct est_label *labels;
	size_t labels_n;
};

/* Who signs the keys that are made for clients. */
struct signing {
	pthread_mutex_t lock;
	const struct privkey *key;
	struct buf chain_pem;
};

struct est {
	struct est_deps deps;
	_Atomic(struct est_state *) state;
	struct rates *failures, *keys_made;
	struct verified *verified;
	struct turns *keygen; /* keys for clients (keygen.h) */
	struct turns *hashing; /* passwords (identity.c) */
	struct signing signing;
};

/* One request at one label; a value of the handler that answers it. */
struct est_call {
	struct est *est;
	const struct est_state *state;
	const struct est_label *label;
	struct http_req *req;
	struct arena *a;
	const char *operation;
	int64_t retry_after; /* with ERR_RATE_LIMITED: seconds */
	bool wrapped; /* the body had line breaks */
};

/* The state of this moment; one request reads it once. */
static inline const struct est_state *
est_state(struct est *est)
{
	return atomic_load(&est->state);
}

#endif
