/* The inside of src/api: what its handlers work on. */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdatomic.h>
#include "api/api.h"
#include "codec/csr.h"

struct api {
	struct api_deps deps;
	_Atomic(const struct config *) config;
	struct api_entry *entries; /* one for each route, made by api_routes */
};

static inline const struct config *
api_config(struct api *api)
{
	return atomic_load(&api->config);
}

/* A certificate by its serial in hex, colons allowed, or by its id. */
bool api_cert_find(struct api *api, const char *key, struct arena *a,
    struct cert_row *out, struct err *err) MUST_CHECK;
/* A request for a certificate: PEM, or the DER as base64. */
bool api_csr_read(const char *text, struct arena *a, struct csr *out,
    struct err *err) MUST_CHECK;

#endif
