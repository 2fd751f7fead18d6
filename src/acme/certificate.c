#include "acme/certificate.h"
#include "acme/post.h"
#include "acme/reply.h"
#include "codec/pem.h"
#include "util/text.h"

#define CHAIN_MAX 8u

/* One media range of a list; *p moves behind it. */
static struct bytes
range_next(const char **p)
{
	const char *s = *p + strspn(*p, " \t,");
	size_t all = strcspn(s, ","), n = strcspn(s, ",; \t");

	*p = s + all;
	return bytes_of(s, n);
}

static bool
range_is(struct bytes range, const char *type)
{
	return range.n == strlen(type) &&
	    strncasecmp((const char *)range.p, type, range.n) == 0;
}

enum cert_format
cert_format_of(const char *accept)
{
	enum cert_format format = CERT_FORMAT_PEM;
	const char *p = accept;

	if (accept == NULL)
		return CERT_FORMAT_PEM;
	while (*p != '\0') {
		struct bytes range = range_next(&p);

		if (range_is(range, "application/pem-certificate-chain") ||
		    range_is(range, "application/*") || range_is(range, "*/*"))
			return CERT_FORMAT_PEM;
		if (format != CERT_FORMAT_PEM)
			continue;
		if (range_is(range, "application/pkix-cert"))
			format = CERT_FORMAT_DER;
		else if (range_is(range, "application/pkcs7-mime"))
			format = CERT_FORMAT_PKCS7;
	}
	return format;
}

/* Also the owner's only: a certificate tells which names he has. */
static bool
cert_load(const struct post *post, struct cert_row *row, struct err *err)
{
	const char *id = post->req->capture[0];

	post->req->log_object = id;
	if (!store_cert_get(
		post->acme->deps.store, id, post->arena, row, err) ||
	    !post_check_owner(post, row->account_id, "certificate", err))
		return false;
	/* node-acme-client expects the download to fail then (rule 33). */
	if (row->status == CERT_REVOKED)
		return fail(err, ERR_NOT_FOUND, "the certificate was revoked");
	if (row->status != CERT_ISSUED)
		return fail(
		    err, ERR_NOT_FOUND, "the certificate is not issued");
	return true;
}

static bool
chain_pkcs7(const struct post *post, struct bytes pem, struct bytes *out,
    struct err *err)
{
	struct bytes certs[CHAIN_MAX];
	struct buf b = { 0 };
	bool found = true;
	size_t n = 0;

	while (n < CHAIN_MAX) {
		if (!pem_next(&pem, "CERTIFICATE", post->arena, &found,
			&certs[n], err))
			return false;
		if (!found)
			break;
		n++;
	}
	pkcs7_certs_put(&b, certs, n);
	*out = arena_take_buf(post->arena, &b);
	return true;
}

/* Never a Link "up": acmez and mod_md follow it and append what they get to
 * the chain (rule 4). */
static bool
cert_serve(const struct post *post, struct http_resp *resp, struct err *err)
{
	enum cert_format format =
	    cert_format_of(http_req_header(post->req, "Accept"));
	const char *type = "application/pem-certificate-chain";
	struct bytes pem, der, body;
	struct cert_row row;

	if (!post_check_get(post, err) || !cert_load(post, &row, err) ||
	    !ca_cert_chain(
		post->acme->deps.ca, &row, post->arena, &pem, &der, err))
		return false;
	body = pem;
	if (format == CERT_FORMAT_DER) {
		type = "application/pkix-cert";
		body = der;
	} else if (format == CERT_FORMAT_PKCS7) {
		type = "application/pkcs7-mime; smime-type=certs-only";
		if (!chain_pkcs7(post, pem, &body, err))
			return false;
	}
	reply_start(post->acme, post->req, resp, 200);
	http_resp_header(resp, "Content-Type", type);
	resp->body = body;
	return true;
}

void
acme_post_certificate(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !cert_serve(&post, resp, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
}
