/* The inside of src/api: what its handlers work on. */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdatomic.h>
#include "api/api.h"

/* Who did it, in the record. */
#define API_OPERATOR "operator"

struct api {
	struct api_deps deps;
	_Atomic(const struct config *) config;
};

static inline const struct config *
api_config(struct api *api)
{
	return atomic_load(&api->config);
}

#endif
