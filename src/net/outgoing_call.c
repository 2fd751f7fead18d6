/*
 * One call: resolved by us, its address pinned for libcurl, which is given no
 * chance to resolve, to follow, to authenticate or to remember anything.
 */
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "net/outgoing_job.h"
#include "util/secret.h"
#include "util/text.h"

#define MAX_HEADERS 32768u
#define FIRST_BODY 16384u
/* For an address that has another behind it. */
#define CONNECT_MS 3000
/* What Retry-After may say at most; more is as good as this. */
#define MAX_RETRY_AFTER (24 * 3600)

struct outgoing_transfer {
	/* One attempt to connect to one address. */
	struct probe_address address;
	const char *where; /* URL and address, for sentences */
	CURL *easy;
	struct curl_slist *connect_to;
	char error[CURL_ERROR_SIZE];
	/* The answer so far. */
	size_t headers_n;
	bool headers_end, headers_too_large, body_too_large;
	int64_t retry_after;
	uint8_t *body;
	size_t body_n, body_cap;
};

static void attempt_next(struct outgoing_call *call);

static long
info_long(CURL *easy, CURLINFO what)
{
	long value = 0;

	curl_easy_getinfo(easy, what, &value);
	return value;
}

/* ---- what libcurl hands over ---- */

/* The only dial decision: libcurl may connect where we said, nowhere else. */
static curl_socket_t
socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct outgoing_call *call = arg;
	unsigned port = call->target.host->port;
	struct sockaddr_storage want;
	socklen_t n =
	    probe_address_sockaddr(&call->transfer->address, port, &want);

	if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen != n ||
	    memcmp(&to->addr, &want, n) != 0)
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The anchors were read once; libcurl would read them for each connection. */
static CURLcode
anchors_install(CURL *easy, void *ssl_ctx, void *arg)
{
	struct outgoing_call *call = arg;

	(void)easy;
	SSL_CTX_set1_cert_store(ssl_ctx,
	    call->anchors != NULL ? call->anchors : call->settings->anchors);
	return CURLE_OK;
}

/* RFC 9110 section 10.2.3: seconds, or a date. */
static int64_t
retry_after_parse(const char *value)
{
	struct err why = { 0 };
	int64_t seconds;
	time_t date;

	if (value[0] != '\0' && value[strspn(value, "0123456789")] == '\0')
		return text_parse_int(value, 0, MAX_RETRY_AFTER, &seconds, &why)
		    ? seconds
		    : MAX_RETRY_AFTER;
	date = curl_getdate(value, NULL);
	if (date < 0)
		return 0;
	seconds = (int64_t)date - (int64_t)time(NULL);
	return seconds < 0 ? 0 : MIN_OF(seconds, MAX_RETRY_AFTER);
}

static size_t
header_take(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "retry-after:";
	struct outgoing_call *call = arg;
	struct outgoing_transfer *t = call->transfer;
	struct bytes line = bytes_of(p, size * n);
	char value[64];

	t->headers_n += line.n;
	if (t->headers_n > MAX_HEADERS) {
		t->headers_too_large = true;
		return 0;
	}
	/* After an interim answer another head follows; after a whole one,
	 * trailers may. */
	if (line.n > 5 && memcmp(p, "HTTP/", 5) == 0) {
		t->headers_end = false;
		t->retry_after = 0;
	} else if (p[0] == '\r' || p[0] == '\n') {
		t->headers_end = true;
	}
	if (line.n <= sizeof(name) || line.n > sizeof(name) + sizeof(value) ||
	    strncasecmp(p, name, sizeof(name) - 1) != 0)
		return line.n;
	line = bytes_of(line.p + sizeof(name) - 1, line.n - sizeof(name) + 1);
	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = bytes_of(line.p + 1, line.n - 1);
	while (line.n > 0 && strchr(" \t\r\n", line.p[line.n - 1]) != NULL)
		line.n--;
	snprintf(
	    value, sizeof(value), "%.*s", (int)line.n, (const char *)line.p);
	t->retry_after = retry_after_parse(value);
	return size * n;
}

/* Like realloc, but what was there is wiped. */
static void
body_grow(struct outgoing_transfer *t, size_t need)
{
	size_t cap = MAX_OF(t->body_cap, FIRST_BODY);
	uint8_t *p;

	while (cap < need)
		cap *= 2;
	if (cap == t->body_cap)
		return;
	p = mem_alloc(cap);
	if (t->body_n > 0)
		memcpy(p, t->body, t->body_n);
	secret_wipe(t->body, t->body_n);
	free(t->body);
	t->body = p;
	t->body_cap = cap;
}

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct outgoing_call *call = arg;
	struct outgoing_transfer *t = call->transfer;

	n *= size;
	if (n > OUTGOING_MAX_BODY - t->body_n) {
		t->body_too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	body_grow(t, t->body_n + n);
	memcpy(t->body + t->body_n, p, n);
	t->body_n += n;
	return n;
}

/* ---- how it ended ---- */

static void
attempt_done(struct outgoing_transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->connect_to);
	t->easy = NULL;
	t->connect_to = NULL;
}

static const char *
connect_reason(struct outgoing_call *call)
{
	long os = info_long(call->transfer->easy, CURLINFO_OS_ERRNO);
	char *text;

	if (os == 0)
		return "connection failed";
	text = arena_strdup(call->arena, strerrordesc_np((int)os));
	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] = (char)(text[0] - 'A' + 'a');
	return text;
}

/* Why the host's certificate was refused. */
static const char *
certificate_reason(struct outgoing_call *call)
{
	long verify =
	    info_long(call->transfer->easy, CURLINFO_SSL_VERIFYRESULT);

	switch (verify) {
	case X509_V_OK:
	/* What libcurl begins with: the chain held, then it compared names. */
	case X509_V_ERR_UNSPECIFIED:
		return arena_printf(call->arena,
		    "its certificate is not for %.200s", call->host.name);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return arena_printf(call->arena,
		    "its certificate is not signed by an anchor of %.120s",
		    call->anchors != NULL ? "the call"
					  : call->settings->anchors_path);
	default:
		return arena_printf(call->arena, "its certificate: %.120s",
		    X509_verify_cert_error_string(verify));
	}
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
	    "the connection was closed before the end of the answer" },
	{ CURLE_OPERATION_TIMEDOUT, ERR_CONNECTION, true, "no answer" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_INCORRECT_RESPONSE, false,
	    "the answer is not HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_INCORRECT_RESPONSE, false,
	    "the answer is not HTTP" },
	{ CURLE_FILESIZE_EXCEEDED, ERR_TOO_LARGE, false,
	    "the body is longer than 524288 octets" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_TLS, false, NULL },
	{ CURLE_SSL_CIPHER, ERR_TLS, false, NULL },
};
_Static_assert(OUTGOING_MAX_BODY == 524288, "as in the sentence");

static void
transfer_fail(struct outgoing_call *call, CURLcode result)
{
	struct outgoing_transfer *t = call->transfer;
	long proxy = info_long(t->easy, CURLINFO_HTTP_CONNECTCODE);
	enum err_kind kind = ERR_CONNECTION;
	bool transient = true;
	const char *text = NULL;

	if (t->headers_too_large) {
		job_fail(&call->job, ERR_TOO_LARGE, false,
		    "%.480s: the header is longer than %u octets", t->where,
		    MAX_HEADERS);
		return;
	}
	if (proxy != 0 && proxy / 100 != 2) {
		job_fail(&call->job, ERR_CONNECTION,
		    proxy == 429 || proxy >= 500,
		    "%.480s: the proxy answered %ld to CONNECT", t->where,
		    proxy);
		return;
	}
	if (result == CURLE_PEER_FAILED_VERIFICATION) {
		job_fail(&call->job, ERR_TLS, false, "%.440s: %.190s", t->where,
		    certificate_reason(call));
		return;
	}
	if (t->body_too_large)
		result = CURLE_FILESIZE_EXCEEDED;
	for (size_t i = 0; i < COUNT_OF(failures); i++)
		if (failures[i].code == result) {
			kind = failures[i].kind;
			transient = failures[i].transient;
			text = failures[i].text;
		}
	if (result == CURLE_COULDNT_CONNECT) {
		text = connect_reason(call);
	} else if (text == NULL) {
		text_make_printable(t->error);
		text = t->error;
	}
	job_fail(&call->job, kind, transient, "%.480s: %s%.140s", t->where,
	    kind == ERR_TLS ? "TLS failed: " : "", text);
}

static void
answer_take(struct outgoing_call *call, long status)
{
	struct outgoing_transfer *t = call->transfer;
	struct outgoing_result *res = &call->res;

	res->status = (int)status;
	res->body = bytes_of(t->body, t->body_n);
	res->retry_after = t->retry_after;
	call->job.transient = status == 429 || status >= 500;
	snprintf(call->job.err.shown, sizeof(call->job.err.shown),
	    "%.480s: answered %ld", t->where, status);
	job_ok(&call->job);
}

/* Whether another address may do better: nothing was sent to this one yet. */
static bool
may_go_on(const struct outgoing_call *call, CURLcode result)
{
	CURL *easy = call->transfer->easy;
	curl_off_t tls_us = 0;

	curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
	return (result == CURLE_COULDNT_CONNECT ||
		   result == CURLE_OPERATION_TIMEDOUT) &&
	    tls_us == 0 && info_long(easy, CURLINFO_HTTP_CONNECTCODE) == 0 &&
	    call->target.next < call->target.n;
}

static void
transfer_done(void *arg, CURLcode result)
{
	struct outgoing_call *call = arg;
	struct outgoing_transfer *t = call->transfer;

	if (call->job.over)
		return;
	/* To libcurl a header that was cut is a whole answer. */
	if (result == CURLE_OK && !t->headers_end)
		result = CURLE_PARTIAL_FILE;
	if (result == CURLE_OK) {
		answer_take(call, info_long(t->easy, CURLINFO_RESPONSE_CODE));
	} else if (may_go_on(call, result)) {
		attempt_done(t);
		attempt_next(call);
	} else {
		transfer_fail(call, result);
	}
}

/* ---- one attempt ---- */

static void
easy_safety(CURL *e)
{
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE, (long)OUTGOING_MAX_BODY);
	/* Secrets are for the service, not for the proxy before it. */
	curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void
easy_tls(struct outgoing_call *call, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	/* None of libcurl's own, and none kept for the next call: an anchor is
	 * good for the calls that name it.  A store left empty refuses all. */
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, anchors_install);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, call);
}

/* Where the connection goes: the host's address, or the proxy's. */
static void
easy_route(struct outgoing_call *call, CURL *e)
{
	struct outgoing_transfer *t = call->transfer;
	const char *address = arena_printf(call->arena,
	    t->address.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
	    t->address.text, call->target.host->port);

	/* Else the environment would say. */
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	if (call->by_proxy) {
		curl_easy_setopt(e, CURLOPT_PROXY,
		    arena_printf(call->arena, "http://%s", address));
		curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
		return;
	}
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	t->connect_to =
	    curl_slist_append(NULL, arena_printf(call->arena, "::%s", address));
	curl_easy_setopt(e, CURLOPT_CONNECT_TO, t->connect_to);
}

static void
easy_request(struct outgoing_call *call, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_URL, call->url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->headers);
	if (call->method == OUTGOING_GET) {
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
		return;
	}
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	/* Not copied: it is wiped here. */
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->body);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)call->body_n);
}

static void
easy_callbacks(struct outgoing_call *call, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, call);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, header_take);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->transfer->error);
	curl_easy_setopt(e, CURLOPT_PRIVATE, call);
}

static long
connect_ms(const struct outgoing_call *call)
{
	int64_t left = job_left_ms(&call->job);

	/* The call's own timer ends the last one. */
	return call->target.next < call->target.n
	    ? (long)MIN_OF(left / 2 + 1, CONNECT_MS)
	    : (long)(left + 1000);
}

static void
attempt_next(struct outgoing_call *call)
{
	struct outgoing_transfer *t = call->transfer;
	bool v6;

	t->address = call->target.v[call->target.next++];
	t->headers_n = 0;
	t->headers_end = false;
	t->error[0] = '\0';
	v6 = t->address.family == AF_INET6;
	t->where = arena_printf(call->arena, "%s %s %s%s%s:%u", call->job.shown,
	    call->by_proxy ? "by the proxy" : "at", v6 ? "[" : "",
	    t->address.text, v6 ? "]" : "", call->target.host->port);
	job_doing(&call->job, ERR_CONNECTION, "%s", t->where);
	t->easy = curl_easy_init();
	if (t->easy == NULL) {
		job_fail(&call->job, ERR_INTERNAL, true,
		    "no transfer could be made");
		return;
	}
	easy_safety(t->easy);
	easy_tls(call, t->easy);
	easy_route(call, t->easy);
	easy_request(call, t->easy);
	easy_callbacks(call, t->easy);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(call));
	if (!transfers_add(call->job.loop->transfers, t->easy, transfer_done)) {
		attempt_done(t);
		job_fail(&call->job, ERR_INTERNAL, true,
		    "no transfer could be started");
	}
}

void
outgoing_call_start(struct outgoing_call *call)
{
	const struct outgoing_settings *s = call->settings;

	if (call->anchors == NULL && s->anchors == NULL) {
		job_fail(&call->job, ERR_CONFIG, false, "%.300s: %.330s",
		    call->job.shown, s->anchors_err.shown);
		return;
	}
	call->transfer = arena_alloc(call->arena, sizeof(*call->transfer));
	call->by_proxy = outgoing_settings_proxied(s, &call->host);
	outgoing_resolve(
	    call, call->by_proxy ? &s->proxy : &call->host, attempt_next);
}

void
outgoing_call_cancel(struct outgoing_call *call)
{
	struct outgoing_transfer *t = call->transfer;

	if (t == NULL || t->easy == NULL)
		return;
	transfers_remove(call->job.loop->transfers, t->easy);
	attempt_done(t);
}

void
outgoing_call_wipe(struct outgoing_call *call)
{
	struct outgoing_transfer *t = call->transfer;

	if (t == NULL)
		return;
	secret_wipe(t->body, t->body_n);
	free(t->body);
}
