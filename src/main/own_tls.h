/*
 * The server's own TLS certificate: issued by its own CA through the same core
 * as everybody's, recorded in the store, and renewed by itself when a third of
 * its life is left.  An operator's own (configuration tls.certificate) is
 * served as it is.
 */
#ifndef MAIN_OWN_TLS_H
#define MAIN_OWN_TLS_H

#include "main/server.h"

/* Finds or issues the certificate and gives it to the network. */
bool own_tls_install(struct server *s, struct err *err) MUST_CHECK;
/* Renews when due; cheap otherwise. */
bool own_tls_renew(struct server *s, struct err *err) MUST_CHECK;
/* Issues through the core; `init` does this before the first start.  replaces:
 * the id of the one before it, or NULL. */
bool own_tls_issue(struct ca *ca, const struct config *c, struct privkey *key,
    const char *replaces, int64_t now, struct arena *a, struct ca_issued *out,
    struct err *err) MUST_CHECK;

#endif
