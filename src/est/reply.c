#include "codec/pem.h"
#include "est/body.h"
#include "est/reply.h"
#include "util/text.h"

bool
est_reply_wraps(const struct est_call *call)
{
	const char *agent;

	switch (call->label->config->base64_wrap) {
	case EST_WRAP_ALWAYS:
		return true;
	case EST_WRAP_NEVER:
		return false;
	case EST_WRAP_AUTO:
		break;
	}
	if (call->req->method == HTTP_POST)
		return call->wrapped;
	/* libest 3.2.0 reads no /cacerts in one line, strongSwan 5.9.8 none in
	 * several (test_est_wire: lines_follow_the_client). */
	agent = http_req_header(call->req, "User-Agent");
	return agent != NULL && strncmp(agent, "libest", 6) == 0;
}

void
est_reply_base64(struct est_call *call, struct http_resp *resp,
    const char *type, struct bytes der)
{
	AUTO_BUF text = { 0 };

	est_body_encode(der, est_reply_wraps(call), &text);
	resp->status = 200;
	resp->body = arena_take_buf(call->a, &text);
	http_resp_header(resp, "Content-Type", type);
	/* RFC 8951 section 3 deprecates it; Bouncy Castle 1.72 takes the body
	 * for DER without it (tests/interop/est_bouncy_castle.py). */
	http_resp_header(resp, "Content-Transfer-Encoding", "base64");
}

void
est_reply_certificate(
    struct est_call *call, struct http_resp *resp, struct bytes der)
{
	AUTO_BUF bag = { 0 };

	pkcs7_certs_put(&bag, &der, 1);
	est_reply_base64(call, resp,
	    "application/pkcs7-mime; smime-type=certs-only",
	    arena_take_buf(call->a, &bag));
}

void
est_reply_secret(struct http_resp *resp, const struct ca_issued *issued)
{
	/* Clients pass over a field that they do not know. */
	if (issued->revocation_secret != NULL)
		http_resp_header(resp, "Chancery-Revocation-Secret",
		    issued->revocation_secret);
}
