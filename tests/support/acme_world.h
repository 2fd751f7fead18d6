/*
 * A whole ACME server without a network: real store in a fresh directory, root
 * and issuing CA from a ceremony, the signer in this process, a fixed clock,
 * seeded randomness, and a stand-in for the outside world that answers probes
 * from a table.  What it answers goes the same way as a real probe's result:
 * compared, recorded, stored.  Requests go in at http_serve.
 *
 * Each reply is held against the rules that all replies keep (reference rules
 * 2, 6, 7, 9, 10, 11) before a test sees it.
 */
#ifndef SUPPORT_ACME_WORLD_H
#define SUPPORT_ACME_WORLD_H

#include "acme/acme.h"
#include "codec/json.h"
#include "support/acme_client.h"

#define WORLD_BASE "https://ca.test:8443"
#define WORLD_START INT64_C(1790000000)

enum world_network {
	NETWORK_DRIVEN, /* answers while a reply is held */
	NETWORK_SILENT, /* only world_network_run answers */
	NETWORK_FULL, /* refuses: ERR_BUSY */
	NETWORK_THREAD /* a thread answers as probes come */
};

/* What the outside world says to one question; the latest that fits counts. */
struct world_answer {
	enum probe_kind kind;
	const char *name, *path; /* path NULL: any */
	enum err_kind failure; /* 0: it answers */
	const char *why;
	bool transient;
	const char *body; /* http */
	const char *txt[4]; /* dns */
	struct bytes certificate; /* tls */
	bool no_alpn;
	struct bytes caa[4];
	size_t caa_n;
};

struct world;

/* `more` is configuration text behind the usual one; NULL: none. */
struct world *world_new(const char *more);
void world_free(struct world *w);
struct acme *world_acme(struct world *w);
struct store *world_store(struct world *w);
struct ca *world_ca(struct world *w);
const struct http_routes *world_routes(struct world *w);
struct arena *world_arena(struct world *w);
int64_t world_now(struct world *w);
void world_advance(struct world *w, int64_t seconds);
/* A fresh acme with another percentage of refused nonces, same store. */
void world_restart(struct world *w, unsigned reject_nonces_percent);
/* Once: SIGHUP with this configuration text behind the usual one. */
void world_reload(struct world *w, const char *more);
/* The signer does not answer from now on, or does again. */
void world_signer_gone(struct world *w, bool gone);

void world_network(struct world *w, enum world_network how);
void world_answer(struct world *w, const struct world_answer *a);
/* Answers what waits; how many probes were asked. */
size_t world_network_run(struct world *w);
/* How many probes were asked since the start. */
size_t world_probes(struct world *w);
/* acme_run, and the network, until nothing moves. */
void world_settle(struct world *w);

/* ---- requests ---- */

struct reply {
	int status;
	struct http_header *headers;
	size_t headers_n;
	struct bytes body;
	json_t *json; /* NULL if the body is none */
	bool held; /* it was held back for an outcome */
};

struct world_request {
	enum http_method method;
	const char *path; /* with query */
	const char *content_type; /* NULL: application/jose+json on POST */
	const char *accept;
	struct bytes body;
};

/* Serves and, if the reply is held, waits for it.  Lives until world_free. */
struct reply *world_serve(struct world *w, const struct world_request *r);
struct reply *world_get(struct world *w, const char *path);
/* A signed request with a fresh nonce; payload NULL: POST-as-GET.  `url` may
 * be a path or begin with WORLD_BASE. */
struct reply *world_post(struct world *w, struct acme_client *c,
    const char *url, const char *payload);
/* The same, as *j says it; its url and nonce may be NULL: the right ones. */
struct reply *world_post_jws(struct world *w, struct acme_client *c,
    const char *url, const struct acme_jws *j);
/* Any body at all, as application/jose+json. */
struct reply *world_post_raw(
    struct world *w, const char *url, const char *body);
const char *world_nonce(struct world *w);

/* NULL if absent; the nth of several from 0. */
const char *reply_header(const struct reply *r, const char *name, size_t nth);
bool reply_has_link(const struct reply *r, const char *rel);
/* A string member by path: "error.type", "challenges.0.url"; NULL. */
const char *reply_text(const struct reply *r, const char *path);
const json_t *reply_member(const struct reply *r, const char *path);
/* "malformed", without the URN's prefix; NULL if it is no problem. */
const char *reply_problem(const struct reply *r);
void assert_problem(const struct reply *r, int status, const char *type);
void assert_status(const struct reply *r, int status);

/* ---- steps of the flow; each asserts that it went well ---- */

struct acme_client *world_client(struct world *w, const char *alg);
/* "dns:a.test,ip:192.0.2.1"; `more` are further members: ",\"profile\":…". */
struct reply *world_order(struct world *w, struct acme_client *c,
    const char *names, const char *more);
char *order_payload(struct world *w, const char *names, const char *more);
/* The challenge object of a type in an authorization. */
const json_t *authz_challenge(const struct reply *authz, const char *type);
/* Lets the outside world answer a challenge as it should. */
void world_provision(struct world *w, struct acme_client *c,
    const struct reply *authz, const char *type);
/* Provisions and answers every authorization of an order. */
void world_authorize(struct world *w, struct acme_client *c,
    const struct reply *order, const char *type);
/* A finalize payload of these names ("dns:a.test,…"). */
char *finalize_payload(
    struct world *w, EVP_PKEY *key, const char *cn, const char *names);
struct reply *world_finalize(struct world *w, struct acme_client *c,
    const struct reply *order, EVP_PKEY *key, const char *names);
/* The whole way; the certificate's URL. */
const char *world_issue(
    struct world *w, struct acme_client *c, EVP_PKEY *key, const char *names);
/* The leaf of a PEM chain as base64url of its DER. */
char *world_leaf(struct world *w, const struct reply *chain);

#endif
