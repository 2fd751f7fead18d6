/*
 * http-01 (RFC 8555 section 8.3).  Each hop is resolved by us, its address is
 * checked and pinned.
 */
#include "net/probe_job.h"
#include "net/probe_redirect.h"
#include "net/transfer.h"

#define MAX_HEADERS 16384u
#define USER_AGENT "Chancery-validation"

struct probe_http {
	struct probe_url url;
	const char *seen[PROBE_MAX_REDIRECTS + 1];
	unsigned hops;
	/* One attempt to connect to one address of one hop. */
	struct transfer curl;
	const char *where; /* URL and address, for sentences */
	json_t *hop;
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

static size_t
header_take(char *p, size_t size, size_t n, void *arg)
{
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	struct bytes line = bytes_of(p, size * n), value;

	if (!transfer_header(&h->curl, line.n, MAX_HEADERS))
		return 0;
	if (h->location.n == 0 && transfer_header_is(line, "location", &value))
		h->location = arena_bytes(probe->arena, value);
	return line.n;
}

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	size_t left = sizeof(h->body) - h->body_n;

	/* What a redirect says besides its Location is not read. */
	if (is_redirect(transfer_info(&h->curl, CURLINFO_RESPONSE_CODE)) &&
	    h->location.n > 0)
		return CURL_WRITEFUNC_ERROR;
	n *= size;
	if (n > left) {
		h->curl.body_too_large = true;
		memcpy(h->body + h->body_n, p, left);
		h->body_n += left;
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(h->body + h->body_n, p, n);
	h->body_n += n;
	return n;
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
	if (h->curl.body_too_large) {
		job_fail(&probe->job, ERR_INCORRECT_RESPONSE, false,
		    "%.520s: the body is longer than %u octets, expected a "
		    "key authorization",
		    h->where, PROBE_MAX_BODY);
		return;
	}
	probe->res.body = bytes_of(h->body, h->body_n);
	job_ok(&probe->job);
}

static bool
was_connected(CURL *easy)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &us);
	return us > 0;
}

static void
transfer_fail(struct probe_job *probe, CURLcode result)
{
	struct probe_http *h = probe->http;
	struct transfer_failure f =
	    transfer_failure(&h->curl, result, probe->arena);

	if (h->curl.headers_too_large)
		f = (struct transfer_failure){ ERR_INCORRECT_RESPONSE, false,
			"the header is longer than 16384 octets" };
	else if (result == CURLE_PARTIAL_FILE)
		f.text = "the connection was closed before the end of the body";
	else if (f.text == NULL)
		f.text =
		    record_escape(probe->arena, bytes_str(h->curl.error), 120);
	record_set(h->hop, "error", f.text);
	job_fail(&probe->job, f.kind, f.transient, "%.480s: %s%.140s", h->where,
	    f.kind == ERR_TLS ? "TLS failed: " : "", f.text);
}

static void
transfer_done(void *arg, CURLcode result)
{
	struct probe_job *probe = arg;
	struct probe_http *h = probe->http;
	long status;

	if (probe->job.over)
		return;
	status = transfer_info(&h->curl, CURLINFO_RESPONSE_CODE);
	if (status > 0)
		record_set_int(h->hop, "status", status);
	if ((result == CURLE_COULDNT_CONNECT ||
		(result == CURLE_OPERATION_TIMEDOUT &&
		    !was_connected(h->curl.easy))) &&
	    probe->target.next < probe->target.n) {
		record_set(h->hop, "error",
		    transfer_failure(
			&h->curl, CURLE_COULDNT_CONNECT, probe->arena)
			.text);
		transfer_end(&h->curl);
		attempt_next(probe);
		return;
	}
	if (status > 0 && !h->curl.headers_too_large && is_redirect(status) &&
	    h->location.n > 0) {
		transfer_end(&h->curl);
		redirect_follow(probe);
	} else if (result == CURLE_OK ||
	    (result == CURLE_WRITE_ERROR && h->curl.body_too_large)) {
		answer_judge(probe, status);
	} else {
		transfer_fail(probe, result);
	}
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
	CURL *e = h->curl.easy;

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	/* RFC 8555 section 8.3: a redirect's certificate need not hold. */
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(e, CURLOPT_URL, h->url.text);
	curl_easy_setopt(e, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(probe));
	transfer_pin(&h->curl, probe->arena);
}

static void
attempt_next(struct probe_job *probe)
{
	const struct transfer_sink sink = { header_take, body_take, probe };
	struct probe_http *h = probe->http;
	const struct probe_address *address =
	    &probe->target.v[probe->target.next++];

	h->body_n = 0;
	h->location = BYTES_NONE;
	h->where = arena_printf(probe->arena, "%.480s at [%s]:%u", h->url.text,
	    address->text, h->url.port);
	h->hop = record_hop(probe);
	record_set(h->hop, "url", h->url.text);
	record_set(h->hop, "address", address->text);
	record_set_int(h->hop, "port", h->url.port);
	job_doing(&probe->job, ERR_CONNECTION, "%s", h->where);
	if (!transfer_begin(&h->curl, address, h->url.port, &sink)) {
		job_fail(&probe->job, ERR_INTERNAL, true,
		    "no transfer could be made");
		return;
	}
	easy_setup(probe);
	if (!transfers_add(
		probe->job.loop->transfers, h->curl.easy, transfer_done)) {
		transfer_end(&h->curl);
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

	if (h == NULL || h->curl.easy == NULL)
		return;
	transfers_remove(probe->job.loop->transfers, h->curl.easy);
	transfer_end(&h->curl);
}
