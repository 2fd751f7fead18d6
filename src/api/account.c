#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"

bool
api_get_accounts(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *after = NULL, *limit = NULL;
	const struct query_field fields[] = {
		{ "after", &after },
		{ "limit", &limit },
	};
	struct account_row *rows;
	json_t *accounts;
	unsigned max;
	size_t n;

	if (!query_read(req, fields, COUNT_OF(fields), err) ||
	    !query_limit(limit, &max, err) ||
	    !store_account_list(
		api->deps.store, after, max, req->arena, &rows, &n, err))
		return false;
	accounts = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    accounts, view_account(&rows[i], req->arena));
	*out =
	    view_page("accounts", accounts, n == max ? rows[n - 1].id : NULL);
	return true;
}

bool
api_get_account(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct account_row row;
	const char *id;

	if (!query_capture(req, 0, &id, err))
		return false;
	req->log_object = id;
	if (!store_account_get(api->deps.store, id, req->arena, &row, err))
		return false;
	*out = view_account(&row, req->arena);
	return true;
}

/* The change's own leaf of the log says who did it. */
bool
api_post_account_deactivate(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *id, *by;

	return query_capture(req, 0, &id, err) &&
	    actor_name(api, req, NULL, &by, err) &&
	    store_account_deactivate(api->deps.store, id, req->now, by, err) &&
	    api_get_account(api, req, out, err);
}
