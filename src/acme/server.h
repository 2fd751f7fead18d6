/*
 * What the files of this folder share: the server object, and the state that
 * one configuration makes (URLs, directories).  Not for other layers; they use
 * acme.h.
 *
 * Threads: struct acme is shared by all; what is not atomic in it has its own
 * lock.  A struct acme_state is immutable and lives until acme_free.
 */
#ifndef ACME_SERVER_H
#define ACME_SERVER_H

#include <stdatomic.h>
#include "acme/acme.h"

struct nonces;
struct validator;

/* One directory: the default one (profile NULL) or a profile's. */
struct acme_directory {
	const char *profile;
	struct blob *blob;
};

struct acme_state {
	struct acme_state *older;
	struct arena *arena;
	const struct config *config;
	const char *account_prefix; /* base_url "/acme/acct/" */
	struct acme_directory *directories;
	size_t directories_n;
};

struct acme {
	struct acme_deps deps;
	_Atomic(struct acme_state *) state;
	struct nonces *nonces;
	struct validator *validator;
	_Atomic uint64_t nonces_refused;
	/* Keys whose last nonce testing.reject_nonces_percent refused. */
	_Atomic uint64_t refused_by_test[256];
};

/* The state of this moment; one request reads it once. */
const struct acme_state *acme_state(struct acme *acme);
/* base_url and a path. */
const char *acme_url(const struct acme_state *s, struct arena *a,
    const char *fmt, ...) PRINTF(3, 4);
const char *acme_account_url(
    const struct acme_state *s, struct arena *a, const char *id);

#endif
