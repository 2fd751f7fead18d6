#include "api/actor.h"
#include "api/handlers.h"
#include "api/reply.h"

/*
 * What an operator did offline, with the key files themselves, as a leaf of the
 * log: the server is the one writer while it runs.  It is a record, not an
 * order: nothing follows from it here.
 */

static bool
check_event(const char *kind, const json_t *event, struct err *err)
{
	const char *key;
	json_t *value;

	if (strcmp(kind, "key") != 0 && strcmp(kind, "operator") != 0)
		return fail(err, ERR_MALFORMED,
		    "kind is %.32s, expected key or operator", kind);
	if (!json_is_object(event) ||
	    !json_is_string(json_object_get(event, "act")))
		return fail(
		    err, ERR_MALFORMED, "event is no object with an act");
	json_object_foreach ((json_t *)(uintptr_t)event, key, value)
		if (!json_is_string(value))
			return fail(err, ERR_MALFORMED,
			    "member %.32s of the event is no text", key);
	return true;
}

bool
api_post_acts(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *kind, *by;
	uint64_t position;
	json_t *event;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string(body, "kind", &kind, err))
		return false;
	event = json_object_get(body, "event");
	if (!check_event(kind, event, err) ||
	    !actor_name(api, req, NULL, &by, err))
		return false;
	/* Who it was is what the kernel says, not what the caller says. */
	json_object_set_new(event, "operator", json_string(by));
	if (!store_event_append(api->deps.store, kind,
		(const char *)json_print_compact(event, req->arena).p, req->now,
		&position, err))
		return false;
	req->log_object = json_string_value(json_object_get(event, "act"));
	*out = json_pack("{s:I}", "position", (json_int_t)position);
	return true;
}
