#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"
#include "store/revocation.h"
#include "util/text.h"

/* ---- lists ---- */

static bool
filter_status(const char *status, struct cert_filter *f, struct err *err)
{
	static const struct {
		const char *name;
		enum cert_status status;
		bool expired, unexpired;
	} rows[] = {
		{ "valid", CERT_ISSUED, false, true },
		{ "expired", CERT_ISSUED, true, false },
		{ "revoked", CERT_REVOKED, false, false },
		{ "voided", CERT_VOIDED, false, false },
		{ "intent", CERT_INTENT, false, false },
	};

	if (status == NULL)
		return true;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(status, rows[i].name) == 0) {
			f->status = rows[i].status;
			f->expired = rows[i].expired;
			f->unexpired = rows[i].unexpired;
			return true;
		}
	return fail(err, ERR_MALFORMED,
	    "status %s; expected valid, expired, revoked, voided or intent",
	    status);
}

/* "30d": what will have expired by then and has not yet. */
static bool
filter_expiry(const char *within, struct cert_filter *f, struct err *err)
{
	int64_t seconds;

	if (within == NULL)
		return true;
	if (!duration_parse(within, &seconds, err))
		return false;
	f->expires_before = f->now + seconds;
	f->unexpired = true;
	if (f->status == 0)
		f->status = CERT_ISSUED;
	return true;
}

static bool
filter_read(struct http_req *req, struct cert_filter *f, struct err *err)
{
	const char *status = NULL, *within = NULL, *limit = NULL;
	const struct query_field fields[] = {
		{ "status", &status },
		{ "name", &f->name_pattern },
		{ "expires_within", &within },
		{ "account", &f->account_id },
		{ "profile", &f->profile },
		{ "ca", &f->ca },
		{ "after", &f->after },
		{ "limit", &limit },
	};

	f->now = req->now;
	return query_read(req, fields, COUNT_OF(fields), err) &&
	    filter_status(status, f, err) && filter_expiry(within, f, err) &&
	    query_limit(limit, &f->limit, err);
}

bool
api_get_certs(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct cert_filter f = { 0 };
	struct cert_row *rows;
	json_t *certs;
	size_t n;

	if (!filter_read(req, &f, err) ||
	    !store_cert_list(api->deps.store, &f, req->arena, &rows, &n, err))
		return false;
	certs = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(certs, view_cert(&rows[i], req->now));
	*out = view_page(
	    "certificates", certs, n == f.limit ? rows[n - 1].id : NULL);
	return true;
}

/* ---- one ---- */

bool
api_cert_find(struct api *api, const char *key, struct arena *a,
    struct cert_row *out, struct err *err)
{
	struct store *store = api->deps.store;
	struct bytes serial;
	struct err no_hex = { 0 };

	if (hex_decode(key, a, &serial, &no_hex) && serial.n == SERIAL_SIZE)
		return store_cert_get_by_serial(
		    store, NULL, serial, a, out, err);
	return store_cert_get(store, key, a, out, err);
}

static bool
find(struct api *api, struct http_req *req, struct cert_row *out,
    struct err *err)
{
	const char *key;

	if (!query_capture(req, 0, &key, err))
		return false;
	req->log_object = key;
	return api_cert_find(api, key, req->arena, out, err);
}

/* The link old → new, both ways, by the serials that people know. */
static bool
view_renewal(struct api *api, struct http_req *req, const struct cert_row *row,
    json_t *o, struct err *err)
{
	struct store *store = api->deps.store;
	struct cert_row other;
	struct err why = { 0 };

	if (row->replaces == NULL)
		view_text(o, "replaces", NULL);
	else if (store_cert_get(store, row->replaces, req->arena, &other, &why))
		view_hex(o, "replaces", bytes_of(other.serial, SERIAL_SIZE));
	else if (why.kind == ERR_NOT_FOUND)
		view_text(o, "replaces", row->replaces);
	else
		return fail(err, why.kind, "%s", why.shown);
	err_clear(&why);
	if (store_cert_replaced_by(store, row->id, req->arena, &other, &why))
		view_hex(o, "replaced_by", bytes_of(other.serial, SERIAL_SIZE));
	else if (why.kind == ERR_NOT_FOUND)
		view_text(o, "replaced_by", NULL);
	else
		return fail(err, why.kind, "%s", why.shown);
	return true;
}

/* All zero: nobody had to prove anything, an operator asked. */
static struct bytes
evidence(const struct cert_row *row)
{
	static const uint8_t none[32];
	size_t n = sizeof(row->evidence_sha256);

	return memcmp(row->evidence_sha256, none, n) == 0
	    ? BYTES_NONE
	    : bytes_of(row->evidence_sha256, n);
}

/* The record of it, and what the certificate itself says once there is one. */
static bool
view_whole(struct api *api, struct http_req *req, const struct cert_row *row,
    json_t **out, struct err *err)
{
	AUTO(json_t) *o = view_cert(row, req->now);
	struct bytes pem, der;
	struct cert cert;

	view_hex(o, "profile_hash",
	    bytes_of(row->profile_hash, sizeof(row->profile_hash)));
	view_hex(o, "issuer_key_sha256",
	    bytes_of(row->issuer_key, sizeof(row->issuer_key)));
	view_hex(o, "spki_sha256",
	    bytes_of(row->spki_sha256, sizeof(row->spki_sha256)));
	view_hex(o, "evidence_sha256", evidence(row));
	if (!view_renewal(api, req, row, o, err))
		return false;
	view_time(o, "created_at", row->created_at);
	view_count(o, "intent_position", row->intent_position);
	view_count(o, "issued_position", row->issued_position);
	if (row->status == CERT_ISSUED || row->status == CERT_REVOKED) {
		if (!ca_cert_chain(
			api->deps.ca, row, req->arena, &pem, &der, err) ||
		    !cert_parse(der, req->arena, &cert, err))
			return false;
		view_cert_content(o, &cert, req->arena);
		json_object_set_new(
		    o, "pem", json_stringn((const char *)pem.p, pem.n));
	}
	*out = TAKE(o);
	return true;
}

bool
api_get_cert(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct cert_row row;

	return find(api, req, &row, err) &&
	    view_whole(api, req, &row, out, err);
}

bool
api_post_cert_revoke(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	enum crl_reason reason = REASON_UNSPECIFIED;
	const char *name, *by;
	struct cert_row row;
	struct err why = { 0 };
	bool changed;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string_optional(body, "reason", &name, err))
		return false;
	if (name != NULL && !crl_reason_parse(name, &reason))
		return fail(err, ERR_BAD_REASON,
		    "reason %s; expected a name of RFC 5280 section 5.3.1, "
		    "such as keyCompromise or superseded",
		    name);
	/* An operator who says so need not prove it: the key is blocked. */
	if (!find(api, req, &row, err) || !actor_name(api, req, NULL, &by, err))
		return false;
	changed = ca_revoke(api->deps.ca, &row, (int)reason, by,
	    reason == REASON_KEY_COMPROMISE, &why);
	/* Asked for twice, it is done once; the answer says which. */
	if (!changed && why.kind != ERR_ALREADY_REVOKED) {
		*err = why;
		return false;
	}
	if (!api_get_cert(api, req, out, err))
		return false;
	json_object_set_new(*out, "changed", json_boolean(changed));
	return true;
}
