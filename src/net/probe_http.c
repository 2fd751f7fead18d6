/*
 * http-01 (RFC 8555 section 8.3).  Each hop is resolved by us, its address is
 * checked and pinned, and libcurl is given no chance to resolve, to follow, to
 * use a proxy or to remember anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "net/probe_job.h"
#include "net/probe_redirect.h"
#include "net/transfers.h"

#define MAX_HEADERS 16384u
#define USER_AGENT "Chancery-validation"

struct probe_http {
	struct probe_url url;
	const char *seen[PROBE_MAX_REDIRECTS + 1];
	unsigned hops;
	/* One attempt to connect to one address of one hop. */
	struct probe_address address;
	unsigned port;
	const char *where; /* URL and address, for sentences */
	CURL *easy;
	struct curl_slist *connect_to;
	char error[CURL_ERROR_SIZE];
	json_t *hop;
	size_t headers_n;
	bool headers_too_large, body_too_large;
	struct bytes location;
	uint8_t body[PROBE_MAX_BODY];
	size_t body_n;
};

static void attempt_next(struct probe_job *probe);

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static long
status_of(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* The only dial decision: libcurl may connect where we said, nowhere else. */
static curl_socket_t
socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	struct sockaddr_storage want;
	socklen_t n = probe_address_sockaddr(&h->address, h->port, &want);

	if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen != n ||
	    memcmp(&to->addr, &want, n) != 0)
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
header_take(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "location:";
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	struct bytes line = bytes_of(p, size * n);

	h->headers_n += line.n;
	if (h->headers_n > MAX_HEADERS) {
		h->headers_too_large = true;
		return 0;
	}
	if (line.n < sizeof(name) - 1 ||
	    strncasecmp(p, name, sizeof(name) - 1) != 0 || h->location.n > 0)
		return line.n;
	line = bytes_of(line.p + sizeof(name) - 1, line.n - sizeof(name) + 1);
	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = bytes_of(line.p + 1, line.n - 1);
	while (line.n > 0 && strchr(" \t\r\n", line.p[line.n - 1]) != NULL)
		line.n--;
	h->location = arena_bytes(probe->arena, line);
	return size * n;
}

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	size_t left = sizeof(h->body) - h->body_n;

	/* What a redirect says besides its Location is not read. */
	if (is_redirect(status_of(h->easy)) && h->location.n > 0)
		return CURL_WRITEFUNC_ERROR;
	n *= size;
	if (n > left) {
		h->body_too_large = true;
		memcpy(h->body + h->body_n, p, left);
		h->body_n += left;
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(h->body + h->body_n, p, n);
	h->body_n += n;
	return n;
}

static void
attempt_done(struct probe_http *h)
{
	curl_easy_cleanup(h->easy);
	curl_slist_free_all(h->connect_to);
	h->easy = NULL;
	h->connect_to = NULL;
}

static void resolved(struct probe_job *probe);

static void
hop_start(struct probe_job *probe, const struct probe_url *url)
{
	struct probe_http *h = probe->http;

	h->url = *url;
	h->seen[h->hops++] = url->text;
	/* Each hop is resolved anew and judged anew. */
	probe_resolve(probe, h->url.host, h->url.host_is_ip, resolved);
}

static void
redirect_follow(struct probe_job *probe)
{
	struct probe_http *h = probe->http;
	struct probe_settings *s = probe->settings;
	struct probe_redirect_rules rules = { .ip_allowed = probe->req.is_ip,
		.ports = { s->http_port, s->tls_alpn_port } };
	struct probe_url next;
	struct err why = { 0 };

	record_set(
	    h->hop, "location", record_escape(probe->arena, h->location, 512));
	if (!probe_redirect_resolve(
		h->url.text, h->location, &rules, probe->arena, &next, &why)) {
		job_fail(&probe->job, why.kind, false, "%.380s: %.250s",
		    h->where, why.shown);
		return;
	}
	for (unsigned i = 0; i < h->hops; i++)
		if (strcmp(h->seen[i], next.text) == 0) {
			job_fail(&probe->job, ERR_INCORRECT_RESPONSE, false,
			    "%.600s: redirect loop", h->where);
			return;
		}
	if (h->hops > PROBE_MAX_REDIRECTS) {
		job_fail(&probe->job, ERR_INCORRECT_RESPONSE, false,
		    "%.500s: more than %u redirects", h->where,
		    PROBE_MAX_REDIRECTS);
		return;
	}
	hop_start(probe, &next);
}

/* A whole answer: is it one that can be compared? */
static void
answer_judge(struct probe_job *probe, long status)
{
	struct probe_http *h = probe->http;

	if (h->body_n > 0)
		record_set(h->hop, "body",
		    record_escape(
			probe->arena, bytes_of(h->body, h->body_n), 64));
	if (status != 200) {
		/* RFC 8555 section 8.3: the server's own errors may pass. */
		job_fail(&probe->job, ERR_INCORRECT_RESPONSE, status >= 500,
		    "%.560s: answered %ld, expected 200", h->where, status);
		return;
	}
	if (h->body_too_large) {
		job_fail(&probe->job, ERR_INCORRECT_RESPONSE, false,
		    "%.520s: the body is longer than %u octets, expected a "
		    "key authorization",
		    h->where, PROBE_MAX_BODY);
		return;
	}
	probe->res.body = bytes_of(h->body, h->body_n);
	job_ok(&probe->job);
}

static const char *
connect_reason(struct probe_http *h, struct probe_job *probe)
{
	long os = 0;
	char *text;

	curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &os);
	if (os == 0)
		return "connection failed";
	text = arena_strdup(probe->arena, strerrordesc_np((int)os));
	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] = (char)(text[0] - 'A' + 'a');
	return text;
}

static bool
was_connected(CURL *easy)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &us);
	return us > 0;
}

static const struct {
	CURLcode code;
	enum err_kind kind;
	bool transient;
	const char *text; /* NULL: libcurl's own words */
} failures[] = {
	{ CURLE_GOT_NOTHING, ERR_CONNECTION, true,
	    "the connection was closed without an answer" },
	{ CURLE_RECV_ERROR, ERR_CONNECTION, true, "the connection broke" },
	{ CURLE_SEND_ERROR, ERR_CONNECTION, true, "the connection broke" },
	{ CURLE_PARTIAL_FILE, ERR_CONNECTION, true,
	    "the connection was closed before the end of the body" },
	{ CURLE_OPERATION_TIMEDOUT, ERR_CONNECTION, true, "no answer" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_INCORRECT_RESPONSE, false,
	    "the answer is not HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_INCORRECT_RESPONSE, false,
	    "the answer is not HTTP" },
	{ CURLE_BAD_CONTENT_ENCODING, ERR_INCORRECT_RESPONSE, false,
	    "the answer's encoding is broken" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_TLS, false, NULL },
	{ CURLE_SSL_CIPHER, ERR_TLS, false, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_TLS, false, NULL },
};

static void
transfer_fail(struct probe_job *probe, CURLcode result)
{
	struct probe_http *h = probe->http;
	enum err_kind kind = ERR_CONNECTION;
	bool transient = true;
	const char *text = NULL;

	for (size_t i = 0; i < COUNT_OF(failures); i++)
		if (failures[i].code == result) {
			kind = failures[i].kind;
			transient = failures[i].transient;
			text = failures[i].text;
		}
	if (h->headers_too_large) {
		kind = ERR_INCORRECT_RESPONSE;
		transient = false;
		text = "the header is longer than 16384 octets";
	} else if (result == CURLE_COULDNT_CONNECT) {
		text = connect_reason(h, probe);
	} else if (text == NULL) {
		text = record_escape(probe->arena, bytes_str(h->error), 120);
	}
	record_set(h->hop, "error", text);
	job_fail(&probe->job, kind, transient, "%.480s: %s%.140s", h->where,
	    kind == ERR_TLS ? "TLS failed: " : "", text);
}

static void
transfer_done(void *arg, CURLcode result)
{
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	long status;

	if (probe->job.over)
		return;
	status = status_of(h->easy);
	if (status > 0)
		record_set_int(h->hop, "status", status);
	if ((result == CURLE_COULDNT_CONNECT ||
		(result == CURLE_OPERATION_TIMEDOUT &&
		    !was_connected(h->easy))) &&
	    probe->target.next < probe->target.n) {
		record_set(h->hop, "error", connect_reason(h, probe));
		attempt_done(h);
		attempt_next(probe);
		return;
	}
	if (status > 0 && !h->headers_too_large && is_redirect(status) &&
	    h->location.n > 0) {
		attempt_done(h);
		redirect_follow(probe);
	} else if (result == CURLE_OK ||
	    (result == CURLE_WRITE_ERROR && h->body_too_large)) {
		answer_judge(probe, status);
	} else {
		transfer_fail(probe, result);
	}
}

static void
easy_safety(CURL *e)
{
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	/* RFC 8555 section 8.3: a redirect's certificate need not hold. */
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	/* Else the system's roots are read, each time, for nothing. */
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

/* Half of what is left for an address that has another behind it. */
static long
connect_ms(const struct probe_job *probe)
{
	int64_t left = job_left_ms(&probe->job);

	return probe->target.next < probe->target.n ? (long)(left / 2 + 1)
						    : (long)(left + 1000);
}

static void
easy_setup(struct probe_job *probe)
{
	struct probe_http *h = probe->http;
	CURL *e = h->easy;

	h->connect_to = curl_slist_append(NULL,
	    arena_printf(probe->arena, "::[%s]:%u", h->address.text, h->port));
	easy_safety(e);
	curl_easy_setopt(e, CURLOPT_URL, h->url.text);
	curl_easy_setopt(e, CURLOPT_CONNECT_TO, h->connect_to);
	curl_easy_setopt(e, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(probe));
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, probe);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, header_take);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, probe);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, probe);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(e, CURLOPT_PRIVATE, probe);
}

static void
attempt_next(struct probe_job *probe)
{
	struct probe_http *h = probe->http;

	h->address = probe->target.v[probe->target.next++];
	h->port = h->url.port;
	h->headers_n = h->body_n = 0;
	h->headers_too_large = h->body_too_large = false;
	h->location = BYTES_NONE;
	h->error[0] = '\0';
	h->where = arena_printf(probe->arena, "%.480s at [%s]:%u", h->url.text,
	    h->address.text, h->port);
	h->hop = record_hop(probe);
	record_set(h->hop, "url", h->url.text);
	record_set(h->hop, "address", h->address.text);
	record_set_int(h->hop, "port", h->port);
	job_doing(&probe->job, ERR_CONNECTION, "%s", h->where);
	h->easy = curl_easy_init();
	if (h->easy == NULL) {
		job_fail(&probe->job, ERR_INTERNAL, true,
		    "no transfer could be made");
		return;
	}
	easy_setup(probe);
	if (!transfers_add(
		probe->job.loop->transfers, h->easy, transfer_done)) {
		attempt_done(h);
		job_fail(&probe->job, ERR_INTERNAL, true,
		    "no transfer could be started");
	}
}

static void
resolved(struct probe_job *probe)
{
	attempt_next(probe);
}

void
probe_http_start(struct probe_job *probe)
{
	struct probe_settings *s = probe->settings;
	bool v6 = probe->req.is_ip && strchr(probe->req.name, ':') != NULL;
	struct probe_url url = { .host = probe->req.name,
		.host_is_ip = probe->req.is_ip,
		.port = s->http_port };
	char port[16] = "";

	if (s->http_port != 80)
		snprintf(port, sizeof(port), ":%u", s->http_port);
	url.text =
	    arena_printf(probe->arena, "http://%s%s%s%s%s", v6 ? "[" : "",
		probe->req.name, v6 ? "]" : "", port, probe->req.path);
	probe->http = arena_alloc(probe->arena, sizeof(*probe->http));
	hop_start(probe, &url);
}

void
probe_http_cancel(struct probe_job *probe)
{
	struct probe_http *h = probe->http;

	if (h == NULL || h->easy == NULL)
		return;
	transfers_remove(probe->job.loop->transfers, h->easy);
	attempt_done(h);
}
