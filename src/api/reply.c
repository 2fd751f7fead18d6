#include "api/reply.h"

/* What is not named here is the server's fault. */
static const int statuses[ERR_KINDS] = {
	[ERR_MALFORMED] = 400,
	[ERR_REJECTED] = 422,
	[ERR_UNAUTHORIZED] = 403,
	[ERR_NOT_FOUND] = 404,
	[ERR_CONFLICT] = 409,
	[ERR_TOO_LARGE] = 413,
	[ERR_UNSUPPORTED] = 400,
	[ERR_BUSY] = 503,
	[ERR_RATE_LIMITED] = 429,
	[ERR_STORE] = 500,
	[ERR_STORE_FULL] = 503,
	[ERR_SIGNER] = 503,
	[ERR_SIGNER_REFUSED] = 422,
	[ERR_SYSTEM] = 500,
	[ERR_CONFIG] = 500,
	[ERR_USAGE] = 400,
	[ERR_INTERNAL] = 500,
	[ERR_BAD_NONCE] = 400,
	[ERR_BAD_SIGNATURE] = 400,
	[ERR_BAD_SIGNATURE_ALG] = 400,
	[ERR_BAD_PUBLIC_KEY] = 400,
	[ERR_BAD_CSR] = 400,
	[ERR_ACCOUNT_UNKNOWN] = 404,
	[ERR_ACCOUNT_DEACTIVATED] = 409,
	[ERR_ORDER_NOT_READY] = 409,
	[ERR_IDENTIFIER_REJECTED] = 422,
	[ERR_IDENTIFIER_UNSUPPORTED] = 400,
	[ERR_CONTACT_INVALID] = 400,
	[ERR_CONTACT_UNSUPPORTED] = 400,
	[ERR_PROFILE_INVALID] = 400,
	[ERR_EXTERNAL_ACCOUNT] = 403,
	[ERR_USER_ACTION] = 403,
	[ERR_ALREADY_REVOKED] = 409,
	[ERR_ALREADY_REPLACED] = 409,
	[ERR_BAD_REASON] = 400,
	[ERR_CAA] = 403,
	[ERR_DNS] = 502,
	[ERR_CONNECTION] = 502,
	[ERR_TLS] = 502,
	[ERR_INCORRECT_RESPONSE] = 502,
};

int
api_reply_status(enum err_kind kind)
{
	return (unsigned)kind < ERR_KINDS && statuses[kind] != 0
	    ? statuses[kind]
	    : 500;
}

void
api_reply_json(
    struct http_req *req, struct http_resp *resp, int status, json_t *value)
{
	arena_adopt(req->arena, json_t, value);
	resp->status = status;
	resp->body = json_print(value, req->arena);
	http_resp_header(resp, "Content-Type", "application/json");
	http_resp_header(resp, "Cache-Control", "no-store");
}

/* The peer is the operator, so the detail is shown as well. */
void
api_reply_err(
    struct http_req *req, struct http_resp *resp, const struct err *err)
{
	int status = api_reply_status(err->kind);
	const char *text = err->detail[0] == '\0'
	    ? arena_strdup(req->arena, err->shown)
	    : arena_printf(req->arena, "%s (%s)", err->shown, err->detail);

	req->log_note = text;
	if (status == 503)
		http_resp_header(resp, "Retry-After", "5");
	http_problem(req, resp, status, err_kind_name(err->kind), text);
}

void
api_reply(struct http_req *req, struct http_resp *resp, bool ok, int status,
    json_t *value, const struct err *err)
{
	if (ok)
		api_reply_json(req, resp, status, value);
	else
		api_reply_err(req, resp, err);
}

void
api_reply_refuse(void *ctx, struct http_req *req, struct http_resp *resp,
    int status, const char *why)
{
	static const struct {
		int status;
		enum err_kind kind;
	} kinds[] = {
		{ 404, ERR_NOT_FOUND },
		{ 413, ERR_TOO_LARGE },
		{ 503, ERR_BUSY },
	};
	enum err_kind kind = ERR_UNSUPPORTED;

	(void)ctx;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].status == status)
			kind = kinds[i].kind;
	if (status == 503)
		http_resp_header(resp, "Retry-After", "5");
	http_problem(req, resp, status, err_kind_name(kind), why);
}
