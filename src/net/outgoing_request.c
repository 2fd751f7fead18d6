/* What a caller asks for: judged, copied, and wiped when it is over. */
#include <curl/curl.h>
#include <stdlib.h>
#include "crypto/own.h"
#include "net/outgoing_job.h"
#include "util/secret.h"
#include "util/text.h"

#define MAX_HEADER 16384u /* of one name and value: a token of Entra ID */
#define USER_AGENT "chancery/" CHANCERY_VERSION

OWN_DEFINE(CURLU, curl_url_cleanup)

static void
own_free_curl_text(char **p)
{
	curl_free(*p);
}
#define AUTO_CURL_TEXT __attribute__((cleanup(own_free_curl_text))) char

/* Set by us or by libcurl: a second one would say something else. */
static const char *const own_headers[] = { "Host", "Content-Length",
	"Content-Type", "Transfer-Encoding", "Connection", "Expect", "Upgrade",
	"TE", "User-Agent", "Proxy-Authorization" };

static const char *
part_get(CURLU *u, CURLUPart part, unsigned flags, struct arena *a)
{
	AUTO_CURL_TEXT *text = NULL;

	if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
		return NULL;
	return arena_strdup(a, text);
}

/* A literal address without its brackets, or a name that can be asked. */
static bool
host_parse(const char *text, struct arena *a, struct outgoing_host *out,
    struct err *err)
{
	struct probe_address address;
	struct err why = { 0 };
	char *name = arena_strdup(a, text);
	size_t n = strlen(name);
	bool bracketed = n > 1 && name[0] == '[' && name[n - 1] == ']';

	if (bracketed) {
		name[n - 1] = '\0';
		name++;
	} else if (n > 1 && name[n - 1] == '.') {
		name[n - 1] = '\0';
	}
	out->is_ip = probe_address_parse(name, &address);
	out->name = name;
	if (bracketed && !out->is_ip)
		return fail(err, ERR_MALFORMED,
		    "the URL's host [%.80s] is no IPv6 address", name);
	if (!out->is_ip && !dns_name_check(name, &why))
		return fail(err, ERR_MALFORMED, "the URL's host %.80s: %s",
		    name, why.shown);
	return true;
}

/* libcurl would forgive one slash, or three.  The first colon is the scheme's:
 * a later one may have two slashes behind it and mean nothing. */
static bool
text_is_url(const char *url)
{
	const char *colon = strchr(url, ':');

	for (const char *p = url; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return false;
	return colon != NULL && strncmp(colon, "://", 3) == 0 &&
	    colon[3] != '/';
}

bool
outgoing_url_parse(const char *url, const char *scheme, unsigned default_port,
    struct arena *a, struct outgoing_host *out, struct err *err)
{
	AUTO(CURLU) *u = curl_url();
	struct outgoing_host host;
	const char *text;
	int64_t port = default_port;

	if (strlen(url) > OUTGOING_MAX_URL || !text_is_url(url) ||
	    curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) !=
		CURLUE_OK)
		return fail(err, ERR_MALFORMED,
		    "no URL of at most %u printable characters",
		    OUTGOING_MAX_URL);
	text = part_get(u, CURLUPART_SCHEME, 0, a);
	if (text == NULL || !text_equal_nocase(text, scheme))
		return fail(err, ERR_MALFORMED,
		    "the URL's scheme is %.20s, expected %s",
		    text == NULL ? "missing" : text, scheme);
	if (part_get(u, CURLUPART_USER, 0, a) != NULL ||
	    part_get(u, CURLUPART_PASSWORD, 0, a) != NULL)
		return fail(err, ERR_MALFORMED,
		    "the URL has a user or a password, expected none");
	/* Also an empty one, of which libcurl says that there is none. */
	if (strchr(url, '#') != NULL)
		return fail(err, ERR_MALFORMED,
		    "the URL has a fragment, expected none");
	if (part_get(u, CURLUPART_ZONEID, 0, a) != NULL)
		return fail(err, ERR_MALFORMED,
		    "the URL's address has a zone, expected none");
	text = part_get(u, CURLUPART_PORT, 0, a);
	if (text != NULL && !text_parse_int(text, 1, 65535, &port, err))
		return false;
	text = part_get(u, CURLUPART_HOST, 0, a);
	if (text == NULL)
		return fail(err, ERR_MALFORMED, "the URL has no host");
	if (!host_parse(text, a, &host, err))
		return false;
	host.port = (unsigned)port;
	*out = host;
	return true;
}

/* RFC 9110 section 5.6.2. */
static bool
is_token(const char *s)
{
	return s[0] != '\0' &&
	    s[strspn(s,
		"!#$%&'*+-.^_`|~0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* RFC 9110 section 5.5: no control characters, above all no line breaks. */
static bool
is_value(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

static bool
header_check(const struct outgoing_header *h, struct err *err)
{
	if (h->name == NULL || h->value == NULL || !is_token(h->name) ||
	    !is_value(h->value) ||
	    strlen(h->name) + strlen(h->value) > MAX_HEADER)
		return fail(err, ERR_MALFORMED,
		    "a header that is too long, or has characters that no "
		    "header may have");
	for (size_t i = 0; i < COUNT_OF(own_headers); i++)
		if (text_equal_nocase(h->name, own_headers[i]))
			return fail(err, ERR_MALFORMED,
			    "the header %s, which is not the caller's to set",
			    own_headers[i]);
	return true;
}

static void
header_add(struct outgoing_call *call, const char *name, const char *value)
{
	/* libcurl's way to write one without a value. */
	char *line = value[0] == '\0' ? mem_printf("%s;", name)
				      : mem_printf("%s: %s", name, value);

	call->headers = curl_slist_append(call->headers, line);
	secret_wipe(line, strlen(line));
	free(line);
}

static void
headers_wipe(struct outgoing_call *call)
{
	for (struct curl_slist *h = call->headers; h != NULL; h = h->next)
		secret_wipe(h->data, strlen(h->data));
	curl_slist_free_all(call->headers);
}

static bool
request_check(const struct outgoing_request *req, struct err *err)
{
	if (req->url == NULL || req->headers_n > OUTGOING_MAX_HEADERS ||
	    req->body.n > OUTGOING_MAX_BODY || req->timeout_ms < 0 ||
	    req->anchors.n > OUTGOING_MAX_ANCHORS)
		return fail(err, ERR_MALFORMED,
		    "a call without a URL, or with too many headers or too "
		    "long a body");
	if (req->method == OUTGOING_POST
		? req->content_type == NULL || !is_value(req->content_type) ||
		    strlen(req->content_type) > MAX_HEADER
		: req->body.n > 0)
		return fail(err, ERR_MALFORMED,
		    "a POST without a content type, or a GET with a body");
	for (size_t i = 0; i < req->headers_n; i++)
		if (!header_check(&req->headers[i], err))
			return false;
	return true;
}

static void
headers_copy(struct outgoing_call *call, const struct outgoing_request *req)
{
	for (size_t i = 0; i < req->headers_n; i++)
		header_add(call, req->headers[i].name, req->headers[i].value);
	header_add(call, "User-Agent", USER_AGENT);
	if (req->method == OUTGOING_POST)
		header_add(call, "Content-Type", req->content_type);
	/* Without a value libcurl leaves it out: it would wait for a 100. */
	call->headers = curl_slist_append(call->headers, "Expect:");
}

bool
outgoing_call_new(const struct outgoing_request *req, int64_t longest_ms,
    struct outgoing_call **out, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct outgoing_call *call = arena_alloc(a, sizeof(*call));

	if (!request_check(req, err) ||
	    !outgoing_url_parse(req->url, "https", 443, a, &call->host, err) ||
	    (req->anchors.n > 0 &&
		!outgoing_anchors_parse(
		    req->anchors, "anchors of the call", &call->anchors, err)))
		return false;
	call->method = req->method;
	call->url = arena_strdup(a, req->url);
	/* A query may have secrets in it. */
	call->job.shown = arena_printf(
	    a, "%.*s", (int)MIN_OF(strcspn(req->url, "?"), 300), req->url);
	call->body = mem_alloc(req->body.n);
	call->body_n = req->body.n;
	if (req->body.n > 0)
		memcpy(call->body, req->body.p, req->body.n);
	headers_copy(call, req);
	/* Its time runs in the queue too. */
	job_limit(&call->job,
	    req->timeout_ms == 0 ? longest_ms
				 : MIN_OF(req->timeout_ms, longest_ms));
	job_doing(&call->job, ERR_BUSY,
	    "%.320s: as many calls as may run at once", call->job.shown);
	call->arena = TAKE(a);
	*out = call;
	return true;
}

void
outgoing_call_free(struct outgoing_call *call)
{
	outgoing_call_wipe(call);
	headers_wipe(call);
	secret_wipe(call->body, call->body_n);
	free(call->body);
	X509_STORE_free(call->anchors);
	outgoing_settings_unref(call->settings);
	arena_free(call->arena);
}
