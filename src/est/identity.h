/*
 * Who asks (RFC 7030 sections 3.2.3 and 3.3.2).  A value that issuing demands;
 * nothing is issued to a request without one.
 */
#ifndef EST_IDENTITY_H
#define EST_IDENTITY_H

#include "ca/token.h"
#include "ca/client.h"
#include "est/server.h"

enum identity_kind {
	IDENTITY_CERTIFICATE = 1, /* client */
	IDENTITY_REGISTRAR, /* client; enrols for others */
	IDENTITY_USER, /* user */
	IDENTITY_TOKEN, /* token */
	IDENTITY_NOBODY /* waits for an operator */
};

struct identity {
	enum identity_kind kind;
	const char *name; /* for the log and the record */
	struct ca_client client;
	const struct password_user *user;
	struct token token;
};

const char *est_identity_kind_name(enum identity_kind kind);
/* ERR_UNAUTHORIZED, ERR_RATE_LIMITED, ERR_MALFORMED; failures are counted. */
bool est_identity_find(
    struct est_call *call, struct identity *out, struct err *err) MUST_CHECK;

#endif
