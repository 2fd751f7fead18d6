/* The handlers behind the rows of api.c: *out is the answer, the row says with
 * which status; what fails becomes a problem document (reply.h). */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/server.h"
#include "codec/json.h"

bool api_get_certs(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_certs(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_cert(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_cert_revoke(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_revocations(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_revocations(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_revocation(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_key_block(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_accounts(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_account(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_account_deactivate(struct api *api, struct http_req *req,
    json_t **out, struct err *err) MUST_CHECK;
bool api_get_orders(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_order(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_cas(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_ca(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_crls(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_crls(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_ra(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_acts(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_status(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_tokens(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_tokens(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_token_revoke(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_operators(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_operators(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_operator_remove(struct api *api, struct http_req *req,
    json_t **out, struct err *err) MUST_CHECK;
bool api_get_approvals(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_get_approval(struct api *api, struct http_req *req, json_t **out,
    struct err *err) MUST_CHECK;
bool api_post_approval_approve(struct api *api, struct http_req *req,
    json_t **out, struct err *err) MUST_CHECK;
bool api_post_approval_reject(struct api *api, struct http_req *req,
    json_t **out, struct err *err) MUST_CHECK;

#endif
