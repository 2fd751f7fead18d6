#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"
#include "codec/pem.h"
#include "util/text.h"

static json_t *
view_approval(const struct approval *row)
{
	json_t *o = json_object();

	view_text(o, "id", row->id);
	view_text(o, "status", approval_state_name(row->state));
	view_text(o, "protocol", row->protocol);
	view_text(o, "label", row->label);
	view_text(o, "profile", row->profile);
	view_text(o, "requester", row->requester);
	view_text(o, "transaction", row->transaction);
	view_text(o, "subject", row->subject);
	view_lines(o, "names", row->names);
	view_time(o, "created_at", row->created_at);
	view_time(o, "expires_at", row->expires_at);
	view_time(o, "decided_at", row->decided_at);
	view_text(o, "decided_by", row->decided_by);
	view_text(o, "reason", row->reason);
	view_text(o, "certificate", row->cert_id);
	return o;
}

static bool
read_state(const char *text, enum approval_state *out, struct err *err)
{
	*out = 0;
	if (text == NULL)
		return true;
	for (int s = APPROVAL_PENDING; s <= APPROVAL_EXPIRED; s++)
		if (strcmp(text, approval_state_name((enum approval_state)s)) ==
		    0) {
			*out = (enum approval_state)s;
			return true;
		}
	return fail(err, ERR_MALFORMED,
	    "status %s; expected pending, approved, rejected, issued or "
	    "expired",
	    text);
}

bool
api_get_approvals(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const char *status = NULL, *after = NULL, *limit = NULL;
	const struct query_field fields[] = {
		{ "status", &status },
		{ "after", &after },
		{ "limit", &limit },
	};
	enum approval_state state;
	struct approval *rows;
	json_t *approvals;
	unsigned max;
	size_t n;

	if (!query_read(req, fields, COUNT_OF(fields), err) ||
	    !read_state(status, &state, err) ||
	    !query_limit(limit, &max, err) ||
	    !ca_approval_list(
		api->deps.ca, state, after, max, req->arena, &rows, &n, err))
		return false;
	approvals = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(approvals, view_approval(&rows[i]));
	*out =
	    view_page("approvals", approvals, n == max ? rows[n - 1].id : NULL);
	return true;
}

/* ---- one ---- */

bool
api_get_approval(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct approval row;
	AUTO_BUF pem = { 0 };
	const char *id;
	json_t *o;

	if (!query_capture(req, 0, &id, err))
		return false;
	req->log_object = id;
	if (!ca_approval_get(api->deps.ca, id, req->arena, &row, err))
		return false;
	o = view_approval(&row);
	view_hex(o, "request_sha256",
	    bytes_of(row.request_sha256, sizeof(row.request_sha256)));
	view_hex(o, "spki_sha256",
	    bytes_of(row.spki_sha256, sizeof(row.spki_sha256)));
	pem_put(&pem, "CERTIFICATE REQUEST", row.csr);
	view_text(o, "csr", buf_cstr(&pem));
	*out = o;
	return true;
}

/* ---- deciding ---- */

static bool
read_hash(const json_t *body, struct arena *a, uint8_t out[32], struct err *err)
{
	struct bytes hash;
	const char *text;

	if (!json_get_string(body, "sha256", &text, err) ||
	    !hex_decode(text, a, &hash, err))
		return false;
	if (hash.n != 32)
		return fail(err, ERR_MALFORMED,
		    "sha256 has %zu octets, expected the 32 of request sha256",
		    hash.n);
	memcpy(out, hash.p, 32);
	return true;
}

static bool
decide(struct api *api, struct http_req *req, bool approve, json_t **out,
    struct err *err)
{
	const char *id, *as, *reason, *by;
	uint8_t sha256[32];
	json_t *body;

	return query_capture(req, 0, &id, err) &&
	    json_parse_object(req->body, req->arena, &body, err) &&
	    json_get_string_optional(body, "as", &as, err) &&
	    json_get_string_optional(body, "reason", &reason, err) &&
	    read_hash(body, req->arena, sha256, err) &&
	    actor_operator(api, req, as, &by, err) &&
	    ca_approval_decide(
		api->deps.ca, id, sha256, approve, by, reason, err) &&
	    api_get_approval(api, req, out, err);
}

bool
api_post_approval_approve(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	return decide(api, req, true, out, err);
}

bool
api_post_approval_reject(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	return decide(api, req, false, out, err);
}
