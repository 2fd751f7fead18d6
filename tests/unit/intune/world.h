/*
 * Intune's client without a network: test_ca's core, two tenants, and a port
 * whose requests wait until the test answers them.
 */
#ifndef INTUNE_WORLD_H
#define INTUNE_WORLD_H

#include "support/unit.h"
#include "intune/intune.h"
#include "support/test_ca.h"

#define WORLD_SECRET "s3cr3t~&=+"
#define WORLD_LOGIN "https://login.example/contoso.example/oauth2/v2.0/token"
#define WORLD_GRAPH                                                            \
	"https://graph.example/v1.0/servicePrincipals/"                        \
	"appId=0000000a-0000-0000-c000-000000000000/endpoints"
#define WORLD_SCEP "https://scep.example/a/b"
#define WORLD_PKI "https://pki.example/c"
#define WORLD_TOKEN(name)                                                      \
	"{\"token_type\":\"Bearer\",\"expires_in\":3600,"                      \
	"\"access_token\":\"" name "\"}"
#define WORLD_ENDPOINTS                                                        \
	"{\"@odata.context\":\"x\",\"value\":["                                \
	"{\"providerName\":\"Other\",\"uri\":\"http://other.example\"},"       \
	"{\"providerName\":\"scepREQUESTvalidationfeservice\","                \
	"\"uri\":\"" WORLD_SCEP "\"},"                                         \
	"{\"serviceName\":\"PkiConnectorFEService\","                          \
	"\"uri\":\"" WORLD_PKI "/\"}]}"

/* A request that went out and waits for its answer. */
struct sent {
	struct sent *next;
	enum outgoing_method method;
	const char *url, *content_type, *body;
	const char *authorization, *activity, *version; /* headers, or NULL */
	size_t headers_n;
	struct bytes anchors;
	int64_t timeout_ms;
	void (*done)(void *arg, const struct outgoing_result *res);
	void *arg;
};

struct world {
	struct test_ca *t;
	struct intune *in;
	struct sent *sent; /* in the order in which they went out */
	unsigned sent_n; /* ever */
	bool busy; /* the port takes nothing */
	/* What done was told last, and how often. */
	struct intune_answer answer;
	unsigned answers;
};

int world_setup(void **state);
int world_teardown(void **state);
/* The first that waits; fails if there is none, or if it goes elsewhere. */
struct sent *world_next(struct world *w, const char *url);
/* Answers that one. */
void world_answer(struct world *w, int status, const char *body);
void world_answer_bytes(struct world *w, int status, struct bytes body);
/* The same: no answer comes. */
void world_lose(struct world *w);
/* Token and list of endpoints are given; the next is the request itself. */
void world_warm(struct world *w);
/* A done for intune.h; arg is the world. */
void world_done(void *arg, const struct intune_answer *answer);
/* Asks whether a request is allowed. */
bool world_validate(struct world *w);
extern const struct intune_request world_request;

#endif
