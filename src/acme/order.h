/*
 * Orders, RFC 8555 sections 7.1.3 and 7.4: the object as clients see it, and
 * reading it.  Making one is new_order.c, finalizing it finalize.c.
 */
#ifndef ACME_ORDER_H
#define ACME_ORDER_H

#include "acme/post.h"
#include "codec/json.h"
#include "codec/name.h"

const char *order_url(
    const struct acme_state *s, struct arena *a, const char *id);
/* Reads the order that the URL names; it belongs to the account. */
bool order_load(
    const struct post *post, struct order_row *out, struct err *err) MUST_CHECK;
/* The identifiers of a stored order. */
bool order_names(const struct order_row *row, struct arena *a,
    struct names *out, struct err *err) MUST_CHECK;
/* The order as the answer, with Location if it says so. */
bool reply_order(const struct post *post, const struct order_row *row,
    int status, struct http_resp *resp, struct err *err) MUST_CHECK;

void acme_post_order(void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_new_order(
    void *ctx, struct http_req *req, struct http_resp *resp);

#endif
