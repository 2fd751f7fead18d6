#include "acme/authz.h"
#include "acme/order.h"
#include "acme/reply.h"

const char *
order_url(const struct acme_state *s, struct arena *a, const char *id)
{
	return acme_url(s, a, "/acme/order/%s", id);
}

bool
order_load(const struct post *post, struct order_row *out, struct err *err)
{
	const char *id = post->req->capture[0];

	post->req->log_object = id;
	return store_order_get(post->acme->deps.store, id, post->now,
		   post->arena, out, err) &&
	    post_check_owner(post, out->account_id, "order", err);
}

bool
order_names(const struct order_row *row, struct arena *a, struct names *out,
    struct err *err)
{
	json_t *list = json_own(row->names_json);
	size_t n;

	if (!json_is_array(list)) {
		json_decref(list);
		return fail(err, ERR_INTERNAL,
		    "order %s has no list of identifiers", row->id);
	}
	arena_adopt(a, json_t, list);
	n = json_array_size(list);
	out->v = arena_array(a, n, sizeof(*out->v));
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		const char *type, *value;

		if (!json_get_string(o, "type", &type, err) ||
		    !json_get_string(o, "value", &value, err))
			return false;
		out->v[i].type = strcmp(type, "ip") == 0 ? NAME_IP : NAME_DNS;
		out->v[i].text = value;
	}
	out->n = n;
	return true;
}

/*
 * Why an order failed: what the store kept for it, and each authorization's
 * own problem as a subproblem (RFC 8555 section 6.7.1).
 */
static bool
order_error(const struct post *post, const struct order_row *row, json_t **out,
    struct err *err)
{
	AUTO(json_t) *o = json_own(row->error_json);
	AUTO(json_t) *list = json_array();

	for (size_t i = 0; i < row->authz_n; i++) {
		struct authz_row authz;

		if (!store_authz_get(post->acme->deps.store, row->authz_ids[i],
			post->arena, &authz, err))
			return false;
		if (authz.status == AUTHZ_INVALID)
			json_array_append_new(list, authz_problem(&authz));
	}
	if (!json_is_object(o)) {
		json_decref(o);
		o = problem_json("unauthorized",
		    json_array_size(list) > 0
			? "a validation failed; see the subproblems"
			: "the order expired or was given up",
		    403);
	}
	if (json_array_size(list) > 0)
		json_object_set(o, "subproblems", list);
	*out = TAKE(o);
	return true;
}

static bool
order_put(const struct post *post, const struct order_row *row,
    struct json_out *o, struct err *err)
{
	const struct acme_state *s = post->state;
	AUTO(json_t) *why = NULL;

	if (row->status == ORDER_INVALID && !order_error(post, row, &why, err))
		return false;
	json_out_open(o, NULL, '{');
	json_out_text(o, "status", order_status_name(row->status));
	json_out_time(o, "expires", row->expires_at);
	json_out_raw(o, "identifiers", row->names_json);
	json_out_text(o, "profile", row->profile);
	if (row->not_before != 0)
		json_out_time(o, "notBefore", row->not_before);
	if (row->not_after != 0)
		json_out_time(o, "notAfter", row->not_after);
	json_out_open(o, "authorizations", '[');
	for (size_t i = 0; i < row->authz_n; i++)
		json_out_text(
		    o, NULL, authz_url(s, post->arena, row->authz_ids[i]));
	json_out_close(o, ']');
	json_out_text(o, "finalize",
	    acme_url(s, post->arena, "/acme/order/%s/finalize", row->id));
	if (row->status == ORDER_VALID && row->cert_id != NULL)
		json_out_text(o, "certificate",
		    acme_url(s, post->arena, "/acme/cert/%s", row->cert_id));
	if (why != NULL)
		json_out_tree(o, "error", why);
	json_out_close(o, '}');
	return true;
}

bool
reply_order(const struct post *post, const struct order_row *row, int status,
    struct http_resp *resp, struct err *err)
{
	struct json_out o = { 0 };

	if (!order_put(post, row, &o, err))
		return false;
	reply_json_out(post->acme, post->req, resp, status, &o);
	/* Clients that lost the order's URL find it here; on finalize Apache
	 * mod_md and x/crypto need it (rule 5). */
	reply_location(resp, order_url(post->state, post->arena, row->id));
	if (status == 200 &&
	    (row->status == ORDER_PENDING || row->status == ORDER_PROCESSING))
		reply_retry_after(post->req, resp, 1);
	post->req->log_object = row->id;
	return true;
}

void
acme_post_order(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct order_row row;
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !post_check_get(&post, &err) || !order_load(&post, &row, &err) ||
	    !reply_order(&post, &row, 200, resp, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
}
