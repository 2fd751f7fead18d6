/*
 * Answers: what satisfies every client that was tried, without a switch
 * (docs/est.md, "On the wire").
 */
#ifndef EST_REPLY_H
#define EST_REPLY_H

#include "est/server.h"

/* 200, base64 in the client's own way of lines. */
void est_reply_base64(struct est_call *call, struct http_resp *resp,
    const char *type, struct bytes der);
/* The issued certificate alone, as RFC 7030 section 4.2.3 has it. */
void est_reply_certificate(
    struct est_call *call, struct http_resp *resp, struct bytes der);
/* Would this client want lines?  For bodies that are put together. */
bool est_reply_wraps(const struct est_call *call);

/* Chancery-Revocation-Secret: the secret that revokes what was issued, if the
 * profile has them (POST /revoke takes it).  A field, because the body is the
 * certificate alone. */
void est_reply_secret(struct http_resp *resp, const struct ca_issued *issued);

#endif
