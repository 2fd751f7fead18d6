/*
 * Directories (RFC 8555 section 7.1.1, draft-ietf-acme-profiles) and newNonce
 * (section 7.2).  Both are answered on the loop: the directories are blobs that
 * are made with the state.
 */
#ifndef ACME_DIRECTORY_H
#define ACME_DIRECTORY_H

#include "acme/server.h"

/* Fills state->directories from its configuration and the CA's profiles. */
void directories_new(struct acme *acme, struct acme_state *state);
void directories_free(struct acme_state *state);

void acme_get_directory(
    void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_directory(
    void *ctx, struct http_req *req, struct http_resp *resp);
void acme_get_nonce(void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_nonce(void *ctx, struct http_req *req, struct http_resp *resp);
/* CORS preflight of any path. */
void acme_options(void *ctx, struct http_req *req, struct http_resp *resp);

#endif
