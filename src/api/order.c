#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"

bool
api_get_orders(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *account = NULL, *after = NULL, *limit = NULL;
	const struct query_field fields[] = {
		{ "account", &account },
		{ "after", &after },
		{ "limit", &limit },
	};
	struct order_row *rows;
	json_t *orders;
	unsigned max;
	size_t n;

	if (!query_read(req, fields, COUNT_OF(fields), err) ||
	    !query_limit(limit, &max, err) ||
	    !store_order_list(api->deps.store, account, after, max, req->now,
		req->arena, &rows, &n, err))
		return false;
	orders = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(orders, view_order(&rows[i]));
	*out = view_page("orders", orders, n == max ? rows[n - 1].id : NULL);
	return true;
}

static bool
add_authzs(struct api *api, struct http_req *req, const struct order_row *row,
    json_t *o, struct err *err)
{
	json_t *authzs = json_array();

	json_object_set_new(o, "authorizations", authzs);
	for (size_t i = 0; i < row->authz_n; i++) {
		struct authz_row authz;

		if (!store_authz_get(api->deps.store, row->authz_ids[i],
			req->arena, &authz, err))
			return false;
		json_array_append_new(authzs, view_authz(&authz));
	}
	return true;
}

/* An order that ended by itself has no problem in the record: time is one. */
static void
view_error(json_t *o, const struct order_row *row, int64_t now)
{
	char when[TIME_RFC3339_SIZE];
	json_t *problem;

	if (row->error_json != NULL || row->status != ORDER_INVALID ||
	    row->expires_at > now) {
		view_json(o, "error", row->error_json);
		return;
	}
	time_format_rfc3339(row->expires_at, when);
	problem = json_object();
	json_object_set_new(problem, "detail",
	    json_sprintf(
		"the order expired at %s before it was finalized", when));
	json_object_set_new(o, "error", problem);
}

bool
api_get_order(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	AUTO(json_t) *o = NULL;
	struct order_row row;
	const char *id;

	if (!query_capture(req, 0, &id, err))
		return false;
	req->log_object = id;
	if (!store_order_get(
		api->deps.store, id, req->now, req->arena, &row, err))
		return false;
	o = view_order(&row);
	view_hex(o, "profile_hash",
	    bytes_of(row.profile_hash, sizeof(row.profile_hash)));
	view_time(o, "not_before", row.not_before);
	view_time(o, "not_after", row.not_after);
	view_error(o, &row, req->now);
	if (!add_authzs(api, req, &row, o, err))
		return false;
	*out = TAKE(o);
	return true;
}
