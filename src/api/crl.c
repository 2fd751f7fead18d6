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

void
api_get_crls(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct api *api = ctx;
	const char *ca = NULL;
	const struct query_field fields[] = { { "ca", &ca } };
	struct err err = { 0 };
	bool ok = query_read(req, fields, COUNT_OF(fields), &err) &&
	    check_ca(api, ca, &err);

	api_reply(
	    req, resp, ok, 200, ok ? view_crls(api, ca, req) : NULL, &err);
}

/* {} or {"ca": NAME}: made and published when it answers. */
void
api_post_crls(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct api *api = ctx;
	struct err err = { 0 };
	const char *ca = NULL;
	json_t *body;
	bool ok;

	ok = json_parse_object(req->body, req->arena, &body, &err);
	if (ok) {
		ca = json_string_value(json_object_get(body, "ca"));
		req->log_object = ca;
		ok = check_ca(api, ca, &err) &&
		    ca_crl_force(api->deps.ca, ca, &err);
	}
	api_reply(
	    req, resp, ok, 200, ok ? view_crls(api, ca, req) : NULL, &err);
}
