#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"

static json_t *
view_operator(const struct operator_row *row)
{
	json_t *o = json_object();

	view_text(o, "name", row->name);
	json_object_set_new(o, "uid",
	    row->uid == OPERATOR_UID_NONE ? json_null()
					  : json_integer(row->uid));
	view_text(o, "status", row->removed_at == 0 ? "current" : "removed");
	view_time(o, "added_at", row->added_at);
	view_text(o, "added_by", row->added_by);
	view_time(o, "removed_at", row->removed_at);
	return o;
}

bool
api_get_operators(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct operator_row *rows;
	json_t *operators;
	size_t n;

	if (!ca_operator_list(api->deps.ca, req->arena, &rows, &n, err))
		return false;
	operators = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(operators, view_operator(&rows[i]));
	*out = view_page("operators", operators, NULL);
	return true;
}

static bool
read_uid(const json_t *body, int64_t *out, struct err *err)
{
	const json_t *v = json_object_get(body, "uid");

	if (v == NULL || json_is_null(v)) {
		*out = OPERATOR_UID_NONE;
		return true;
	}
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return fail(err, ERR_MALFORMED, "uid is not a user's number");
	*out = json_integer_value(v);
	return true;
}

bool
api_post_operators(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *name, *as, *by;
	struct operator_row *rows;
	json_t *body;
	int64_t uid;
	size_t n;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string(body, "name", &name, err) ||
	    !json_get_string_optional(body, "as", &as, err) ||
	    !read_uid(body, &uid, err) || !actor_name(api, req, as, &by, err))
		return false;
	req->log_object = name;
	if (!ca_operator_add(api->deps.ca, name, uid, by, err) ||
	    !ca_operator_list(api->deps.ca, req->arena, &rows, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0) {
			*out = view_operator(&rows[i]);
			return true;
		}
	return fail(err, ERR_CONFLICT, "operator %s was removed again", name);
}

bool
api_post_operator_remove(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *name, *as, *by;
	json_t *body;

	if (!query_capture(req, 0, &name, err) ||
	    !json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string_optional(body, "as", &as, err) ||
	    !actor_operator(api, req, as, &by, err))
		return false;
	req->log_object = name;
	if (!ca_operator_remove(api->deps.ca, name, by, err))
		return false;
	*out = json_pack("{s:s, s:s}", "name", name, "status", "removed");
	return true;
}
