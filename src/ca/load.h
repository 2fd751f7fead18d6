/*
 * From the configuration's paths to checked chains and profiles: what ca.c
 * (running), check.c (`check`) and limits.c (for the signer) have in common.
 * Reads files through the caller's function; no store, no signer.
 */
#ifndef CA_LOAD_H
#define CA_LOAD_H

#include "ca/ca.h"
#include "ca/chain.h"
#include "ca/profile.h"

struct ca_source {
	bool (*read_file)(void *ctx, const char *path, size_t max,
	    struct arena *a, struct bytes *out, struct err *err);
	void *ctx;
};

/* A certificate of the CA's name and key that another CA has issued. */
struct cross_cert {
	const char *name; /* "root-2-by-root"; it is served under it */
	struct cert cert;
};

#define CROSS_MAX 8u

/* A configured CA's certificates as read. */
struct loaded_ca {
	const struct config_ca *config;
	bool ok; /* else err says why there is no chain */
	struct err err;
	struct chain chain;
	struct cross_cert *cross;
	size_t cross_n;
	/* The CA of the file that is the chain's root; NULL: none. */
	const struct loaded_ca *root;
};

/*
 * All CAs of the configuration; each gets its outcome, so that `check` can
 * report every mistake.  The chains are structurally checked, dates are not.
 */
struct loaded_ca *load_cas(struct lane *lane, const struct ca_source *source,
    const struct config *config, struct arena *a);
/* The loaded CA of that name; NULL if the configuration has none. */
const struct loaded_ca *loaded_find(
    const struct loaded_ca *cas, size_t n, const char *name);
/*
 * cross.c: reads cas[i]'s cross-certificates and names them by who issued them.
 * Each must have the name and the key of the CA's own certificate, or the CA is
 * not ok.
 */
void load_cross(struct lane *lane, const struct ca_source *source,
    struct loaded_ca *cas, size_t n, size_t i, struct arena *a);
/* Compiles a profile and holds it against its CA: ERR_CONFIG. */
bool load_profile(const struct config *config, const struct config_profile *c,
    const struct loaded_ca *cas, struct profile **out,
    struct err *err) MUST_CHECK;

#endif
