/*
 * The operators' API over http_serve: a real store, core and signer (support/
 * test_ca.h), the routes of src/api, and requests as values.
 */
#ifndef UNIT_API_WORLD_H
#define UNIT_API_WORLD_H

#include "support/unit.h"
#include "support/test_ca.h"
#include "api/api.h"
#include "codec/json.h"

struct world {
	struct test_ca *t;
	struct api *api;
	struct http_routes *routes;
	bool no_peer; /* a connection without credentials … */
	uid_t peer_uid; /* … or of this process; ours at first */
	int status; /* of the last answer */
	json_t *answer; /* lies in t->a */
	const char *content_type;
	const char *account; /* of its line in the log */
};

int world_setup(void **state);
int world_teardown(void **state);

/* target is below /control/v1; body NULL: GET.  The answer is w->answer. */
void world_call(struct world *w, const char *target, const char *body);
/* From another listener, or with another media type. */
void world_call_as(struct world *w, enum listener_kind listener,
    enum http_method method, const char *target, const char *type,
    const char *body);
/* A string member of the answer; fails the test when it is none. */
const char *world_text(struct world *w, const char *key);
/* How many leaves of this kind in the log have the text? */
size_t world_leaves(struct world *w, const char *kind, const char *text);
/* The status and the problem's type. */
void world_refused(struct world *w, int status, const char *type);
/* {"csr": …, "profile": profile, "names": names} for a fresh key; san NULL: no
 * extension; names is JSON or NULL for none. */
const char *world_issue_body(
    struct world *w, const char *profile, const char *san, const char *names);

/* A CSR with a common name and nothing else, DER. */
struct bytes world_csr_without_names(struct world *w, const char *cn);

#endif
