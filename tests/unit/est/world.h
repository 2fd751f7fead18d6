/*
 * A whole EST server without a network: test_ca's core, labels, files, and
 * requests that go in at http_serve.
 */
#ifndef EST_WORLD_H
#define EST_WORLD_H

#include "support/unit.h"
#include "est/est.h"
#include "support/test_ca.h"

#define WORLD_BASIC "Basic ZGV2OnNlY3JldA==" /* dev:secret */
#define WORLD_BASIC_FEW "Basic ZmV3OnNlY3JldA==" /* few:secret */
#define WORLD_NAME "dev.example.net"

struct world {
	struct test_ca *t;
	struct est *est;
	struct http_routes *routes;
	struct privkey *key; /* of the requests, P-256 */
	struct privkey *maker_key; /* of the label makers' anchor */
	struct bytes maker; /* its name */
	struct http_binding binding; /* of the connection; kind NONE: none */
	/* of the last request */
	struct http_resp resp;
	struct arena *a;
};

/* What a request has beside its path and body. */
struct world_call {
	const char *authorization, *user_agent, *type;
	struct bytes client_cert;
	const char *peer; /* "192.0.2.1" if NULL */
	bool https; /* else the est listener */
};

int world_setup(void **state);
int world_teardown(void **state);
/* A request for a name; more is DER of further attributes. */
struct bytes world_csr(struct world *w, struct privkey *key, const char *cn,
    const char *dns, struct bytes more);
/* An attribute with one value, whole. */
struct bytes world_attribute(
    struct world *w, struct bytes oid, int tag, struct bytes value);
/* POST, or GET without a body; the status. */
int world_send(struct world *w, const char *path, const char *body,
    const struct world_call *call);
/* The same for DER, in one line of base64. */
int world_post(struct world *w, const char *path, struct bytes der,
    const struct world_call *call);
/* Does the last answer's body say this? */
bool world_said(const struct world *w, const char *words);
/* The one certificate of the last answer. */
struct cert world_certificate(struct world *w);
/* A certificate of this key, as if the client had it from us. */
struct bytes world_client(
    struct world *w, const char *profile, struct privkey *key, const char *dns);
/* A certificate of this key by the maker of devices, with these usages. */
struct bytes world_made(struct world *w, struct bytes spki,
    const char *const *eku, size_t eku_n, const char *dns);
/* How many certificates the record has. */
size_t world_issued(struct world *w);

#endif
