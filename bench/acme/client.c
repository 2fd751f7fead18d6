#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bench/acme/client.h"
#include "bench/acme/jose.h"
#include "util/own.h"
#include "util/times.h"

OWN_DEFINE(json_t, json_decref)

#define MAX_BODY (1u << 20)
#define MAX_NONCE_RETRIES 20
#define MAX_POLLS 2000

struct reply {
	long status;
	char location[1024];
	struct buf body;
};

struct client {
	struct load *load;
	unsigned index;
	CURL *curl;
	struct curl_slist *headers;
	struct jose_key *key;
	json_t *directory;
	char kid[1024], nonce[256];
	bool fresh; /* the next request opens a connection */
	struct reply reply;
	struct load_tally tally;
};

static bool
client_fail(struct client *c, const char *step)
{
	if (c->tally.first_error[0] == '\0')
		snprintf(c->tally.first_error, sizeof(c->tally.first_error),
		    "%s: HTTP %ld %.300s", step, c->reply.status,
		    buf_cstr(&c->reply.body));
	return false;
}

static void
header_copy(
    const char *line, size_t n, const char *name, char *out, size_t out_n)
{
	size_t name_n = strlen(name);

	if (n <= name_n || strncasecmp(line, name, name_n) != 0)
		return;
	line += name_n;
	n -= name_n;
	while (n > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n > 0 && strchr("\r\n ", line[n - 1]) != NULL)
		n--;
	if (n < out_n) {
		memcpy(out, line, n);
		out[n] = '\0';
	}
}

static size_t
header_take(char *p, size_t size, size_t n, void *arg)
{
	struct client *c = arg;

	n *= size;
	header_copy(p, n, "Replay-Nonce:", c->nonce, sizeof(c->nonce));
	header_copy(
	    p, n, "Location:", c->reply.location, sizeof(c->reply.location));
	return n;
}

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct client *c = arg;

	n *= size;
	if (c->reply.body.n + n > MAX_BODY)
		return CURL_WRITEFUNC_ERROR;
	buf_add(&c->reply.body, p, n);
	return n;
}

/* body NULL: GET (or HEAD). */
static bool
request(struct client *c, const char *url, const struct buf *body, bool head)
{
	CURLcode r;

	c->reply.body.n = 0;
	c->reply.location[0] = '\0';
	c->reply.status = 0;
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, c->fresh ? 1L : 0L);
	curl_easy_setopt(c->curl, CURLOPT_NOBODY, head ? 1L : 0L);
	if (body != NULL) {
		curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body->p);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)body->n);
	} else if (!head) {
		curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	}
	r = curl_easy_perform(c->curl);
	c->fresh = false;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &c->reply.status);
	if (r == CURLE_OK)
		return true;
	buf_add_str(&c->reply.body, curl_easy_strerror(r));
	return client_fail(c, url);
}

static const char *
directory_url(const struct client *c, const char *name)
{
	return json_string_value(json_object_get(c->directory, name));
}

static bool
is_bad_nonce(struct client *c)
{
	return c->reply.status == 400 &&
	    strstr(buf_cstr(&c->reply.body), "error:badNonce") != NULL;
}

/* A signed request; a refused nonce is followed by another try. */
static bool
post(struct client *c, const char *url, const char *payload)
{
	for (int i = 0; i < MAX_NONCE_RETRIES; i++) {
		AUTO_BUF body = { 0 };
		char nonce[sizeof(c->nonce)];

		if (c->nonce[0] == '\0' &&
		    !request(c, directory_url(c, "newNonce"), NULL, true))
			return false;
		strcpy(nonce, c->nonce);
		c->nonce[0] = '\0';
		jose_sign(c->key, c->kid[0] == '\0' ? NULL : c->kid, nonce, url,
		    payload, &body);
		c->tally.signed_requests++;
		if (!request(c, url, &body, false))
			return false;
		if (!is_bad_nonce(c))
			return true;
		c->tally.bad_nonces++;
	}
	return client_fail(c, "nonce");
}

static json_t *
reply_json(struct client *c)
{
	return json_loadb(
	    (const char *)c->reply.body.p, c->reply.body.n, 0, NULL);
}

static bool
status_is(const json_t *o, const char *status)
{
	const char *s = json_string_value(json_object_get(o, "status"));

	return s != NULL && strcmp(s, status) == 0;
}

/* Asks until the object is valid; false when it became invalid. */
static bool
poll_valid(struct client *c, const char *url, json_t **out)
{
	for (int i = 0; i < MAX_POLLS; i++) {
		AUTO(json_t) *o = NULL;

		if (!post(c, url, NULL))
			return false;
		o = reply_json(c);
		if (c->reply.status != 200 || o == NULL)
			return client_fail(c, "poll");
		if (status_is(o, "valid")) {
			if (out != NULL)
				*out = TAKE(o);
			return true;
		}
		if (status_is(o, "invalid"))
			return client_fail(c, "invalid");
		usleep(c->load->options->poll_ms * 1000);
	}
	return client_fail(c, "poll without end");
}

static const json_t *
http_challenge(const json_t *authz)
{
	const json_t *challenges = json_object_get(authz, "challenges");

	for (size_t i = 0; i < json_array_size(challenges); i++) {
		const json_t *o = json_array_get(challenges, i);
		const char *type =
		    json_string_value(json_object_get(o, "type"));

		if (type != NULL && strcmp(type, "http-01") == 0)
			return o;
	}
	return NULL;
}

static bool
authorize(struct client *c, const char *url)
{
	AUTO(json_t) *authz = NULL, *after = NULL;
	const char *challenge;

	if (!post(c, url, NULL))
		return false;
	authz = reply_json(c);
	if (status_is(authz, "valid"))
		return true;
	challenge =
	    json_string_value(json_object_get(http_challenge(authz), "url"));
	if (challenge == NULL)
		return client_fail(c, "authorization");
	if (!post(c, challenge, "{}"))
		return false;
	after = reply_json(c);
	if (c->reply.status != 200 || after == NULL)
		return client_fail(c, "challenge");
	if (c->load->options->skip_poll && status_is(after, "valid"))
		return true;
	return poll_valid(c, url, NULL);
}

static bool
finalize(
    struct client *c, const char *name, const char *url, const char *order_url)
{
	AUTO(json_t) *order = NULL;
	AUTO_BUF payload = { 0 };
	const char *certificate;

	buf_add_str(&payload, "{\"csr\":\"");
	jose_csr(name, &payload);
	buf_add_str(&payload, "\"}");
	if (!post(c, url, buf_cstr(&payload)))
		return false;
	order = reply_json(c);
	if (c->reply.status != 200 || order == NULL)
		return client_fail(c, "finalize");
	if (!status_is(order, "valid")) {
		json_decref(TAKE(order));
		if (!poll_valid(c, order_url, &order))
			return false;
	}
	certificate = json_string_value(json_object_get(order, "certificate"));
	if (certificate == NULL)
		return client_fail(c, "order without certificate");
	if (!post(c, certificate, NULL))
		return false;
	if (c->reply.status != 200 ||
	    strstr(buf_cstr(&c->reply.body), "BEGIN CERTIFICATE") == NULL)
		return client_fail(c, "certificate");
	return true;
}

bool
client_flow(struct client *c, uint64_t n)
{
	AUTO(json_t) *order = NULL;
	char name[300], payload[400], order_url[1024];
	const char *authz, *url;

	c->fresh = c->load->options->new_connections;
	snprintf(name, sizeof(name), "c%u-%llu.%.200s", c->index,
	    (unsigned long long)n, c->load->options->suffix);
	snprintf(payload, sizeof(payload),
	    "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"%s\"}]}", name);
	if (!post(c, directory_url(c, "newOrder"), payload))
		return false;
	order = reply_json(c);
	authz = json_string_value(
	    json_array_get(json_object_get(order, "authorizations"), 0));
	url = json_string_value(json_object_get(order, "finalize"));
	if (c->reply.status != 201 || authz == NULL || url == NULL)
		return client_fail(c, "newOrder");
	strcpy(order_url, c->reply.location);
	return authorize(c, authz) && finalize(c, name, url, order_url);
}

bool
client_begin(struct client *c)
{
	const struct load_options *o = c->load->options;
	AUTO_BUF payload = { 0 };

	if (!request(c, o->directory, NULL, false))
		return false;
	c->directory = reply_json(c);
	if (directory_url(c, "newOrder") == NULL ||
	    directory_url(c, "newAccount") == NULL ||
	    directory_url(c, "newNonce") == NULL)
		return client_fail(c, "directory");
	buf_add_str(&payload, "{\"termsOfServiceAgreed\":true");
	if (o->contact != NULL)
		buf_printf(
		    &payload, ",\"contact\":[\"mailto:%s\"]", o->contact);
	buf_add_str(&payload, "}");
	if (!post(c, directory_url(c, "newAccount"), buf_cstr(&payload)))
		return false;
	if (c->reply.status != 201 || c->reply.location[0] == '\0')
		return client_fail(c, "newAccount");
	strcpy(c->kid, c->reply.location);
	return true;
}

static void
curl_begin(struct client *c)
{
	const struct load_options *o = c->load->options;
	CURL *e = curl_easy_init();

	c->headers =
	    curl_slist_append(NULL, "Content-Type: application/jose+json");
	/* Not asked for: the server would have to say 100 first. */
	c->headers = curl_slist_append(c->headers, "Expect:");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "acme-load");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	/* A new connection is a full handshake. */
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_MAXCONNECTS, 1L);
	if (o->cacert != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, o->cacert);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, header_take);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	c->curl = e;
}

struct client *
client_new(struct load *load, unsigned index)
{
	struct client *c = mem_alloc(sizeof(*c));

	c->load = load;
	c->index = index;
	c->key = jose_key_new(load->options->rsa);
	jose_key_thumbprint(c->key, load->thumbprints[index]);
	curl_begin(c);
	return c;
}

void
client_free(struct client *c)
{
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	jose_key_free(c->key);
	json_decref(c->directory);
	buf_free(&c->reply.body);
	free(c->tally.latency_ms);
	free(c);
}

struct load_tally *
client_tally(struct client *c)
{
	return &c->tally;
}
