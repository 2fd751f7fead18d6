#include "support/unit.h"
#include <signal.h>
#include <stdlib.h>
#include "support/calling.h"

static bool
file_read(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	const struct calling *c = ctx;
	const char *text = strcmp(path, "anchors.pem") == 0 ? c->named_anchors
	    : strcmp(path, OUTGOING_SYSTEM_ANCHORS) == 0    ? c->system_anchors
							    : NULL;

	if (text == NULL)
		return fail(err, ERR_NOT_FOUND, "%s: no such file", path);
	*out = arena_bytes(a, bytes_str(text));
	return out->n <= max;
}

struct http_standin *
calling_server(const struct tls_pki *pki, const char *address, unsigned port,
    const char *names, long days)
{
	struct tls_standin tls = { .alpn = "http/1.1" };
	struct http_standin *s;

	tls_pki_leaf(pki, names, days, &tls.key, &tls.cert);
	s = http_standin_new(address, port, &tls);
	EVP_PKEY_free(tls.key);
	X509_free(tls.cert);
	return s;
}

void
calling_begin(struct calling *c)
{
	signal(SIGPIPE, SIG_IGN);
	*c = (struct calling){ .dns = dns_standin_new(), .timeout_ms = 20000 };
	tls_pki_init(&c->pki, "stand-in CA");
	c->https = calling_server(
	    &c->pki, "127.0.0.1", 0, "DNS:a.test,IP:127.0.0.1", 30);
	dns_standin_add(c->dns, "a.test", "A", "127.0.0.1");
	c->resolvers[0] = dns_standin_address(c->dns);
	c->c.validation.resolvers.v = c->resolvers;
	c->c.validation.resolvers.n = 1;
	c->c.outgoing.anchors_file = "anchors.pem";
	c->c.outgoing.timeout = 60;
	c->c.outgoing.max_concurrent = 16;
	c->named_anchors = c->pki.pem;
}

struct outgoing *
calling_try(struct calling *c, struct err *err)
{
	const struct outgoing_deps deps = { file_read, c };

	return outgoing_new(&deps, &c->c, err);
}

void
calling_start(struct calling *c)
{
	struct err err = { 0 };

	c->outgoing = calling_try(c, &err);
	if (c->outgoing == NULL)
		fail_msg("%s", err.shown);
}

void
calling_end(struct calling *c)
{
	outgoing_free(c->outgoing);
	http_standin_free(c->https);
	dns_standin_free(c->dns);
	tls_pki_done(&c->pki);
}

const char *
calling_url(const char *host, const struct http_standin *s, const char *path)
{
	static char text[4][256];
	static unsigned turn;
	char *out = text[turn++ % COUNT_OF(text)];

	snprintf(out, sizeof(text[0]), "https://%s:%u%s", host,
	    http_standin_port(s), path);
	return out;
}

static void
call_done(void *arg, const struct outgoing_result *res)
{
	struct called *out = arg;

	pthread_mutex_lock(&out->lock);
	out->ok = res->ok;
	out->transient = res->transient;
	out->status = res->status;
	out->retry_after = res->retry_after;
	out->err = res->err;
	out->body = mem_alloc(res->body.n + 1);
	if (res->body.n > 0)
		memcpy(out->body, res->body.p, res->body.n);
	out->body_n = res->body.n;
	out->done = true;
	out->times++;
	pthread_cond_signal(&out->changed);
	pthread_mutex_unlock(&out->lock);
}

bool
calling_post(struct calling *c, const struct outgoing_request *req,
    struct called *out, struct err *err)
{
	const struct outgoing_port *port = outgoing_port(c->outgoing);

	memset(out, 0, sizeof(*out));
	pthread_mutex_init(&out->lock, NULL);
	pthread_cond_init(&out->changed, NULL);
	return port->start(port->ctx, req, call_done, out, err);
}

void
calling_wait(struct called *out)
{
	pthread_mutex_lock(&out->lock);
	while (!out->done)
		pthread_cond_wait(&out->changed, &out->lock);
	pthread_mutex_unlock(&out->lock);
}

void
calling_request(
    struct calling *c, const struct outgoing_request *req, struct called *out)
{
	struct err err = { 0 };

	if (!calling_post(c, req, out, &err))
		fail_msg("%s", err.shown);
	calling_wait(out);
}

void
calling_ask(struct calling *c, const char *url, struct called *out)
{
	const struct outgoing_request req = {
		.method = OUTGOING_GET, .url = url, .timeout_ms = c->timeout_ms
	};

	calling_request(c, &req, out);
}

void
assert_call_failed(const struct called *c, enum err_kind kind, bool transient,
    const char *says)
{
	assert_false(c->ok);
	assert_string_equal(err_kind_name(c->err.kind), err_kind_name(kind));
	assert_int_equal(c->transient, transient);
	if (strstr(c->err.shown, says) == NULL)
		fail_msg("%s", c->err.shown);
}

void
called_free(struct called *out)
{
	/* TSan: done's thread may still hold the lock. */
	pthread_mutex_lock(&out->lock);
	pthread_mutex_unlock(&out->lock);
	free(out->body);
	out->body = NULL;
}
