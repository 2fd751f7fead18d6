/*
 * The certificate of an order (RFC 8555 section 7.4.2) and its revocation
 * (section 7.6).
 */
#ifndef ACME_CERTIFICATE_H
#define ACME_CERTIFICATE_H

#include "acme/server.h"

enum cert_format { CERT_FORMAT_PEM, CERT_FORMAT_DER, CERT_FORMAT_PKCS7 };
/* What an Accept header asks for; PEM unless another form is asked for
 * explicitly and PEM is not (rule 30).  NULL: no header. */
enum cert_format cert_format_of(const char *accept);

void acme_post_certificate(
    void *ctx, struct http_req *req, struct http_resp *resp);
void acme_post_revoke(void *ctx, struct http_req *req, struct http_resp *resp);

#endif
