/*
 * Tenants: the rows of the configuration with their files, and what is
 * remembered of each until it is wrong: two tokens and where its services are.
 *
 * Threads: everything below is read and written under intune's lock, except
 * what a row says, which never changes.  A set of tenants lives as long as its
 * configuration or a call that began with it.
 */
#ifndef INTUNE_TENANT_H
#define INTUNE_TENANT_H

#include <pthread.h>
#include "intune/message.h"

/* What a call may have to wait for, in this order. */
enum need { NEED_GRAPH_TOKEN, NEED_ENDPOINTS, NEED_INTUNE_TOKEN, NEEDS };

struct token {
	struct secret *text; /* NULL: none */
	uint64_t number; /* of all tokens of this tenant */
	int64_t from, until; /* it is used in between */
};

enum revoking_step {
	REVOKING_NOTHING,
	REVOKING_ASKED,
	REVOKING_LISTED, /* housekeeping is to revoke them */
	REVOKING_TOLD
};

/* A round of revocations; the list and results belong to housekeeping. */
struct revoking {
	enum revoking_step step;
	int64_t began; /* when it was asked for the last time */
	bool again; /* there may be more: ask at once */
	unsigned rounds; /* at once, one after the other */
	struct arena *arena; /* of the list and the results */
	struct revocation *list;
	struct revocation_result *results;
	size_t n, at, revoked;
};

struct call;

struct tenant {
	struct tenants *set;
	const char *name, *client_id, *issuer_name;
	struct config_strings foreign; /* profiles of SCEP, of other tenants */
	const char *token_url, *endpoints_url;
	const char *scopes[NEEDS]; /* NULL of NEED_ENDPOINTS */
	struct secret *client_secret;
	struct bytes anchors;
	int64_t timeout_ms;
	bool revocation;
	int64_t revocation_period;

	struct token tokens[NEEDS];
	uint64_t tokens_n; /* ever */
	char *uri[SERVICES]; /* NULL: not known */
	int64_t uri_at; /* when they were given */
	bool fetching[NEEDS];
	struct call *waiting[NEEDS];
	struct revoking revoking;
};

struct tenants {
	struct arena *arena;
	unsigned refs;
	struct tenant *v;
	size_t n;
};

/* The files of one tenant; the caller frees the secret.  ERR_CONFIG. */
bool tenant_files_read(const struct intune_deps *deps,
    const struct config_intune *c, struct arena *a, struct bytes *anchors,
    struct secret **secret, struct err *err) MUST_CHECK;
/* One reference.  Reads the files; ERR_CONFIG. */
bool tenants_new(const struct intune_deps *deps, const struct config *config,
    struct tenants **out, struct err *err) MUST_CHECK;
void tenants_free(struct tenants *t);

/* Of this set, or NULL. */
struct tenant *tenant_find(struct tenants *t, const char *name);
/* Tokens and addresses. */
void tenant_forget_token(struct tenant *t, enum need which);
void tenant_forget_endpoints(struct tenant *t);
/* They failed: forgotten, unless they were given just now. */
void tenant_doubt_endpoints(struct tenant *t, int64_t now);
/* Takes the secret. */
void tenant_keep_token(struct tenant *t, enum need which, struct secret *text,
    int64_t lifetime, int64_t now);
void tenant_keep_endpoints(
    struct tenant *t, const struct endpoints *e, int64_t now);
bool tenant_has_token(const struct tenant *t, enum need which, int64_t now);

struct intune {
	struct intune_deps deps;
	pthread_mutex_t lock;
	struct tenants *current;
};

/* Under the lock they count; the last one frees. */
void tenants_unref(struct intune *in, struct tenants *t);

#endif
