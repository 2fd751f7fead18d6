/*
 * Does what came back prove control?  RFC 8555 sections 8.3 and 8.4, RFC 8737,
 * RFC 8738.  Comparisons over a probe's result: no network, no store.
 */
#ifndef ACME_COMPARE_H
#define ACME_COMPARE_H

#include "codec/name.h"
#include "http/probe.h"
#include "store/store.h"

struct lane;

struct expectation {
	enum challenge_type type;
	struct name name; /* without "*." */
	const char *key_authorization; /* token "." thumbprint */
	uint8_t digest[32]; /* SHA-256 of it */
	const char *digest_text; /* base64url */
	const char *looked_up; /* what was asked, for messages */
};

/* RFC 8555 section 8.1, and the name and path that a probe asks for. */
void expectation_make(const struct validation_job *job, struct arena *a,
    struct expectation *out, struct probe_request *request);
/*
 * ERR_INCORRECT_RESPONSE (or the probe's own error) tells what was asked and
 * what came back.  The lane checks one signature at most.
 */
bool expectation_check(const struct expectation *e,
    const struct probe_result *res, struct lane *lane, struct arena *a,
    struct err *err) MUST_CHECK;

#endif
