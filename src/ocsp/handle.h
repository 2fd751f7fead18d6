/*
 * GET and POST: on the loop as far as memory goes, the rest on a worker.
 */
#ifndef OCSP_HANDLE_H
#define OCSP_HANDLE_H

#include "ocsp/state.h"

/* Handlers of http/route.h; ctx is the struct ocsp. */
void ocsp_get(void *ctx, struct http_req *req, struct http_resp *resp);
void ocsp_post(void *ctx, struct http_req *req, struct http_resp *resp);
void ocsp_refuse(void *ctx, struct http_req *req, struct http_resp *resp,
    int status, const char *why);

#endif
