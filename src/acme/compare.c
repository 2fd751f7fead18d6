#include "codec/jose.h"
#include "acme/compare.h"
#include "codec/cert.h"
#include "crypto/digest.h"
#include "util/text.h"

/* RFC 8737 section 3: id-pe-acmeIdentifier. */
#define OID_ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"
#define OID_SUBJECT_ALT_NAME "2.5.29.17"

void
expectation_make(const struct validation_job *job, struct arena *a,
    struct expectation *out, struct probe_request *request)
{
	char thumbprint[44];

	jwk_thumbprint_text(job->thumbprint, thumbprint);
	out->type = job->type;
	out->name.type = (enum name_type)job->name_type;
	out->name.text = arena_strdup(a, job->name);
	out->key_authorization =
	    arena_printf(a, "%s.%s", job->token, thumbprint);
	digest_sha256(bytes_str(out->key_authorization), out->digest);
	out->digest_text =
	    base64url_arena(a, bytes_of(out->digest, sizeof(out->digest)));
	*request = (struct probe_request){
		.name = out->name.text,
		.is_ip = out->name.type == NAME_IP,
	};
	switch (job->type) {
	case CHALLENGE_HTTP_01:
		request->kind = PROBE_HTTP;
		request->path = arena_printf(
		    a, "/.well-known/acme-challenge/%s", job->token);
		out->looked_up = arena_printf(
		    a, "http://%s%s", request->name, request->path);
		break;
	case CHALLENGE_DNS_01:
		request->kind = PROBE_TXT;
		request->name =
		    arena_printf(a, "_acme-challenge.%s", out->name.text);
		out->looked_up = arena_printf(a, "TXT %s", request->name);
		break;
	case CHALLENGE_TLS_ALPN_01:
		request->kind = PROBE_TLS_ALPN;
		out->looked_up =
		    arena_printf(a, "acme-tls/1 at %s", request->name);
		break;
	}
}

/* What came back, printable and cut, for a message. */
static const char *
shown(struct bytes in, struct arena *a)
{
	size_t n = MIN_OF(in.n, 100u);
	char *out = arena_alloc(a, n + sizeof("…"));

	for (size_t i = 0; i < n; i++)
		out[i] =
		    in.p[i] >= 0x20 && in.p[i] < 0x7f ? (char)in.p[i] : '?';
	if (in.n > n)
		memcpy(out + n, "…", sizeof("…"));
	return out;
}

/* RFC 8555 section 8.3: white space at the end is ignored. */
static bool
http_check(const struct expectation *e, struct bytes body, struct arena *a,
    struct err *err)
{
	while (body.n > 0 &&
	    strchr(" \t\r\n\v\f", body.p[body.n - 1]) != NULL &&
	    body.p[body.n - 1] != '\0')
		body.n--;
	if (bytes_is(body, e->key_authorization))
		return true;
	return fail(err, ERR_INCORRECT_RESPONSE,
	    "%s held \"%s\", expected the key authorization \"%s\"",
	    e->looked_up, shown(body, a), e->key_authorization);
}

/* RFC 8555 section 8.4: one of the records is the digest. */
static bool
txt_check(const struct expectation *e, const struct probe_result *res,
    struct arena *a, struct err *err)
{
	for (size_t i = 0; i < res->txt_n; i++)
		if (bytes_is(res->txt[i], e->digest_text))
			return true;
	if (res->txt_n == 0)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "%s has no record, expected \"%s\"", e->looked_up,
		    e->digest_text);
	return fail(err, ERR_INCORRECT_RESPONSE,
	    "%s has %zu record%s, the first is \"%s\", expected one to be "
	    "\"%s\"",
	    e->looked_up, res->txt_n, res->txt_n == 1 ? "" : "s",
	    shown(res->txt[0], a), e->digest_text);
}

/* RFC 8737 section 3: exactly one entry, and it is the name. */
static bool
san_check(const struct expectation *e, const struct cert *cert, struct err *err)
{
	const struct cert_extension *san =
	    cert_extension_find(cert, OID_SUBJECT_ALT_NAME);
	struct der outer, entries;
	size_t n = 0;

	if (san == NULL)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the certificate of %s has no subjectAltName",
		    e->looked_up);
	outer = der_of(san->value);
	if (!der_enter(&outer, DER_SEQUENCE, &entries))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the certificate of %s has a malformed subjectAltName",
		    e->looked_up);
	while (
	    !der_at_end(&entries) && der_read_any(&entries, NULL, NULL, NULL))
		n++;
	if (n != 1 || cert->names.n != 1 ||
	    !name_equal(&cert->names.v[0], &e->name))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the certificate of %s has %zu names, the first is "
		    "\"%.200s\", expected %s alone",
		    e->looked_up, n,
		    cert->names.n > 0 ? cert->names.v[0].text : "",
		    e->name.text);
	return true;
}

/* RFC 8737 section 3: critical, the digest as an OCTET STRING. */
static bool
identifier_check(
    const struct expectation *e, const struct cert *cert, struct err *err)
{
	const struct cert_extension *x =
	    cert_extension_find(cert, OID_ACME_IDENTIFIER);
	struct bytes digest;
	struct der d;

	if (x == NULL)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the certificate of %s has no acmeIdentifier extension",
		    e->looked_up);
	if (!x->critical)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the acmeIdentifier extension of %s is not critical",
		    e->looked_up);
	d = der_of(x->value);
	if (!der_read(&d, DER_OCTET_STRING, &digest) || !der_at_end(&d) ||
	    digest.n != sizeof(e->digest))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the acmeIdentifier extension of %s is not an OCTET "
		    "STRING of 32 octets",
		    e->looked_up);
	if (memcmp(digest.p, e->digest, sizeof(e->digest)) != 0)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the acmeIdentifier extension of %s is not the SHA-256 "
		    "of the key authorization \"%s\"",
		    e->looked_up, e->key_authorization);
	return true;
}

static bool
tls_check(const struct expectation *e, const struct probe_result *res,
    struct lane *lane, struct arena *a, struct err *err)
{
	struct err why = { 0 };
	struct cert cert;

	if (!res->alpn_acme)
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "%s did not negotiate ALPN \"acme-tls/1\"", e->looked_up);
	if (!cert_parse(res->certificate, a, &cert, &why))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the certificate of %s cannot be read: %s", e->looked_up,
		    why.shown);
	if (!san_check(e, &cert, err) || !identifier_check(e, &cert, err))
		return false;
	if (!bytes_equal(cert.issuer, cert.subject) ||
	    !cert_verify(lane, &cert, &cert, &why))
		return fail(err, ERR_INCORRECT_RESPONSE,
		    "the certificate of %s is not self-signed", e->looked_up);
	return true;
}

bool
expectation_check(const struct expectation *e, const struct probe_result *res,
    struct lane *lane, struct arena *a, struct err *err)
{
	if (!res->ok) {
		*err = res->err;
		return false;
	}
	switch (e->type) {
	case CHALLENGE_HTTP_01:
		return http_check(e, res->body, a, err);
	case CHALLENGE_DNS_01:
		return txt_check(e, res, a, err);
	case CHALLENGE_TLS_ALPN_01:
		return tls_check(e, res, lane, a, err);
	}
	return fail(err, ERR_INTERNAL, "challenge type %d is unknown", e->type);
}
