/*
 * A whole SCEP server without a network: test_ca's core, profiles, and messages
 * that go in at http_serve.  The client's side is OpenSSL's CMS, which shares
 * no code with ours.
 */
#ifndef SCEP_WORLD_H
#define SCEP_WORLD_H

#include "support/unit.h"
#include "support/x509v3.h"

#include <openssl/cms.h>
#include "codec/scep.h"
#include "scep/scep.h"
#include "store/inquiry.h"
#include "support/test_ca.h"

#define WORLD_CHALLENGE "Correcthorse7"

OWN_DEFINE(CMS_ContentInfo, CMS_ContentInfo_free)

/* A key of a client, and a certificate for it. */
struct client {
	struct privkey *key;
	EVP_PKEY *pkey;
	X509 *x509;
	struct bytes der; /* of x509 */
};

enum world_call_kind {
	WORLD_WEBHOOK = 1,
	WORLD_VALIDATE,
	WORLD_ISSUED,
	WORLD_FAILED
};

/* A question to a service, which the test answers. */
struct world_call {
	enum world_call_kind kind;
	const char *url; /* or the tenant */
	const char *body; /* or why it failed */
	const char *signature, *authorization;
	struct bytes certificate;
	void (*webhook_done)(void *arg, const struct outgoing_result *res);
	void (*intune_done)(void *arg, const struct intune_answer *answer);
	void *arg;
};

struct world {
	struct test_ca *t;
	struct ra *ra;
	struct scep *scep;
	struct http_routes *routes;
	struct lane *lane;
	struct privkey *mdm; /* signs challenges */
	struct clock clock; /* test_ca's */
	struct client one, two, ec; /* self-signed; RSA, RSA, P-256 */
	X509 *to; /* the server's certificate */
	struct http_resp resp; /* of the last message */
	struct http_req *req;
	struct http_waits *waits;
	struct secret *seal;
	struct world_call calls[64];
	size_t calls_n, answered_n;
	bool busy; /* the services' ports take nothing */
	struct arena *a;
};

/* A message; what is 0 or NULL is as clients usually have it. */
struct letter {
	const char *path; /* "/scep" */
	unsigned type;
	const char *transaction;
	const struct client *by; /* who signs */
	size_t nonce_n; /* 16 */
	const EVP_MD *digest;
	const EVP_CIPHER *cipher;
	bool oaep, pss;
	struct bytes content; /* to be enclosed */
	struct bytes envelope; /* instead, as it is */
	const char *peer; /* "192.0.2.1" */
	bool get;
	bool unsaid; /* the query has no operation */
	bool any_transaction; /* the answer may have it */
	enum listener_kind listener; /* http */
	struct bytes client_cert; /* of TLS */
};

/* What was answered. */
struct answer {
	int http;
	int status, fail_info; /* -1: none */
	const char *text;
	size_t size;
	struct scep_request whole;
	enum cipher_alg cipher; /* of a SUCCESS */
	enum transport_alg transport;
	struct bytes certs; /* one behind the other */
	struct bytes crls;
	struct cert first;
};

int world_setup(void **state);
int world_teardown(void **state);
/* PKCS#10 with challengePassword, if challenge is not NULL.  dns may be several
 * names with a space between; the first is the common name too. */
struct bytes world_csr(struct world *w, struct privkey *key, const char *dns,
    const char *challenge);
/* The inner and the outer form. */
struct bytes world_enclose(struct world *w, const struct letter *l);
struct bytes world_write(struct world *w, const struct letter *l);
/* Octets to a path, and what came back; the reply's signature holds. */
struct answer world_send(
    struct world *w, const struct letter *l, struct bytes message);
/* What the second half of a reply that was held says. */
struct answer world_told(struct world *w, const struct letter *l,
    struct http_req *req, struct http_resp *resp);

/* The oldest question that has no answer; it is of this kind. */
struct world_call *world_call(struct world *w, enum world_call_kind kind);
/* Answers it and goes on with what follows; status 0: no answer came. */
void world_hook_says(struct world *w, int status, const char *body);
void world_intune_says(
    struct world *w, enum world_call_kind kind, enum intune_verdict verdict);
/* Goes on with what is due. */
void world_run(struct world *w);
/* All of it. */
struct answer world_ask(struct world *w, const struct letter *l);
/* A request for a name with the challenge, by client one; it succeeds. */
struct answer world_enrol(struct world *w, const char *path, const char *dns);
/* Makes the certificate of an answer the client's. */
void world_take(struct world *w, struct client *c, const struct answer *got);
size_t world_issued(struct world *w);

#define assert_failed(got, info)                                               \
	do {                                                                   \
		struct answer got_ = (got);                                    \
		assert_int_equal(got_.http, 200);                              \
		assert_int_equal(got_.status, SCEP_FAILURE);                   \
		assert_int_equal(got_.fail_info, info);                        \
	} while (0)
#define assert_granted(got)                                                    \
	do {                                                                   \
		struct answer got_ = (got);                                    \
		assert_int_equal(got_.http, 200);                              \
		if (got_.status != SCEP_SUCCESS)                               \
			fail_msg("%d %s", got_.fail_info, got_.text);          \
	} while (0)

#endif
