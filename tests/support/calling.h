/*
 * An outgoing loop against stand-ins, and calls that are waited for.  The
 * configuration may be changed between begin and start.
 */
#ifndef SUPPORT_CALLING_H
#define SUPPORT_CALLING_H

#include <pthread.h>
#include "net/outgoing.h"
#include "support/dns_standin.h"
#include "support/http_standin.h"
#include "support/tls_pki.h"

struct calling {
	struct dns_standin *dns;
	struct tls_pki pki;
	struct http_standin *https; /* a.test and 127.0.0.1, of the pki */
	struct config c;
	const char *resolvers[2];
	const char *system_anchors; /* PEM; NULL: there is no file */
	const char *named_anchors; /* of "anchors.pem", the pki's */
	struct outgoing *outgoing;
	int64_t timeout_ms;
};

/* A result, copied. */
struct called {
	bool done, ok, transient;
	unsigned times;
	int status;
	int64_t retry_after;
	struct err err;
	char *body; /* NUL-terminated */
	size_t body_n;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

void calling_begin(struct calling *c);
/* NULL with the reason, or what start would make. */
struct outgoing *calling_try(struct calling *c, struct err *err);
void calling_start(struct calling *c);
void calling_end(struct calling *c);
/* "https://HOST:PORT/PATH" of the stand-in; a buffer of four. */
const char *calling_url(
    const char *host, const struct http_standin *s, const char *path);
/* A TLS stand-in with a certificate of the pki. */
struct http_standin *calling_server(const struct tls_pki *pki,
    const char *address, unsigned port, const char *names, long days);

bool calling_post(struct calling *c, const struct outgoing_request *req,
    struct called *out, struct err *err);
void calling_wait(struct called *out);
/* Both; a refusal fails the test.  calling_ask: GET. */
void calling_request(
    struct calling *c, const struct outgoing_request *req, struct called *out);
void calling_ask(struct calling *c, const char *url, struct called *out);
/* That there was no answer, and the sentence that says why. */
void assert_call_failed(const struct called *c, enum err_kind kind,
    bool transient, const char *says);
void called_free(struct called *out);

#endif
