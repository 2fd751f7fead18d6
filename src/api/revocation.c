#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"
#include "ca/bulk.h"
#include "codec/crl.h"
#include "util/text.h"

#define BULKS_LISTED 100u

/* ---- many by one decision ---- */

static bool
read_time(const json_t *o, const char *key, int64_t *out, struct err *err)
{
	const char *text;

	if (!json_get_string_optional(o, key, &text, err))
		return false;
	return text == NULL || time_parse_rfc3339(text, out, err);
}

static bool
read_filter(const json_t *o, struct cert_filter *f, struct err *err)
{
	static const char *const known[] = { "account", "ca", "name", "profile",
		"issued_from", "issued_before" };
	const char *key;
	json_t *v;

	if (!json_is_object(o))
		return fail(
		    err, ERR_MALFORMED, "member \"filter\" is not an object");
	/* A criterion that is not understood would revoke too much. */
	json_object_foreach ((json_t *)(uintptr_t)o, key, v) {
		bool found = false;

		for (size_t i = 0; i < COUNT_OF(known); i++)
			found = found || strcmp(key, known[i]) == 0;
		if (!found)
			return fail(err, ERR_MALFORMED,
			    "unknown criterion \"%.40s\"", key);
	}
	return json_get_string_optional(o, "account", &f->account_id, err) &&
	    json_get_string_optional(o, "ca", &f->ca, err) &&
	    json_get_string_optional(o, "name", &f->name_pattern, err) &&
	    json_get_string_optional(o, "profile", &f->profile, err) &&
	    read_time(o, "issued_from", &f->created_from, err) &&
	    read_time(o, "issued_before", &f->created_before, err);
}

static bool
read_request(struct api *api, struct http_req *req, struct bulk_request *out,
    const char **confirm, struct err *err)
{
	enum crl_reason reason = REASON_UNSPECIFIED;
	const char *name;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string_optional(body, "reason", &name, err) ||
	    !json_get_string_optional(body, "confirm", confirm, err) ||
	    !read_filter(json_object_get(body, "filter"), &out->filter, err))
		return false;
	if (name != NULL && !crl_reason_parse(name, &reason))
		return fail(err, ERR_BAD_REASON,
		    "reason %.40s; expected a name of RFC 5280 section 5.3.1",
		    name);
	out->reason = (int)reason;
	out->filter.now = req->now;
	return actor_name(api, req, NULL, &out->by, err);
}

static json_t *
view_bulk(const struct bulk_row *row)
{
	json_t *o = json_object();

	view_text(o, "id", row->id);
	view_text(o, "status", row->finished_at == 0 ? "running" : "finished");
	view_text(o, "reason", crl_reason_name((enum crl_reason)row->reason));
	view_json(o, "filter", row->filter_json);
	view_count(o, "count", row->total);
	view_count(o, "revoked", row->revoked);
	view_count(o, "skipped", row->skipped);
	view_text(o, "by", row->by);
	view_time(o, "begun_at", row->at);
	view_time(o, "finished_at", row->finished_at);
	view_hex(o, "set_sha256",
	    bytes_of(row->set_sha256, sizeof(row->set_sha256)));
	return o;
}

static json_t *
view_plan(const struct bulk_plan *plan, int reason, int64_t now)
{
	json_t *o = json_object(), *sample = json_array();

	view_count(o, "count", plan->count);
	view_text(o, "reason", crl_reason_name((enum crl_reason)reason));
	view_hex(o, "set_sha256",
	    bytes_of(plan->set_sha256, sizeof(plan->set_sha256)));
	for (size_t i = 0; i < plan->sample_n; i++)
		json_array_append_new(sample, view_cert(&plan->sample[i], now));
	json_object_set_new(o, "sample", sample);
	return o;
}

bool
api_post_revocations(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct bulk_request bulk = { 0 };
	const char *confirm = NULL;
	struct bulk_plan plan;
	struct bulk_row row;
	struct bytes hash;

	if (!read_request(api, req, &bulk, &confirm, err))
		return false;
	if (confirm == NULL) {
		if (!ca_bulk_plan(api->deps.ca, &bulk, req->arena, &plan, err))
			return false;
		*out = view_plan(&plan, bulk.reason, req->now);
		return true;
	}
	if (!hex_decode(confirm, req->arena, &hash, err) || hash.n != 32)
		return fail(err, ERR_MALFORMED,
		    "what confirms is no hash: expected 64 hexadecimal "
		    "digits, as the dry run prints them");
	if (!ca_bulk_begin(api->deps.ca, &bulk, hash.p, req->arena, &row, err))
		return false;
	req->log_object = row.id;
	*out = view_bulk(&row);
	return true;
}

bool
api_get_revocation(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct bulk_row row;
	const char *id;

	if (!query_capture(req, 0, &id, err) ||
	    !store_bulk_get(api->deps.store, id, req->arena, &row, err))
		return false;
	*out = view_bulk(&row);
	return true;
}

bool
api_get_revocations(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct bulk_row *rows;
	json_t *list;
	size_t n;

	if (!store_bulk_list(
		api->deps.store, BULKS_LISTED, req->arena, &rows, &n, err))
		return false;
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, view_bulk(&rows[i]));
	*out = view_page("revocations", list, NULL);
	return true;
}

/* ---- a key without a certificate at hand ---- */

bool
api_post_key_block(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct csr *csr = arena_alloc(req->arena, sizeof(*csr));
	const char *text, *by;
	uint8_t sum[32];
	bool blocked;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string(body, "csr", &text, err) ||
	    !api_csr_read(text, req->arena, csr, err) ||
	    !actor_name(api, req, NULL, &by, err) ||
	    !ca_key_block(api->deps.ca, csr, by, &blocked, err))
		return false;
	digest_sha256(csr->spki, sum);
	*out = json_object();
	view_hex(*out, "spki_sha256", bytes_of(sum, sizeof(sum)));
	json_object_set_new(*out, "changed", json_boolean(blocked));
	return true;
}
