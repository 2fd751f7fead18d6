#include "acme/nonce.h"
#include "acme/reply.h"
#include "util/text.h"
#include "util/times.h"

/* Rule 7.  An order is made under the directory of its profile. */
static const char *
index_url(const struct acme_state *s, const struct http_req *req)
{
	static const char prefix[] = "/acme/", suffix[] = "/new-order";
	size_t n = strlen(req->path);

	if (n > strlen(prefix) + strlen(suffix) &&
	    text_has_suffix(req->path, suffix))
		return acme_url(s, req->arena, "%.*s/directory",
		    (int)(n - strlen(suffix)), req->path);
	return acme_url(s, req->arena, "/acme/directory");
}

void
reply_cors(struct http_resp *resp)
{
	http_resp_header(resp, "Access-Control-Allow-Origin", "*");
	http_resp_header(resp, "Access-Control-Expose-Headers",
	    "Link, Location, Replay-Nonce, Retry-After");
}

void
reply_nonce(struct acme *acme, struct http_req *req, struct http_resp *resp)
{
	char *nonce = arena_alloc(req->arena, NONCE_SIZE);

	nonces_issue(acme->nonces, nonce);
	http_resp_header(resp, "Replay-Nonce", nonce);
}

void
reply_link(struct http_req *req, struct http_resp *resp, const char *url,
    const char *rel)
{
	http_resp_headerf(
	    resp, req->arena, "Link", "<%s>;rel=\"%s\"", url, rel);
}

void
reply_location(struct http_resp *resp, const char *url)
{
	http_resp_header(resp, "Location", url);
}

void
reply_retry_after(struct http_req *req, struct http_resp *resp, int64_t seconds)
{
	http_resp_headerf(
	    resp, req->arena, "Retry-After", "%lld", (long long)seconds);
}

void
reply_start(
    struct acme *acme, struct http_req *req, struct http_resp *resp, int status)
{
	blob_unref(resp->blob);
	*resp = (struct http_resp){ .status = status };
	/* A cached nonce is a used one, and RFC 8555 section 6.5 wants one on
	 * every answer to a POST; errors of other methods have it too. */
	if (req->method != HTTP_GET || status >= 400)
		reply_nonce(acme, req, resp);
	http_resp_header(resp, "Cache-Control", "no-store");
	reply_link(req, resp, index_url(acme_state(acme), req), "index");
	reply_cors(resp);
}

void
reply_json_as(struct acme *acme, struct http_req *req, struct http_resp *resp,
    int status, const char *media_type, const json_t *body)
{
	reply_start(acme, req, resp, status);
	http_resp_header(resp, "Content-Type", media_type);
	resp->body = json_print(body, req->arena);
}

void
reply_json(struct acme *acme, struct http_req *req, struct http_resp *resp,
    int status, const json_t *body)
{
	reply_json_as(acme, req, resp, status, "application/json", body);
}

void
reply_json_out(struct acme *acme, struct http_req *req, struct http_resp *resp,
    int status, struct json_out *body)
{
	reply_start(acme, req, resp, status);
	http_resp_header(resp, "Content-Type", "application/json");
	resp->body = json_out_pretty(body, req->arena);
}

void
json_out_time(struct json_out *o, const char *key, int64_t t)
{
	char text[TIME_RFC3339_SIZE];

	time_format_rfc3339(t, text);
	json_out_text(o, key, text);
}

void
json_set_text(json_t *o, const char *key, const char *s)
{
	json_t *text = s == NULL ? NULL : json_string(s);

	if (text != NULL)
		json_object_set_new(o, key, text);
}

json_t *
json_own(const char *text)
{
	return text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
}
