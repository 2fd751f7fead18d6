#include "est/problem.h"

static const struct {
	enum err_kind kind;
	int status;
} rows[] = {
	{ ERR_MALFORMED, 400 },
	{ ERR_BAD_CSR, 400 },
	{ ERR_BAD_SIGNATURE, 400 },
	{ ERR_BAD_SIGNATURE_ALG, 400 },
	{ ERR_BAD_PUBLIC_KEY, 400 },
	{ ERR_UNSUPPORTED, 400 },
	{ ERR_REJECTED, 403 },
	{ ERR_IDENTIFIER_REJECTED, 403 },
	{ ERR_IDENTIFIER_UNSUPPORTED, 400 },
	/* 401 where a password would help, see below. */
	{ ERR_UNAUTHORIZED, 403 },
	{ ERR_NOT_FOUND, 404 },
	{ ERR_CONFLICT, 409 },
	{ ERR_TOO_LARGE, 413 },
	{ ERR_RATE_LIMITED, 429 },
	{ ERR_BUSY, 503 },
	{ ERR_STORE, 500 },
	{ ERR_STORE_FULL, 503 },
	{ ERR_SIGNER, 503 },
	{ ERR_SIGNER_REFUSED, 500 },
};

int
est_problem_status(enum err_kind kind, bool passwords)
{
	if (kind == ERR_UNAUTHORIZED && passwords)
		return 401;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].kind == kind)
			return rows[i].status;
	return 500;
}

static void
say(struct http_req *req, struct http_resp *resp, int status, const char *why)
{
	resp->status = status;
	resp->body = bytes_str(arena_printf(
	    req->arena, "%d %s: %s\n", status, http_reason(status), why));
	http_resp_header(resp, "Content-Type", "text/plain; charset=utf-8");
}

static void
retry_after(struct est_call *call, struct http_resp *resp, int64_t seconds)
{
	http_resp_headerf(resp, call->a, "Retry-After", "%lld",
	    (long long)MAX_OF(seconds, 1));
}

void
est_problem_reply(
    struct est_call *call, struct http_resp *resp, const struct err *err)
{
	bool passwords = call->label != NULL &&
	    (call->label->authentication & BY_PASSWORDS) != 0;
	int status = est_problem_status(err->kind, passwords);

	*resp = (struct http_resp){ 0 };
	say(call->req, resp, status, err->shown);
	call->req->log_note =
	    arena_printf(call->a, "%s: %s%s%s", err_kind_name(err->kind),
		err->shown, err->detail[0] != '\0' ? ": " : "", err->detail);
	/* RFC 9110 section 11.6.1: 401 names a way to authenticate.  To who
	 * has not tried yet it says no more: Bouncy Castle 1.72 gives up on a
	 * challenge with a body (tests/interop/est_bouncy_castle.py). */
	if (status == 401 &&
	    http_req_header(call->req, "Authorization") == NULL)
		resp->body = BYTES_NONE;
	if (status == 401)
		http_resp_headerf(resp, call->a, "WWW-Authenticate",
		    "Basic realm=\"%s\", charset=\"UTF-8\"",
		    call->label->config->name);
	if (status == 429)
		retry_after(call, resp, call->retry_after);
	else if (err->kind == ERR_STORE_FULL)
		retry_after(call, resp, 30);
	else if (status == 503)
		retry_after(call, resp, 5);
}

void
est_refuse(void *ctx, struct http_req *req, struct http_resp *resp, int status,
    const char *why)
{
	(void)ctx;
	say(req, resp, status, why);
}
