#include "scep/handlers.h"

/* What HTTP says when SCEP cannot. */
static const struct {
	enum err_kind kind;
	int status;
} rows[] = {
	{ ERR_MALFORMED, 400 },
	{ ERR_UNSUPPORTED, 400 },
	{ ERR_BAD_PUBLIC_KEY, 400 },
	{ ERR_UNAUTHORIZED, 403 },
	{ ERR_NOT_FOUND, 404 },
	{ ERR_TOO_LARGE, 413 },
	{ ERR_RATE_LIMITED, 429 },
	{ ERR_BUSY, 503 },
	{ ERR_STORE_FULL, 503 },
	{ ERR_SIGNER, 503 },
};

/* RFC 8894 section 4.1: caches on the way take a GET for what may be answered
 * again, and what is said today of keys and requests does not hold tomorrow. */
void
scep_resp_type(struct http_resp *resp, const char *type)
{
	http_resp_header(resp, "Content-Type", type);
	http_resp_header(resp, "Cache-Control", "no-store");
}

static int
status_of(enum err_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].kind == kind)
			return rows[i].status;
	return 500;
}

static void
problem(struct scep_call *call, struct http_resp *resp, int status,
    const struct err *err)
{
	if (call->operating)
		scep_count_refusal(&call->scep->counts, call->message.type);
	*resp = (struct http_resp){ .status = status };
	resp->body = bytes_str(arena_printf(
	    call->a, "%d %s: %s\n", status, http_reason(status), err->shown));
	scep_resp_type(resp, "text/plain; charset=utf-8");
	call->req->log_note =
	    arena_printf(call->a, "%s: %s%s%s", err_kind_name(err->kind),
		err->shown, err->detail[0] != '\0' ? ": " : "", err->detail);
	if (status == 429 || status == 503)
		http_resp_headerf(resp, call->a, "Retry-After", "%lld",
		    (long long)(status == 429 ? MAX_OF(call->retry_after, 1)
					      : 5));
}

void
scep_problem(
    struct scep_call *call, struct http_resp *resp, const struct err *err)
{
	problem(call, resp, status_of(err->kind), err);
}

void
scep_problem_hand_out(
    struct scep_call *call, struct http_resp *resp, const struct err *err)
{
	int status = status_of(err->kind);

	if (err->kind == ERR_UNAUTHORIZED)
		status = 401;
	else if (err->kind == ERR_UNSUPPORTED)
		status = 415;
	else if (err->kind == ERR_IDENTIFIER_REJECTED)
		status = 403;
	problem(call, resp, status, err);
	/* RFC 9110 section 11.6.1: 401 names a way to authenticate. */
	if (status == 401)
		http_resp_headerf(resp, call->a, "WWW-Authenticate",
		    "Basic realm=\"%s\", charset=\"UTF-8\"",
		    call->profile->config->name);
}

/* The request's, as far as it is one that we use ourselves. */
static enum digest_alg
digest_of(const struct scep_call *call)
{
	enum digest_alg alg = call->message.cms.digest;

	return alg == DIGEST_SHA1 && !call->profile->config->legacy_sha1
	    ? DIGEST_SHA256
	    : alg;
}

static enum cipher_alg
cipher_of(const struct scep_call *call)
{
	/* Never single DES: who has it has triple DES. */
	return call->envelope.cipher == CIPHER_DES_CBC ? CIPHER_DES3_CBC
						       : call->envelope.cipher;
}

bool
scep_reply(struct scep_call *call, const struct scep_answer *answer,
    struct http_resp *resp, struct err *err)
{
	struct scep_reply reply = { .status = answer->status,
		.fail_info = answer->fail_info,
		.fail_text = answer->text,
		.transaction = call->message.transaction,
		.recipient_nonce = call->message.sender_nonce,
		.digest = digest_of(call) };
	AUTO_BUF envelope = { 0 };
	AUTO_BUF out = { 0 };

	/* RFC 8894 section 3.2.1.5: a fresh one of ours. */
	random_fill(&call->scep->deps.random, reply.sender_nonce,
	    sizeof(reply.sender_nonce));
	AUTO_LANE loan = lane_lend(call->scep->lanes);

	/* To the key that signed, by the transport that it used itself. */
	if (answer->status == SCEP_SUCCESS &&
	    !cms_enveloped_put(&envelope, loan.lane, &call->signer,
		call->recipient->transport, cipher_of(call), answer->payload,
		err))
		return false;
	reply.envelope = buf_bytes(&envelope);
	if (!scep_reply_put(&out, loan.lane, &reply, &call->ra->cert,
		call->ra->key, true, err))
		return false;
	scep_count_reply(&call->scep->counts, call->message.type,
	    answer->status, answer->fail_info);
	resp->status = 200;
	resp->body = arena_take_buf(call->a, &out);
	scep_resp_type(resp, "application/x-pki-message");
	return true;
}
