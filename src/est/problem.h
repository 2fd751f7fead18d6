/*
 * From what went wrong to what the client is told: a status and a sentence
 * (RFC 7030 section 4.2.3: text/plain).
 */
#ifndef EST_PROBLEM_H
#define EST_PROBLEM_H

#include "est/server.h"

/* The status of a kind; passwords: this label asks for some. */
int est_problem_status(enum err_kind kind, bool passwords);
void est_problem_reply(
    struct est_call *call, struct http_resp *resp, const struct err *err);
/* Of the route table and the net layer. */
void est_refuse(void *ctx, struct http_req *req, struct http_resp *resp,
    int status, const char *why);

#endif
