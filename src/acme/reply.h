/*
 * The headers and bodies that ACME replies have in common (reference rules 1
 * to 10).  Each reply is written from its start; nothing is sent from here.
 */
#ifndef ACME_REPLY_H
#define ACME_REPLY_H

#include "acme/server.h"
#include "codec/json.h"
#include "codec/json_out.h"

/* Forgets what was in *resp; sets status, nonce, index link and CORS. */
void reply_start(struct acme *acme, struct http_req *req,
    struct http_resp *resp, int status);
/* reply_start and a pretty-printed body. */
void reply_json(struct acme *acme, struct http_req *req, struct http_resp *resp,
    int status, const json_t *body);
void reply_json_as(struct acme *acme, struct http_req *req,
    struct http_resp *resp, int status, const char *media_type,
    const json_t *body);
void reply_json_out(struct acme *acme, struct http_req *req,
    struct http_resp *resp, int status, struct json_out *body);
/* What a browser's script may do and see; also on replies from a blob. */
void reply_cors(struct http_resp *resp);
/* <url>;rel="rel", a field of its own (rule 2). */
void reply_link(struct http_req *req, struct http_resp *resp, const char *url,
    const char *rel);
void reply_location(struct http_resp *resp, const char *url);
void reply_retry_after(
    struct http_req *req, struct http_resp *resp, int64_t seconds);
/* Adds a fresh Replay-Nonce. */
void reply_nonce(
    struct acme *acme, struct http_req *req, struct http_resp *resp);

/* A member that is a time, RFC 3339. */
void json_out_time(struct json_out *o, const char *key, int64_t t);
void json_set_text(json_t *o, const char *key, const char *s);
/* JSON text of our own (from the store); NULL if it is none. */
json_t *json_own(const char *text);

#endif
