#include <stdlib.h>

#include "api/actor.h"
#include "api/handlers.h"
#include "api/reply.h"

struct api *
api_new(const struct api_deps *deps, const struct config *config)
{
	struct api *api = mem_alloc(sizeof(*api));

	api->deps = *deps;
	atomic_init(&api->config, config);
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	free(api->entries);
	free(api);
}

void
api_reload(struct api *api, const struct config *config)
{
	atomic_store(&api->config, config);
}

bool
api_get_status(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct ca_counters ca;
	struct store_counters store;
	json_t *o = json_object();

	ca_counters_get(api->deps.ca, &ca);
	store_counters_get(api->deps.store, &store);
	json_object_set_new(o, "issued", json_integer((json_int_t)ca.issued));
	json_object_set_new(o, "refused", json_integer((json_int_t)ca.refused));
	json_object_set_new(o, "revoked", json_integer((json_int_t)ca.revoked));
	json_object_set_new(o, "crls", json_integer((json_int_t)ca.crls));
	json_object_set_new(o, "crls_current",
	    json_boolean(ca_crl_current(api->deps.ca, req->now)));
	json_object_set_new(
	    o, "changes", json_integer((json_int_t)store.changes));
	json_object_set_new(
	    o, "queue", json_integer((json_int_t)store.queue_depth));
	(void)req;
	(void)err;
	*out = o;
	return true;
}

/* ---- who may call what ---- */

struct api_row {
	struct http_route route; /* its handler is the gate */
	bool (*answer)(struct api *api, struct http_req *req, json_t **out,
	    struct err *err);
	int status; /* of an answer */
	bool operators; /* also for operators who do not own the socket */
};

/* A row and whose it is. */
struct api_entry {
	struct api *api;
	const struct api_row *row;
};

static void
gate(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const struct api_entry *e = ctx;
	struct err err = { 0 };
	json_t *o = NULL;
	bool ok;

	ok = actor_check(e->api, req, &err) &&
	    (e->row->operators || actor_is_owner(req) ||
		fail(&err, ERR_UNAUTHORIZED,
		    "only root and the server's user may do this")) &&
	    e->row->answer(e->api, req, &o, &err);
	api_reply(req, resp, ok, e->row->status, o, &err);
}

#define PREFIX "/control/v1"
#define GET(path, fn)                                                          \
	{                                                                      \
		{ HTTP_GET, PREFIX path, gate, NULL, ON_WORKER, 0, NULL,       \
			LISTENER_CONTROL, api_reply_refuse },                  \
		    fn, 200, true                                              \
	}
#define POST_BY(path, fn, status, body, operators)                             \
	{                                                                      \
		{ HTTP_POST, PREFIX path, gate, NULL, ON_WORKER, body,         \
			"application/json", LISTENER_CONTROL,                  \
			api_reply_refuse },                                    \
		    fn, status, operators                                      \
	}
#define POST(path, fn, body) POST_BY(path, fn, 200, body, false)
#define ADD(path, fn, body) POST_BY(path, fn, 201, body, false)
#define DECIDE(path, fn) POST_BY(path, fn, 200, BODY_SMALL, true)

/* A CSR, and a thousand names of the longest kind. */
#define BODY_ISSUE (512u << 10)
/* A CA certificate as base64 is the most. */
#define BODY_ACT (96u << 10)
#define BODY_SMALL (16u << 10)

static const struct api_row rows[] = {
	GET("/status", api_get_status),
	GET("/certs", api_get_certs),
	ADD("/certs", api_post_certs, BODY_ISSUE),
	GET("/certs/{cert}", api_get_cert),
	POST("/certs/{cert}/revoke", api_post_cert_revoke, BODY_SMALL),
	GET("/revocations", api_get_revocations),
	POST("/revocations", api_post_revocations, BODY_SMALL),
	GET("/revocations/{id}", api_get_revocation),
	POST("/keys/block", api_post_key_block, BODY_ISSUE),
	GET("/accounts", api_get_accounts),
	GET("/accounts/{id}", api_get_account),
	POST("/accounts/{id}/deactivate", api_post_account_deactivate,
	    BODY_SMALL),
	GET("/orders", api_get_orders),
	GET("/orders/{id}", api_get_order),
	GET("/cas", api_get_cas),
	GET("/cas/{name}", api_get_ca),
	GET("/crls", api_get_crls),
	POST("/crls/now", api_post_crls, BODY_SMALL),
	GET("/ra", api_get_ra),
	ADD("/acts", api_post_acts, BODY_ACT),
	GET("/tokens", api_get_tokens),
	ADD("/tokens", api_post_tokens, BODY_ISSUE),
	POST("/tokens/{id}/revoke", api_post_token_revoke, BODY_SMALL),
	GET("/operators", api_get_operators),
	ADD("/operators", api_post_operators, BODY_SMALL),
	POST("/operators/{name}/remove", api_post_operator_remove, BODY_SMALL),
	GET("/approvals", api_get_approvals),
	GET("/approvals/{id}", api_get_approval),
	DECIDE("/approvals/{id}/approve", api_post_approval_approve),
	DECIDE("/approvals/{id}/reject", api_post_approval_reject),
};

void
api_routes(struct api *api, struct http_routes *routes)
{
	api->entries = mem_array(COUNT_OF(rows), sizeof(*api->entries));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct http_route row = rows[i].route;

		api->entries[i] = (struct api_entry){ api, &rows[i] };
		row.ctx = &api->entries[i];
		http_routes_add(routes, &row, 1);
	}
	http_routes_add_refusal(routes, "/control/", api_reply_refuse, api);
}
