/*
 * SCEP, RFC 8894: routes over one CA core.  Knows no socket: requests come
 * through http/route.h.
 *
 * Threads: all may serve at once; reload is one thread's.
 */
#ifndef SCEP_SCEP_H
#define SCEP_SCEP_H

#include "ca/ca.h"
#include "ca/ra.h"
#include "http/outgoing.h"
#include "http/route.h"
#include "http/wait.h"
#include "intune/intune.h"
#include "scep/counters.h"

struct scep;

/* The three questions to Intune (intune/intune.h), so that tests can answer
 * them; validate NULL: there is none. */
struct scep_intune {
	struct intune *in;
	bool (*validate)(struct intune *in, const struct intune_request *req,
	    void (*done)(void *arg, const struct intune_answer *answer),
	    void *arg, struct err *err);
	bool (*issued)(struct intune *in, const struct intune_request *req,
	    struct bytes certificate,
	    void (*done)(void *arg, const struct intune_answer *answer),
	    void *arg, struct err *err);
	bool (*failed)(struct intune *in, const struct intune_request *req,
	    const char *why,
	    void (*done)(void *arg, const struct intune_answer *answer),
	    void *arg, struct err *err);
};

struct scep_deps {
	struct store *store;
	struct ca *ca;
	struct ra *ra;
	/* lane_new_legacy's, for profiles with legacy_des; or NULL. */
	struct lane *legacy;
	struct clock clock;
	struct random random;
	unsigned workers; /* of the network; half of them is the most that is
			     at SCEP at once */
	/* As in ca_deps: files of challenges. */
	bool (*read_file)(void *ctx, const char *path, size_t max,
	    struct arena *a, struct bytes *out, struct err *err);
	void *read_ctx;
	/* For requests that a service decides; without waits, a client is told
	 * to poll at once. */
	struct outgoing_port outgoing;
	struct scep_intune intune;
	struct http_waits *waits;
	const struct secret *seal; /* 32 octets; outlives scep */
	unsigned runners; /* threads that issue; 0: scep_run does it */
};

/* Reads the files of the profiles.  The configuration is borrowed until
 * scep_reload or scep_free. */
bool scep_new(const struct scep_deps *deps, const struct config *config,
    struct scep **out, struct err *err) MUST_CHECK;
void scep_free(struct scep *scep);
/* All or nothing. */
bool scep_reload(
    struct scep *scep, const struct config *config, struct err *err) MUST_CHECK;
/* Reads the files of every profile and tells what is wrong with them (`check`).
 */
void scep_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes);
/* Read while they are counted: each is right, their sum may be a moment old. */
const struct scep_counts *scep_counts(const struct scep *scep);
/* The services that decide requests, and what they have under way: in
 * Prometheus's form. */
void scep_service_metrics(const struct scep *scep, struct buf *out);
/* Goes on with requests that a service decides and whose time has come;
 * housekeeping calls it.  Cheap when nothing is due. */
bool scep_run(struct scep *scep, struct err *err) MUST_CHECK;
/* Ends the threads; before the store is closed. */
void scep_stop(struct scep *scep);
/* Adds /scep, /scep/<profile>, and the paths that devices have built in. */
void scep_routes(struct scep *scep, struct http_routes *routes);

#endif
