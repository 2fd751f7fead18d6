/*
 * One call: resolved by us, its address pinned for libcurl, the certificate
 * verified against the anchors that were read once.
 */
#include <openssl/ssl.h>
#include <stdlib.h>
#include "net/outgoing_job.h"
#include "net/transfer.h"
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
	struct transfer curl;
	const char *where; /* URL and address, for sentences */
	/* The answer so far. */
	bool headers_end;
	int64_t retry_after;
	uint8_t *body;
	size_t body_n, body_cap;
};

static void attempt_next(struct outgoing_call *call);

/* ---- what libcurl hands over ---- */

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
	struct outgoing_call *call = arg;
	struct outgoing_transfer *t = call->transfer;
	struct bytes line = bytes_of(p, size * n), value;
	char text[64];

	if (!transfer_header(&t->curl, line.n, MAX_HEADERS))
		return 0;
	/* After an interim answer another head follows; after a whole one,
	 * trailers may. */
	if (line.n > 5 && memcmp(p, "HTTP/", 5) == 0) {
		t->headers_end = false;
		t->retry_after = 0;
	} else if (p[0] == '\r' || p[0] == '\n') {
		t->headers_end = true;
	}
	if (transfer_header_is(line, "retry-after", &value) && value.n > 0 &&
	    value.n < sizeof(text)) {
		snprintf(text, sizeof(text), "%.*s", (int)value.n,
		    (const char *)value.p);
		t->retry_after = retry_after_parse(text);
	}
	return line.n;
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
		t->curl.body_too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	body_grow(t, t->body_n + n);
	memcpy(t->body + t->body_n, p, n);
	t->body_n += n;
	return n;
}

/* ---- how it ended ---- */

/* Why the host's certificate was refused. */
static const char *
certificate_reason(struct outgoing_call *call)
{
	long verify =
	    transfer_info(&call->transfer->curl, CURLINFO_SSL_VERIFYRESULT);

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

static void
transfer_fail(struct outgoing_call *call, CURLcode result)
{
	struct outgoing_transfer *t = call->transfer;
	long proxy = transfer_info(&t->curl, CURLINFO_HTTP_CONNECTCODE);
	struct transfer_failure f =
	    transfer_failure(&t->curl, result, call->arena);

	if (t->curl.headers_too_large) {
		job_fail(&call->job, ERR_TOO_LARGE, false,
		    "%.480s: the header is longer than %u octets", t->where,
		    MAX_HEADERS);
	} else if (proxy != 0 && proxy / 100 != 2) {
		job_fail(&call->job, ERR_CONNECTION,
		    proxy == 429 || proxy >= 500,
		    "%.480s: the proxy answered %ld to CONNECT", t->where,
		    proxy);
	} else if (result == CURLE_PEER_FAILED_VERIFICATION) {
		job_fail(&call->job, ERR_TLS, false, "%.440s: %.190s", t->where,
		    certificate_reason(call));
	} else if (t->curl.body_too_large ||
	    result == CURLE_FILESIZE_EXCEEDED) {
		job_fail(&call->job, ERR_TOO_LARGE, false,
		    "%.480s: the body is longer than %u octets", t->where,
		    OUTGOING_MAX_BODY);
	} else {
		text_make_printable(t->curl.error);
		job_fail(&call->job, f.kind, f.transient, "%.480s: %s%.140s",
		    t->where, f.kind == ERR_TLS ? "TLS failed: " : "",
		    f.text == NULL ? t->curl.error : f.text);
	}
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
	CURL *easy = call->transfer->curl.easy;
	curl_off_t tls_us = 0;

	curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
	return (result == CURLE_COULDNT_CONNECT ||
		   result == CURLE_OPERATION_TIMEDOUT) &&
	    tls_us == 0 &&
	    transfer_info(&call->transfer->curl, CURLINFO_HTTP_CONNECTCODE) ==
	    0 &&
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
		answer_take(
		    call, transfer_info(&t->curl, CURLINFO_RESPONSE_CODE));
	} else if (may_go_on(call, result)) {
		transfer_end(&t->curl);
		attempt_next(call);
	} else {
		transfer_fail(call, result);
	}
}

/* ---- one attempt ---- */

static void
easy_tls(struct outgoing_call *call, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	/* None of libcurl's own, and none kept for the next call: an anchor is
	 * good for the calls that name it.  A store left empty refuses all. */
	curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, anchors_install);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, call);
}

/* Where the connection goes: the host's address, or the proxy's. */
static void
easy_route(struct outgoing_call *call, CURL *e)
{
	struct transfer *t = &call->transfer->curl;
	bool v6 = t->address.family == AF_INET6;

	/* Else the environment would say. */
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	if (!call->by_proxy) {
		transfer_pin(t, call->arena);
		return;
	}
	curl_easy_setopt(e, CURLOPT_PROXY,
	    arena_printf(call->arena, "http://%s%s%s:%u", v6 ? "[" : "",
		t->address.text, v6 ? "]" : "", t->port));
	curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* Secrets are for the service, not for the proxy before it. */
	curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void
easy_request(struct outgoing_call *call, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE, (long)OUTGOING_MAX_BODY);
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
	const struct transfer_sink sink = { header_take, body_take, call };
	struct outgoing_transfer *t = call->transfer;
	const struct probe_address *to = &call->target.v[call->target.next++];
	unsigned port = call->target.host->port;
	bool v6 = to->family == AF_INET6;

	t->headers_end = false;
	t->where = arena_printf(call->arena, "%s %s %s%s%s:%u", call->job.shown,
	    call->by_proxy ? "by the proxy" : "at", v6 ? "[" : "", to->text,
	    v6 ? "]" : "", port);
	job_doing(&call->job, ERR_CONNECTION, "%s", t->where);
	if (!transfer_begin(&t->curl, to, port, &sink)) {
		job_fail(&call->job, ERR_INTERNAL, true,
		    "no transfer could be made");
		return;
	}
	easy_tls(call, t->curl.easy);
	easy_route(call, t->curl.easy);
	easy_request(call, t->curl.easy);
	curl_easy_setopt(
	    t->curl.easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(call));
	if (!transfers_add(
		call->job.loop->transfers, t->curl.easy, transfer_done)) {
		transfer_end(&t->curl);
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

	if (t == NULL || t->curl.easy == NULL)
		return;
	transfers_remove(call->job.loop->transfers, t->curl.easy);
	transfer_end(&t->curl);
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
