#include "codec/json_out.h"
#include "crypto/digest.h"
#include "intune/message.h"
#include "util/secret.h"
#include "util/text.h"
#include "util/times.h"

/* ---- tokens ---- */

/* RFC 3986 section 2.3: all but the unreserved. */
static void
form_add(struct buf *out, const char *name, struct bytes value)
{
	buf_printf(out, "%s%s=", out->n == 0 ? "" : "&", name);
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') ||
		    (c != 0 && strchr("-._~", c) != NULL))
			buf_add_byte(out, c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void
message_token(struct buf *out, const char *client_id,
    const struct secret *client_secret, const char *scope)
{
	struct bytes secret = secret_reveal(client_secret);

	/* Never moved, so that no copy of the secret stays behind. */
	buf_reserve(out,
	    out->n + 3 * (secret.n + strlen(client_id) + strlen(scope)) + 128);
	form_add(out, "grant_type", bytes_str("client_credentials"));
	form_add(out, "client_id", bytes_str(client_id));
	form_add(out, "client_secret", secret);
	form_add(out, "scope", bytes_str(scope));
}

/* ---- requests and notices ---- */

static void
open_request(struct json_out *o, const char *key,
    const struct intune_request *req, struct arena *a)
{
	AUTO_BUF csr = { 0 };

	base64_encode(req->csr, 0, &csr);
	json_out_open(o, NULL, '{');
	json_out_open(o, key, '{');
	json_out_text(o, "transactionId", req->transaction);
	json_out_text(o, "certificateRequest", arena_str(a, buf_bytes(&csr)));
	/* It has the challenge in it, as the arena does, which is wiped. */
	secret_wipe(csr.p, csr.n);
}

static struct bytes
close_request(struct json_out *o, struct arena *a)
{
	json_out_text(o, "callerInfo", MESSAGE_CALLER);
	json_out_close(o, '}');
	json_out_close(o, '}');
	return json_out_compact(o, a);
}

struct bytes
message_validate(const struct intune_request *req, struct arena *a)
{
	struct json_out o = { 0 };

	open_request(&o, "request", req, a);
	return close_request(&o, a);
}

/* Upper case, as .NET prints thumbprints and serials. */
static const char *
hex_upper(struct arena *a, struct bytes in)
{
	char *text = hex_arena(a, in);

	for (char *p = text; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'f')
			*p = (char)(*p - 'a' + 'A');
	return text;
}

bool
message_success(const struct intune_request *req, struct bytes certificate,
    const char *issuer, struct arena *a, struct bytes *out, struct err *err)
{
	char until[TIME_RFC3339_SIZE];
	struct json_out o = { 0 };
	uint8_t sha1[20];
	struct cert cert;

	if (!cert_parse(certificate, a, &cert, err))
		return false;
	if (issuer == NULL)
		issuer = subject_text(a, cert.issuer);
	digest_sha1(certificate, sha1);
	time_format_rfc3339(cert.not_after, until);
	open_request(&o, "notification", req, a);
	json_out_text(&o, "certificateThumbprint",
	    hex_upper(a, bytes_of(sha1, sizeof(sha1))));
	json_out_text(&o, "certificateSerialNumber", hex_upper(a, cert.serial));
	/* "YYYY-MM-DDThh:mm:ss.sssTZD" */
	json_out_text(&o, "certificateExpirationDateUtc",
	    arena_printf(a, "%.19s.000Z", until));
	json_out_text(&o, "issuingCertificateAuthority", issuer);
	json_out_text(&o, "caConfiguration", req->tenant);
	json_out_text(&o, "certificateAuthority", issuer);
	*out = close_request(&o, a);
	return true;
}

struct bytes
message_failure(
    const struct intune_request *req, const char *why, struct arena *a)
{
	size_t n = strlen(why);
	struct json_out o = { 0 };
	char *text;

	if (n > MESSAGE_DESCRIPTION_MAX)
		n = MESSAGE_DESCRIPTION_MAX;
	while (n < strlen(why) && n > 0 && ((uint8_t)why[n] & 0xc0) == 0x80)
		n--;
	text = arena_str(a, bytes_of(why, n));
	text_make_printable(text);
	open_request(&o, "notification", req, a);
	json_out_int(&o, "hResult", MESSAGE_HRESULT);
	/* An empty one is refused. */
	json_out_text(
	    &o, "errorDescription", text[0] == '\0' ? "not issued" : text);
	return close_request(&o, a);
}

/* ---- revocations ---- */

struct bytes
message_download(unsigned max, const char *issuer, struct arena *a)
{
	struct json_out o = { 0 };

	json_out_open(&o, NULL, '{');
	json_out_open(&o, "downloadParameters", '{');
	json_out_int(&o, "maxRequests", max);
	if (issuer != NULL)
		json_out_text(&o, "issuerName", issuer);
	else
		json_out_raw(&o, "issuerName", "null");
	json_out_close(&o, '}');
	json_out_close(&o, '}');
	return json_out_compact(&o, a);
}

static const char *const error_names[] = {
	[REVOCATION_DONE] = "None",
	[REVOCATION_BAD_SERIAL] = "ParameterDataInvalidError",
	[REVOCATION_NOT_FOUND] = "CertificateNotFoundError",
	[REVOCATION_LATER] = "RetryableServiceException",
};

struct bytes
message_results(
    const struct revocation_result *results, size_t n, struct arena *a)
{
	struct json_out o = { 0 };

	json_out_open(&o, NULL, '{');
	json_out_open(&o, "results", '[');
	for (size_t i = 0; i < n; i++) {
		const struct revocation_result *r = &results[i];
		bool done = r->error == REVOCATION_DONE;

		json_out_open(&o, NULL, '{');
		json_out_text(&o, "requestContext", r->context);
		json_out_bool(&o, "succeeded", done);
		json_out_text(&o, "errorCode", error_names[r->error]);
		/* A success has no text. */
		if (done)
			json_out_raw(&o, "errorMessage", "null");
		else
			json_out_text(&o, "errorMessage", r->text);
		json_out_close(&o, '}');
	}
	json_out_close(&o, ']');
	json_out_close(&o, '}');
	return json_out_compact(&o, a);
}
