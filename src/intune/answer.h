/*
 * What the services answer with 200: a token (RFC 6749 section 5.1), Microsoft
 * Graph's list of endpoints, Intune's code, its list of revocations, and its
 * receipt of what became of them.  Bytes to structs; JSON is read strictly, and
 * nothing is guessed: what does not say yes is no yes.
 *
 * Any thread.  Results lie in the arena.
 */
#ifndef INTUNE_ANSWER_H
#define INTUNE_ANSWER_H

#include "codec/cert.h"
#include "intune/intune.h"
#include "util/secret.h"

#define TOKEN_MAX 16384u
#define ENDPOINT_MAX 1024u
#define ENDPOINTS_MAX 1000u
#define REVOCATIONS_MAX 500u /* that Intune gives at once */

/* A bearer token; the caller frees it.  *lifetime in seconds.  ERR_MALFORMED.
 */
bool answer_token_parse(struct bytes body, struct arena *a, struct secret **out,
    int64_t *lifetime, struct err *err) MUST_CHECK;

enum intune_service {
	SERVICE_SCEP, /* ScepRequestValidationFEService */
	SERVICE_REVOCATION, /* PkiConnectorFEService */
	SERVICES
};
extern const char *const intune_service_names[SERVICES];

/* Where they are, without a slash at the end; NULL: not in the list.  A service
 * of ours that is not at https is ERR_MALFORMED. */
struct endpoints {
	const char *uri[SERVICES];
};
bool answer_endpoints_parse(struct bytes body, struct arena *a,
    struct endpoints *out, struct err *err) MUST_CHECK;

/* Yes is the code Success alone; any other is a no, whether we know it or not:
 * Microsoft's libraries throw at codes that they do not know, and who throws
 * does not issue.  An answer without a code is ERR_MALFORMED. */
struct verdict {
	enum intune_verdict verdict;
	const char *code; /* printable, at most 64 octets */
	const char *description; /* printable, or NULL */
	bool known; /* code is one of theirs */
};
bool answer_verdict_parse(struct bytes body, struct arena *a,
    struct verdict *out, struct err *err) MUST_CHECK;

/* What Intune wants revoked. */
struct revocation {
	const char *context; /* comes back with the result */
	const char *serial; /* as it came */
	const char *issuer; /* or NULL */
};
/* At most max; more is ERR_MALFORMED.  One that has no context cannot be
 * answered and is left out, so that it does not stop the others. */
bool answer_revocations_parse(struct bytes body, size_t max, struct arena *a,
    struct revocation **out, size_t *n, size_t *left_out,
    struct err *err) MUST_CHECK;
/* Did it take the results?  ERR_MALFORMED if it does not say so. */
bool answer_receipt_check(
    struct bytes body, struct arena *a, struct err *err) MUST_CHECK;
/* Hex of any case and with leading zeros, colons and spaces.  ERR_MALFORMED;
 * ERR_TOO_LARGE of more than SERIAL_SIZE octets. */
bool answer_serial_parse(
    const char *text, uint8_t out[SERIAL_SIZE], struct err *err) MUST_CHECK;

/* What the body of another status says of the cause, printable; "" if it says
 * nothing that we can read. */
const char *answer_cause(struct bytes body, struct arena *a);

#endif
