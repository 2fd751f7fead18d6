#include "ca/token.h"
#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"

static json_t *
view_token(const struct token *t, int64_t now)
{
	json_t *o = json_object(), *names = json_array();

	for (size_t i = 0; i < t->names.n; i++)
		json_array_append_new(names,
		    json_sprintf("%s:%s", name_type_tag(t->names.v[i].type),
			t->names.v[i].text));
	view_text(o, "id", t->id);
	view_text(o, "status", token_state_name(token_state(t, now)));
	view_text(o, "profile", t->profile);
	json_object_set_new(o, "names", names);
	json_object_set_new(o, "uses", json_integer(t->uses));
	json_object_set_new(o, "uses_left", json_integer(t->uses_left));
	view_time(o, "expires_at", t->expires_at);
	view_time(o, "created_at", t->created_at);
	view_text(o, "created_by", t->by);
	if (t->device[0] != '\0')
		view_text(o, "device", t->device);
	if (t->service[0] != '\0')
		view_text(o, "service", t->service);
	return o;
}

bool
api_get_tokens(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *after = NULL, *limit = NULL;
	const struct query_field fields[] = {
		{ "after", &after },
		{ "limit", &limit },
	};
	struct token *rows;
	json_t *tokens;
	unsigned max;
	size_t n;

	if (!query_read(req, fields, COUNT_OF(fields), err) ||
	    !query_limit(limit, &max, err) ||
	    !ca_token_list(
		api->deps.ca, after, max, req->arena, &rows, &n, err))
		return false;
	tokens = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(tokens, view_token(&rows[i], req->now));
	*out = view_page("tokens", tokens, n == max ? rows[n - 1].id : NULL);
	return true;
}

/* ---- create ---- */

#define EXPIRES_DEFAULT ((int64_t)24 * 3600)

static bool
read_uses(const json_t *body, int64_t *out, struct err *err)
{
	const json_t *v = json_object_get(body, "uses");

	if (v != NULL && !json_is_integer(v))
		return fail(err, ERR_MALFORMED, "uses is not a number");
	*out = v == NULL ? 1 : json_integer_value(v);
	return true;
}

static bool
read_expires(const json_t *body, int64_t now, int64_t *out, struct err *err)
{
	int64_t seconds = EXPIRES_DEFAULT;
	const char *text;

	if (!json_get_string_optional(body, "expires", &text, err) ||
	    (text != NULL && !duration_parse(text, &seconds, err)))
		return false;
	if (seconds <= 0 || seconds > TOKEN_LIFETIME_MAX)
		return fail(err, ERR_MALFORMED,
		    "expires %s; expected a time up to 366d", text);
	*out = now + seconds;
	return true;
}

static bool
read_spec(struct api *api, struct http_req *req, struct token_spec *out,
    struct err *err)
{
	const char *as;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string_optional(body, "profile", &out->profile, err) ||
	    !json_get_string_optional(body, "as", &as, err) ||
	    !query_names(
		json_object_get(body, "names"), req->arena, &out->names, err) ||
	    !read_uses(body, &out->uses, err) ||
	    !read_expires(body, req->now, &out->expires_at, err) ||
	    !actor_name(api, req, as, &out->by, err))
		return false;
	if (out->profile == NULL)
		out->profile = api_config(api)->default_profile;
	if (out->profile == NULL)
		return fail(err, ERR_PROFILE_INVALID,
		    "there is no profile by default in the configuration");
	return true;
}

bool
api_post_tokens(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	char secret[TOKEN_SECRET_LENGTH + 1];
	struct token_spec spec = { 0 };
	struct token token;
	json_t *o;

	if (!read_spec(api, req, &spec, err) ||
	    !ca_token_create(
		api->deps.ca, &spec, req->arena, &token, secret, err))
		return false;
	req->log_object = token.id;
	o = view_token(&token, req->now);
	/* The only time that anybody sees it. */
	view_text(o, "secret", secret);
	secret_wipe(secret, sizeof(secret));
	*out = o;
	return true;
}

bool
api_post_token_revoke(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *id, *as, *by;
	json_t *body;

	if (!query_capture(req, 0, &id, err) ||
	    !json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string_optional(body, "as", &as, err) ||
	    !actor_name(api, req, as, &by, err))
		return false;
	req->log_object = id;
	if (!ca_token_revoke(api->deps.ca, id, by, err))
		return false;
	*out = json_pack("{s:s, s:s}", "id", id, "status", "revoked");
	return true;
}
