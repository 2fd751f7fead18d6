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

#endif
