#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"
#include "ca/crl.h"

static json_t *
view_crl(struct api *api, const struct ca_crl_view *v)
{
	json_t *o = json_object();

	view_text(o, "ca", v->ca);
	view_text(o, "kind",
	    v->is_delta		? "delta"
		: v->shard != 0 ? "shard"
				: "full");
	if (v->shard != 0)
		view_count(o, "shard", v->shard);
	json_object_set_new(o, "url",
	    json_sprintf("%s%s", api_config(api)->http_base_url, v->path));
	json_object_set_new(o, "online", json_boolean(v->online));
	if (v->number == 0)
		return o; /* none is published yet */
	view_count(o, "number", v->number);
	if (v->is_delta)
		view_count(o, "base", v->base);
	view_time(o, "this_update", v->this_update);
	view_time(o, "next_update", v->next_update);
	view_count(o, "entries", v->entries);
	view_count(o, "octets", v->octets);
	return o;
}

static json_t *
view_crls(struct api *api, const char *ca, struct http_req *req)
{
	struct ca_crl_view *v;
	size_t n = ca_crl_list(api->deps.ca, ca, req->arena, &v);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, view_crl(api, &v[i]));
	return json_pack("{s:o}", "crls", list);
}

static bool
check_ca(struct api *api, const char *ca, struct err *err)
{
	return ca == NULL || ca_view_find(api->deps.ca, ca) != NULL ||
	    fail(err, ERR_NOT_FOUND, "there is no CA %s", ca);
}

bool
api_get_crls(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *ca = NULL;
	const struct query_field fields[] = { { "ca", &ca } };

	if (!query_read(req, fields, COUNT_OF(fields), err) ||
	    !check_ca(api, ca, err))
		return false;
	*out = view_crls(api, ca, req);
	return true;
}

/* A leaf of the log: the CRLs' own leaves do not say that somebody wanted them.
 */
static bool
record_force(
    struct api *api, struct http_req *req, const char *ca, struct err *err)
{
	AUTO(json_t) *event = NULL;
	const char *by;

	if (!actor_name(api, req, NULL, &by, err))
		return false;
	event = json_pack("{s:s, s:s}", "act", "crl-now", "operator", by);
	if (ca != NULL)
		json_object_set_new(event, "ca", json_string(ca));
	return store_event_append(api->deps.store, "operator",
	    (const char *)json_print_compact(event, req->arena).p, req->now,
	    NULL, err);
}

/* {} or {"ca": NAME}: made and published when it answers. */
bool
api_post_crls(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *ca;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string_optional(body, "ca", &ca, err))
		return false;
	req->log_object = ca;
	if (!check_ca(api, ca, err) || !record_force(api, req, ca, err) ||
	    !ca_crl_force(api->deps.ca, ca, err))
		return false;
	*out = view_crls(api, ca, req);
	return true;
}
