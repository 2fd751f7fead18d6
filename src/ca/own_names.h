/*
 * The server's own names: the hosts of base_url and http_base_url, which its
 * TLS certificate is for.
 */
#ifndef CA_OWN_NAMES_H
#define CA_OWN_NAMES_H

#include "codec/name.h"
#include "config/config.h"

/* ERR_CONFIG or what name_parse says. */
bool ca_own_names(const struct config *c, struct arena *a, struct names *out,
    struct err *err) MUST_CHECK;

#endif
