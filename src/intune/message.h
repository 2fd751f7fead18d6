/*
 * What we send: the form that asks for a token, and the bodies of Intune's
 * requests, member by member as Microsoft's libraries write them.  Structs to
 * bytes; no clock, no network.
 */
#ifndef INTUNE_MESSAGE_H
#define INTUNE_MESSAGE_H

#include "intune/answer.h"

/* What callerInfo says of us. */
#define MESSAGE_CALLER "Chancery/" CHANCERY_VERSION
#define MESSAGE_DESCRIPTION_MAX 255u
/*
 * The hResult of every failure notice: an error (bit 31) that is ours to define
 * (bit 29, [MS-ERREF] 2.1).  Written as the signed 32 bits that Microsoft's
 * Java example passes.
 */
#define MESSAGE_HRESULT ((int32_t)0xa0000001)

/* RFC 6749 section 4.4.2, form-encoded; the caller wipes it. */
void message_token(struct buf *out, const char *client_id,
    const struct secret *client_secret, const char *scope);

struct bytes message_validate(
    const struct intune_request *req, struct arena *a);
/* issuer: what Intune is told as the issuing CA's name, NULL for what the
 * certificate says.  ERR_MALFORMED of what is no certificate. */
bool message_success(const struct intune_request *req, struct bytes certificate,
    const char *issuer, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;
struct bytes message_failure(
    const struct intune_request *req, const char *why, struct arena *a);

struct bytes message_download(
    unsigned max, const char *issuer, struct arena *a);

/* CARequestErrorCode; those that we give. */
enum revocation_error {
	REVOCATION_DONE, /* None */
	REVOCATION_BAD_SERIAL, /* ParameterDataInvalidError */
	REVOCATION_NOT_FOUND, /* CertificateNotFoundError */
	REVOCATION_LATER /* RetryableServiceException */
};
struct revocation_result {
	const char *context;
	enum revocation_error error;
	const char *text; /* with an error */
};
struct bytes message_results(
    const struct revocation_result *results, size_t n, struct arena *a);

#endif
