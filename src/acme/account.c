#include "acme/account.h"
#include "acme/order.h"
#include "acme/post.h"
#include "acme/problem.h"
#include "acme/reply.h"
#include "codec/spki.h"
#include "crypto/digest.h"

#define ORDERS_PAGE 100u

static json_t *
account_json(
    const struct acme_state *s, const struct account_row *row, struct arena *a)
{
	json_t *o = json_object(), *contacts = json_own(row->contacts);

	json_set_text(o, "status", account_status_name(row->status));
	if (contacts != NULL)
		json_object_set_new(o, "contact", contacts);
	if (row->terms_agreed_at != 0)
		json_object_set_new(o, "termsOfServiceAgreed", json_true());
	json_set_text(
	    o, "orders", acme_url(s, a, "/acme/acct/%s/orders", row->id));
	return o;
}

static void
reply_account(const struct post *post, const struct account_row *row,
    int status, struct http_resp *resp)
{
	AUTO(json_t) *o = account_json(post->state, row, post->arena);

	reply_json(post->acme, post->req, resp, status, o);
}

/* Rule 13: 201 or 200, always with Location. */
static void
reply_new_account(const struct post *post, const struct account_row *row,
    int status, struct http_resp *resp)
{
	const char *terms = post->state->config->acme.terms_of_service;

	reply_account(post, row, status, resp);
	reply_location(
	    resp, acme_account_url(post->state, post->arena, row->id));
	if (terms != NULL)
		reply_link(post->req, resp, terms, "terms-of-service");
	post->req->log_account = row->id;
}

/* RFC 8555 section 7.3.1: the fields of the request are ignored. */
static bool
account_find(const struct post *post, struct account_row *row, bool *found,
    struct err *err)
{
	struct err why = { 0 };

	*found = store_account_get_by_key(post->acme->deps.store,
	    post->key.thumbprint, post->arena, row, &why);
	if (!*found) {
		if (why.kind == ERR_NOT_FOUND)
			return true;
		*err = why;
		return false;
	}
	post->req->log_account = row->id;
	if (row->status != ACCOUNT_VALID)
		return fail(err, ERR_ACCOUNT_DEACTIVATED,
		    "the account of this key is %s",
		    account_status_name(row->status));
	return true;
}

static bool
flag_read(const json_t *o, const char *key, bool *out, struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (v != NULL && !json_is_boolean(v) && !json_is_null(v))
		return fail(
		    err, ERR_MALFORMED, "member \"%s\" is not a boolean", key);
	*out = json_is_true(v);
	return true;
}

/* RFC 8555 section 6.2: a key that is known to be compromised is refused. */
static bool
account_key_check(const struct post *post, struct err *err)
{
	AUTO_BUF spki = { 0 };
	uint8_t digest[32];
	bool blocked;

	spki_put(&spki, &post->key.key);
	digest_sha256(buf_bytes(&spki), digest);
	if (!store_key_is_blocked(
		post->acme->deps.store, digest, &blocked, err))
		return false;
	if (blocked)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "the account key is known to be compromised");
	return true;
}

/* May this key open an account at all? */
static bool
account_check_new(
    struct post *post, const json_t *o, bool *agreed, struct err *err)
{
	const struct config_acme *c = &post->state->config->acme;
	bool existing;

	if (!flag_read(o, "onlyReturnExisting", &existing, err) ||
	    !flag_read(o, "termsOfServiceAgreed", agreed, err))
		return false;
	if (existing)
		return fail(err, ERR_ACCOUNT_UNKNOWN,
		    "there is no account with this key");
	if (c->external_account_required)
		return fail(err, ERR_EXTERNAL_ACCOUNT,
		    "this server opens accounts with an external account "
		    "binding only");
	if (c->terms_of_service != NULL && !*agreed) {
		post->extra.terms = c->terms_of_service;
		return fail(err, ERR_USER_ACTION,
		    "the terms of service at %s must be agreed to: "
		    "termsOfServiceAgreed is not true",
		    c->terms_of_service);
	}
	return account_key_check(post, err);
}

static bool
account_create(
    struct post *post, struct account_row *row, bool *created, struct err *err)
{
	struct acme *acme = post->acme;
	struct err why = { 0 };
	json_t *o;
	bool agreed;
	char *id = arena_alloc(post->arena, OBJECT_ID_SIZE);

	if (!post_payload(post, &o, err) ||
	    !account_check_new(post, o, &agreed, err))
		return false;
	random_object_id(&acme->deps.random, post->now, id);
	*row = (struct account_row){
		.id = id,
		.jwk = post->key.canonical,
		.status = ACCOUNT_VALID,
		.terms_agreed_at = agreed ? post->now : 0,
		.created_at = post->now,
		.created_from = http_peer_text(post->req),
	};
	memcpy(row->thumbprint, post->key.thumbprint, sizeof(row->thumbprint));
	if (!contacts_read(o, post->arena, &row->contacts, err))
		return false;
	if (row->contacts == NULL)
		row->contacts = "[]";
	*created = store_account_insert(acme->deps.store, row, &why);
	if (*created)
		return true;
	if (why.kind != ERR_CONFLICT) {
		*err = why;
		return false;
	}
	/* Another request with this key was faster. */
	return store_account_get_by_key(
	    acme->deps.store, post->key.thumbprint, post->arena, row, err);
}

void
acme_post_new_account(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct account_row row;
	struct post post;
	bool found = false, created = false;

	/* Rule 28: a known key gets 200, whatever the rest of the body says. */
	if (!post_read(acme, req, POST_BY_JWK, &post, &err) ||
	    !account_find(&post, &row, &found, &err) ||
	    (!found && !account_create(&post, &row, &created, &err)))
		problem_reply(acme, req, resp, &err, &post.extra);
	else
		reply_new_account(&post, &row, created ? 201 : 200, resp);
}

/*
 * RFC 8555 sections 7.3.2 and 7.3.6.  Anything but contacts and a status of
 * "deactivated" is ignored (rule 37).
 */
static bool
account_update(struct post *post, struct err *err)
{
	struct account_row *row = &post->account;
	struct store *store = post->acme->deps.store;
	const char *status, *contacts;
	json_t *o;

	if (post_is_get(post))
		return true;
	if (!post_payload(post, &o, err))
		return false;
	status = json_string_value(json_object_get(o, "status"));
	if (status != NULL && strcmp(status, "deactivated") == 0) {
		if (!store_account_deactivate(
			store, row->id, post->now, "acme", err))
			return false;
		row->status = ACCOUNT_DEACTIVATED;
		return true;
	}
	if (!contacts_read(o, post->arena, &contacts, err))
		return false;
	if (contacts == NULL)
		return true;
	if (!store_account_set_contacts(store, row->id, contacts, err))
		return false;
	row->contacts = contacts;
	return true;
}

void
acme_post_account(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !post_check_owner(&post, req->capture[0], "account", &err) ||
	    !account_update(&post, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
	else
		reply_account(&post, &post.account, 200, resp);
}

/* cursor=ID of the query, or NULL. */
static const char *
orders_cursor(const struct http_req *req)
{
	static const char key[] = "cursor=";

	if (req->query == NULL ||
	    strncmp(req->query, key, sizeof(key) - 1) != 0)
		return NULL;
	return req->query + sizeof(key) - 1;
}

static void
reply_orders(const struct post *post, const struct order_row *rows, size_t n,
    struct http_resp *resp)
{
	AUTO(json_t) *o = json_object();
	json_t *list = json_array();

	/* RFC 8555 section 7.1.2.1: invalid orders are left out. */
	for (size_t i = 0; i < n; i++)
		if (rows[i].status != ORDER_INVALID)
			json_array_append_new(list,
			    json_string(order_url(
				post->state, post->arena, rows[i].id)));
	json_object_set_new(o, "orders", list);
	reply_json(post->acme, post->req, resp, 200, o);
	if (n == ORDERS_PAGE)
		reply_link(post->req, resp,
		    acme_url(post->state, post->arena,
			"/acme/acct/%s/orders?cursor=%s", post->account.id,
			rows[n - 1].id),
		    "next");
}

void
acme_post_account_orders(
    void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct order_row *rows;
	struct post post;
	size_t n;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !post_check_get(&post, &err) ||
	    !post_check_owner(&post, req->capture[0], "account", &err) ||
	    !store_order_list(acme->deps.store, post.account.id,
		orders_cursor(req), ORDERS_PAGE, post.now, post.arena, &rows,
		&n, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
	else
		reply_orders(&post, rows, n, resp);
}
