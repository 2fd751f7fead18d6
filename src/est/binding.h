/*
 * Linking identity and proof of possession (RFC 7030 section 3.5): the CSR's
 * challengePassword holds a value of the TLS connection, so that who signed the
 * CSR is who holds the connection.  A pure decision.
 */
#ifndef EST_BINDING_H
#define EST_BINDING_H

#include "codec/csr.h"
#include "http/message.h"

/* binding NULL: the connection has none.  ERR_UNAUTHORIZED when it is required
 * and missing, ERR_REJECTED when it is there and another connection's. */
bool est_binding_check(const struct csr *csr,
    const struct http_binding *binding, bool required,
    struct err *err) MUST_CHECK;

#endif
