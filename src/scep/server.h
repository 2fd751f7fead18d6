/*
 * What the files of this folder share: the server object, the state that one
 * configuration makes, and a call.  Not for other layers; they use scep.h.
 *
 * Threads: struct scep is shared by all; what changes in it has its own lock.
 * A struct scep_state is immutable and lives until scep_free.
 */
#ifndef SCEP_SERVER_H
#define SCEP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include "codec/csr.h"
#include "codec/scep.h"
#include "scep/profile.h"
#include "scep/query.h"
#include "scep/scep.h"

struct rates;
struct reach;
struct runner;
struct verified;

struct scep_state {
	struct scep_state *older;
	struct arena *arena;
	uint64_t generation;
	struct scep_profile *profiles;
	size_t profiles_n;
};

struct scep {
	struct scep_deps deps;
	_Atomic(struct scep_state *) state;
	struct rates *failures;
	struct rates *fetched; /* secrets, by client (secret.c) */
	struct verified *verified;
	/* Of its own, half as many as cores: a flood of messages leaves the
	 * other lanes to the other protocols. */
	struct lanes *lanes;
	pthread_mutex_t legacy; /* deps.legacy's one user */
	atomic_uint running; /* messages and secrets (scep_enter) */
	struct scep_counts counts;
	struct runner *runner;
	struct reach *reach;
	/* What is under way, measured by scep_run now and then. */
	atomic_uint_fast64_t inquiries[INQUIRY_STATES];
	int64_t measured_us;
};

/* One request at one profile; a value of the handler that answers it. */
struct scep_call {
	struct scep *scep;
	const struct scep_state *state; /* of this moment */
	const struct scep_profile *profile;
	struct http_req *req;
	struct arena *a;
	bool operating; /* PKIOperation: what is refused is counted */
	int64_t retry_after; /* with ERR_RATE_LIMITED: seconds */
	/* Of a message, in the order in which they are known: */
	const struct ra_cert *ras[RA_CERTS_MAX];
	size_t ras_n;
	struct scep_request message;
	struct cert signer;
	const struct ra_cert *ra; /* who answers: the recipient, or ras[0] */
	struct cms_enveloped envelope;
	const struct cms_recipient *recipient;
	const char *inquiry; /* that its reply waits for */
};

/* What is to be said to a message. */
struct scep_answer {
	enum scep_status status;
	enum scep_fail_info fail_info;
	const char *text; /* of a FAILURE */
	struct bytes payload; /* of a SUCCESS: a degenerate SignedData */
	/* Not NULL: the reply is held until the inquiry is decided. */
	struct http_ticket *ticket;
	const char *inquiry;
};

#endif
