/*
 * Finalize, RFC 8555 section 7.4: CSR in, certificate recorded and released.
 * Runs whole on the worker; only a second finalize of the same order waits.
 */
#ifndef ACME_FINALIZE_H
#define ACME_FINALIZE_H

#include "acme/server.h"

void acme_post_finalize(
    void *ctx, struct http_req *req, struct http_resp *resp);

#endif
