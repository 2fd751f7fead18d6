#include "publish/publish.h"
#include "util/times.h"

/* How long a CA certificate may be kept by caches. */
#define CERT_MAX_AGE 86400

/* Of a CA, or of a cross-certificate: "<ca>-by-<ca>". */
#define NAME_SIZE 69u

/* <ca>.<suffix> from the captured segment, or false. */
static bool
split(const struct http_req *req, char ca[NAME_SIZE], const char **suffix)
{
	const char *file = req->capture[0];
	const char *dot = strrchr(file, '.');
	size_t n = dot == NULL ? 0 : (size_t)(dot - file);

	if (n == 0 || n >= NAME_SIZE)
		return false;
	memcpy(ca, file, n);
	ca[n] = '\0';
	*suffix = dot + 1;
	return true;
}

static void
not_found(struct http_resp *resp)
{
	resp->status = 404;
	http_resp_header(resp, "Content-Type", "text/plain");
	resp->body = bytes_str("no such CA\n");
}

static void
send_blob(struct http_req *req, struct http_resp *resp, struct blob *blob,
    const char *type, const char *etag, int64_t modified, int64_t expires)
{
	char when[TIME_HTTP_SIZE];
	int64_t age = expires > 0 ? expires - req->now : CERT_MAX_AGE;

	if (blob == NULL) {
		not_found(resp);
		return;
	}
	resp->status = 200;
	resp->blob = blob;
	http_resp_header(resp, "Content-Type", type);
	http_resp_headerf(resp, req->arena, "Cache-Control",
	    "max-age=%lld, public, no-transform, must-revalidate",
	    (long long)(age > 0 ? age : 0));
	if (expires > 0) {
		time_format_http(expires, when);
		http_resp_header(
		    resp, "Expires", arena_strdup(req->arena, when));
	}
	http_conditional(req, resp, arena_strdup(req->arena, etag), modified);
}

static void
get_artefact(struct publish *p, struct http_req *req, struct http_resp *resp,
    const char *ca, enum ca_artefact what, const char *type)
{
	char etag[67];
	int64_t modified = 0, expires = 0;
	struct blob *blob =
	    ca_artefact(p->ca, ca, what, etag, &modified, &expires);

	send_blob(req, resp, blob, type, etag, modified, expires);
}

static void
get_ca(void *ctx, struct http_req *req, struct http_resp *resp)
{
	static const struct {
		const char *suffix, *type;
		enum ca_artefact what;
	} forms[] = {
		/* RFC 2585 section 4.1 */
		{ "cer", "application/pkix-cert", CA_CERT_DER },
		{ "pem", "application/x-pem-file", CA_CERT_PEM },
		/* RFC 5280 section 4.2.2.1: certs-only, RFC 8551 */
		{ "p7c", "application/pkcs7-mime", CA_CHAIN_P7 },
	};
	struct publish *p = ctx;
	const char *suffix;
	char ca[NAME_SIZE];

	if (strcmp(req->capture[0], "roots.pem") == 0) {
		char etag[67];
		struct blob *blob = ca_roots_pem(p->ca, etag);

		send_blob(
		    req, resp, blob, "application/x-pem-file", etag, 0, 0);
		return;
	}
	if (split(req, ca, &suffix))
		for (size_t i = 0; i < COUNT_OF(forms); i++)
			if (strcmp(suffix, forms[i].suffix) == 0) {
				get_artefact(p, req, resp, ca, forms[i].what,
				    forms[i].type);
				return;
			}
	not_found(resp);
}

void
publish_routes(struct publish *p, struct http_routes *routes)
{
	const struct http_route rows[] = {
		{ .methods = HTTP_GET,
		    .pattern = "/ca/{file}",
		    .handler = get_ca,
		    .ctx = p,
		    .place = ON_LOOP,
		    .listeners = LISTENER_HTTP | LISTENER_HTTPS },
	};

	http_routes_add(routes, rows, COUNT_OF(rows));
}
