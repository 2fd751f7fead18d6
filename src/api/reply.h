/*
 * What the operators' API answers with: JSON, or problem+json whose type is the
 * error kind's name.  Everything lies in the request's arena.
 */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "codec/json.h"
#include "http/route.h"

/* Takes the reference. */
void api_reply_json(
    struct http_req *req, struct http_resp *resp, int status, json_t *value);
/* The one table from error kind to HTTP status. */
int api_reply_status(enum err_kind kind);
void api_reply_err(
    struct http_req *req, struct http_resp *resp, const struct err *err);
/* How every call ends: the value, whose reference is taken, if ok; else err. */
void api_reply(struct http_req *req, struct http_resp *resp, bool ok,
    int status, json_t *value, const struct err *err);
/* For http_route.refuse. */
void api_reply_refuse(void *ctx, struct http_req *req, struct http_resp *resp,
    int status, const char *why);

#endif
