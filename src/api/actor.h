/*
 * Who stands behind a request: the peer of run/control.sock.  Root and the
 * server's own user own it; others reach it when control_group lets them, and
 * are what operator they are by their uid.
 */
#ifndef API_ACTOR_H
#define API_ACTOR_H

#include "api/server.h"
#include "ca/approval.h"

bool actor_is_owner(const struct http_req *req);
/*
 * The named operator who acts: by the peer's uid, or `as` (NULL: none), which
 * wants the peer's uid too, or an owner of the socket for an operator without
 * one.  ERR_UNAUTHORIZED says how to become one.
 */
bool actor_operator(struct api *api, struct http_req *req, const char *as,
    const char **name, struct err *err) MUST_CHECK;
/* For the record and the request's line in the log: the operator's name, or
 * "uid 0" of one that has none.  An `as` that is not the peer's is refused. */
bool actor_name(struct api *api, struct http_req *req, const char *as,
    const char **name, struct err *err) MUST_CHECK;
/* May this peer come in at all?  Owners and named operators. */
bool actor_check(
    struct api *api, struct http_req *req, struct err *err) MUST_CHECK;

#endif
