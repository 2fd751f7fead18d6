/*
 * The operators' JSON API.  In this version it is served on run/control.sock
 * only (LISTENER_CONTROL), where the command line drives it; the socket's mode
 * and the peer's uid are the authentication.  Root and the server's user may do
 * everything, named operators read and decide requests of the approval queue
 * (actor.h).
 */
#ifndef API_API_H
#define API_API_H

#include "ca/ra.h"
#include "http/route.h"

struct api;

struct api_deps {
	struct store *store;
	struct ca *ca;
	struct ra *ra; /* of SCEP; NULL: none */
	struct clock clock;
	/* DIR of backups is opened by the server's own rights. */
};

struct api *api_new(const struct api_deps *deps, const struct config *config);
void api_free(struct api *api);
void api_reload(struct api *api, const struct config *config);
/* Called once.  Adds /control/v1/…; JSON in and out; errors are problem+json
 * whose type is the error kind's name. */
void api_routes(struct api *api, struct http_routes *routes);

#endif
