#include <stdlib.h>
#include "codec/crl.h"
#include "codec/json.h"
#include "http/rate.h"
#include "revoke/revoke.h"
#include "util/text.h"

#define BODY_MAX 4096u

struct revoke {
	struct ca *ca;
	struct store *store;
	struct rates *wrong;
};

struct revoke *
revoke_new(struct ca *ca, struct store *store)
{
	struct revoke *r = mem_alloc(sizeof(*r));

	r->ca = ca;
	r->store = store;
	r->wrong = rates_new();
	return r;
}

void
revoke_free(struct revoke *r)
{
	if (r == NULL)
		return;
	rates_free(r->wrong);
	free(r);
}

struct wanted {
	const char *serial, *secret;
	int reason;
};

/* What a subscriber may say (RFC 8555 section 7.6); the rest is the CA's. */
static bool
reason_read(const char *name, int *out, struct err *err)
{
	static const enum crl_reason allowed[] = { REASON_UNSPECIFIED,
		REASON_KEY_COMPROMISE, REASON_AFFILIATION_CHANGED,
		REASON_SUPERSEDED, REASON_CESSATION };
	enum crl_reason reason = REASON_UNSPECIFIED;

	if (name == NULL || crl_reason_parse(name, &reason))
		for (size_t i = 0; i < COUNT_OF(allowed); i++)
			if (reason == allowed[i]) {
				*out = (int)reason;
				return true;
			}
	return fail(err, ERR_BAD_REASON,
	    "member \"reason\" is not allowed; expected unspecified, "
	    "keyCompromise, affiliationChanged, superseded or "
	    "cessationOfOperation");
}

static bool
wanted_read(struct http_req *req, struct wanted *out, struct err *err)
{
	const char *reason;
	json_t *o;

	return json_parse_object(req->body, req->arena, &o, err) &&
	    json_get_string(o, "serial", &out->serial, err) &&
	    json_get_string(o, "secret", &out->secret, err) &&
	    json_get_string_optional(o, "reason", &reason, err) &&
	    reason_read(reason, &out->reason, err);
}

/* Not found, none given, not this one: one answer for all. */
static bool
fail_wrong(struct err *err)
{
	return fail(err, ERR_UNAUTHORIZED,
	    "no certificate with this serial and secret");
}

static bool
cert_find(struct revoke *r, struct http_req *req, const char *text,
    struct cert_row *out, struct err *err)
{
	struct err why = { 0 };
	struct bytes serial;

	if (!hex_decode(text, req->arena, &serial, &why) ||
	    serial.n != SERIAL_SIZE)
		return fail_wrong(err);
	if (store_cert_get_by_serial(
		r->store, NULL, serial, req->arena, out, &why)) {
		if (out->status == CERT_ISSUED || out->status == CERT_REVOKED)
			return true;
		return fail_wrong(err);
	}
	if (why.kind == ERR_NOT_FOUND)
		return fail_wrong(err);
	*err = why;
	return false;
}

/* A second time with the right secret changes nothing and says how it is. */
static bool
revoke_once(struct revoke *r, struct http_req *req, struct cert_row *row,
    const struct wanted *w, struct err *err)
{
	struct err why = { 0 };
	const char *id = row->id;

	if (ca_revoke_by_secret(
		r->ca, row, bytes_str(w->secret), w->reason, &why) ||
	    why.kind == ERR_ALREADY_REVOKED)
		return store_cert_get(r->store, id, req->arena, row, err);
	if (why.kind == ERR_UNAUTHORIZED)
		return fail_wrong(err);
	*err = why;
	return false;
}

static bool
revoke_serve(struct revoke *r, struct http_req *req, struct cert_row *row,
    int64_t *wait, struct err *err)
{
	struct wanted w = { 0 };

	*wait = 0;
	/* Before anything is looked up. */
	if (rates_over(r->wrong, &req->peer, 0, REVOKE_WRONG_MAX,
		REVOKE_WRONG_PERIOD, req->now, wait))
		return fail(err, ERR_RATE_LIMITED,
		    "too many wrong secrets from %s; try again in %lld s",
		    http_peer_text(req), (long long)*wait);
	if (!wanted_read(req, &w, err))
		return false;
	if (cert_find(r, req, w.serial, row, err) &&
	    revoke_once(r, req, row, &w, err)) {
		req->log_object = row->id;
		return true;
	}
	if (err->kind == ERR_UNAUTHORIZED)
		rates_add(
		    r->wrong, &req->peer, 0, REVOKE_WRONG_PERIOD, req->now);
	return false;
}

static void
reply_revoked(
    struct http_req *req, struct http_resp *resp, const struct cert_row *row)
{
	char when[TIME_RFC3339_SIZE];
	json_t *o = json_object();

	arena_adopt(req->arena, json_t, o);
	time_format_rfc3339(row->revoked_at, when);
	json_object_set_new(o, "serial",
	    json_string(
		hex_arena(req->arena, bytes_of(row->serial, SERIAL_SIZE))));
	json_object_set_new(o, "status", json_string("revoked"));
	json_object_set_new(o, "reason",
	    json_string(crl_reason_name(row->reason < 0
		    ? REASON_UNSPECIFIED
		    : (enum crl_reason)row->reason)));
	json_object_set_new(o, "revoked_at", json_string(when));
	resp->status = 200;
	resp->body = json_print(o, req->arena);
	http_resp_header(resp, "Content-Type", "application/json");
	http_resp_header(resp, "Cache-Control", "no-store");
}

static int
status_of(enum err_kind kind)
{
	static const struct {
		enum err_kind kind;
		int status;
	} rows[] = {
		{ ERR_MALFORMED, 400 },
		{ ERR_BAD_REASON, 400 },
		{ ERR_TOO_LARGE, 400 },
		{ ERR_UNAUTHORIZED, 403 },
		{ ERR_RATE_LIMITED, 429 },
		{ ERR_BUSY, 503 },
		{ ERR_STORE_FULL, 503 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].kind == kind)
			return rows[i].status;
	return 500;
}

static void
reply_err(struct http_req *req, struct http_resp *resp, const struct err *err,
    int64_t wait)
{
	int status = status_of(err->kind);

	req->log_note = arena_printf(req->arena, "%s%s%s", err->shown,
	    err->detail[0] == '\0' ? "" : ": ", err->detail);
	http_resp_header(resp, "Cache-Control", "no-store");
	if (status == 429 || status == 503)
		http_resp_headerf(resp, req->arena, "Retry-After", "%lld",
		    (long long)MAX_OF(wait, 5));
	http_problem(req, resp, status, err_kind_name(err->kind),
	    status == 500 ? "the server failed" : err->shown);
}

static void
post_revoke(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct err err = { 0 };
	struct cert_row row;
	int64_t wait;

	if (revoke_serve(ctx, req, &row, &wait, &err))
		reply_revoked(req, resp, &row);
	else
		reply_err(req, resp, &err, wait);
}

void
revoke_routes(struct revoke *r, struct http_routes *routes)
{
	/* Over TLS alone: the secret is in it. */
	const struct http_route row = { .methods = HTTP_POST,
		.pattern = "/revoke",
		.handler = post_revoke,
		.ctx = r,
		.place = ON_WORKER,
		.max_body = BODY_MAX,
		.content_type = "application/json",
		.listeners = LISTENER_HTTPS };

	http_routes_add(routes, &row, 1);
}
