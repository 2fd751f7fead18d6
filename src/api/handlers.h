/* The handlers behind the rows of api.c; ctx is the struct api. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/server.h"

void api_get_certs(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_certs(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_cert(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_cert_revoke(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_revocations(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_revocations(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_revocation(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_key_block(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_accounts(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_account(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_account_deactivate(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_orders(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_order(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_cas(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_ca(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_crls(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_crls(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_acts(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_status(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_tokens(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_tokens(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_token_revoke(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_operators(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_operators(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_operator_remove(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_approvals(void *ctx, struct http_req *req, struct http_resp *resp);
void api_get_approval(void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_approval_approve(
    void *ctx, struct http_req *req, struct http_resp *resp);
void api_post_approval_reject(
    void *ctx, struct http_req *req, struct http_resp *resp);

#endif
