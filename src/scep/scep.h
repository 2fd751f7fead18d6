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
#include "http/route.h"
#include "scep/counters.h"

struct scep;

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
/* Adds /scep, /scep/<profile>, and the paths that devices have built in. */
void scep_routes(struct scep *scep, struct http_routes *routes);

#endif
