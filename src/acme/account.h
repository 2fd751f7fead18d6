/*
 * Accounts: newAccount, update, deactivation (RFC 8555 section 7.3) and the
 * list of an account's orders (section 7.1.2.1).
 */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

#include "acme/server.h"
#include "codec/json.h"

void acme_post_new_account(
    void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_account(void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_account_orders(
    void *ctx, struct http_req *req, struct http_resp *resp);

/* The `contact` member of a request as JSON text for the store; NULL when it
 * is absent.  ERR_CONTACT_INVALID, ERR_CONTACT_UNSUPPORTED, ERR_MALFORMED. */
bool contacts_read(const json_t *o, struct arena *a, const char **out,
    struct err *err) MUST_CHECK;

#endif
