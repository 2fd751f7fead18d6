#include <unistd.h>

#include "api/actor.h"

bool
actor_is_owner(const struct http_req *req)
{
	return req->has_peer_uid &&
	    (req->peer_uid == 0 || req->peer_uid == geteuid());
}

bool
actor_operator(struct api *api, struct http_req *req, const char *as,
    const char **name, struct err *err)
{
	struct operator_row row;

	if (!req->has_peer_uid)
		return fail(err, ERR_UNAUTHORIZED,
		    "nobody is known to stand behind this connection");
	if (!ca_operator_acting(api->deps.ca, req->peer_uid,
		actor_is_owner(req), as, req->arena, &row, err))
		return false;
	req->log_account = row.name;
	*name = row.name;
	return true;
}

bool
actor_name(struct api *api, struct http_req *req, const char *as,
    const char **name, struct err *err)
{
	struct err why = { 0 };

	if (actor_operator(api, req, as, name, &why))
		return true;
	if (as != NULL || why.kind != ERR_UNAUTHORIZED ||
	    !actor_is_owner(req)) {
		*err = why;
		return false;
	}
	req->log_account = *name =
	    arena_printf(req->arena, "uid %u", (unsigned)req->peer_uid);
	return true;
}

bool
actor_check(struct api *api, struct http_req *req, struct err *err)
{
	const char *name;

	return actor_is_owner(req) ||
	    actor_operator(api, req, NULL, &name, err);
}
