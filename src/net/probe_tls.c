/*
 * tls-alpn-01 (RFC 8737; for addresses RFC 8738 section 6): one handshake with
 * the protocol acme-tls/1, the server's leaf certificate, and nothing else.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>
#include "crypto/own.h"
#include "net/probe_job.h"

static const uint8_t alpn_wire[] = "\x0a"
				   "acme-tls/1";
#define ALPN_N (sizeof(alpn_wire) - 1)

struct probe_tls {
	const char *sni;
	struct probe_address address;
	const char *where;
	json_t *hop;
	int fd;
	SSL *ssl;
	struct event *event;
	bool connected;
};

static void attempt_next(struct probe_job *probe);

static void
attempt_done(struct probe_tls *t)
{
	if (t->event != NULL)
		event_free(t->event);
	SSL_free(t->ssl);
	if (t->fd >= 0)
		close(t->fd);
	t->event = NULL;
	t->ssl = NULL;
	t->fd = -1;
	t->connected = false;
}

/* The leaf as it came, DER. */
static bool
leaf_take(struct probe_job *probe, SSL *ssl)
{
	AUTO(X509) *leaf = SSL_get1_peer_certificate(ssl);
	unsigned char *der = NULL;
	int n;

	if (leaf == NULL)
		return false;
	n = i2d_X509(leaf, &der);
	if (n <= 0)
		return false;
	probe->res.certificate =
	    arena_bytes(probe->arena, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return true;
}

static void
handshake_judge(struct probe_job *probe)
{
	struct probe_tls *t = probe->tls;
	const unsigned char *proto;
	unsigned n;

	record_set(t->hop, "tls", SSL_get_version(t->ssl));
	SSL_get0_alpn_selected(t->ssl, &proto, &n);
	probe->res.alpn_acme = bytes_equal(
	    bytes_of(proto, n), bytes_of(alpn_wire + 1, ALPN_N - 1));
	record_set(t->hop, "alpn",
	    n == 0 ? "none"
		   : record_escape(probe->arena, bytes_of(proto, n), 64));
	if (!leaf_take(probe, t->ssl)) {
		job_fail(&probe->job, ERR_TLS, false,
		    "%.560s: the handshake gave no certificate", t->where);
		return;
	}
	/* RFC 8737 section 3: the server has to choose acme-tls/1. */
	if (!probe->res.alpn_acme) {
		job_fail(&probe->job, ERR_TLS, false,
		    "%.520s: the server did not choose the protocol "
		    "acme-tls/1 (ALPN)",
		    t->where);
		return;
	}
	job_ok(&probe->job);
}

static void
handshake_fail(struct probe_job *probe, int what)
{
	struct probe_tls *t = probe->tls;
	unsigned long e = ERR_peek_last_error();
	const char *text = "the connection was closed during the handshake";
	bool transient = true;

	if (what == SSL_ERROR_SSL && ERR_GET_REASON(e) != 0 &&
	    ERR_GET_REASON(e) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		text = ERR_reason_error_string(e);
		transient = false;
	}
	if (text == NULL)
		text = "handshake failed";
	record_set(t->hop, "error", text);
	job_fail(&probe->job, ERR_TLS, transient, "%.480s: TLS failed: %.120s",
	    t->where, text);
	ERR_clear_error();
}

static void ready(evutil_socket_t fd, short what, void *arg);

static void
wait_for(struct probe_job *probe, short what)
{
	struct probe_tls *t = probe->tls;

	if (t->event != NULL)
		event_free(t->event);
	t->event = event_new(probe->job.loop->base, t->fd, what, ready, probe);
	event_add(t->event, NULL);
}

static void
handshake(struct probe_job *probe)
{
	struct probe_tls *t = probe->tls;
	int r, what;

	ERR_clear_error();
	r = SSL_connect(t->ssl);
	if (r == 1) {
		handshake_judge(probe);
		return;
	}
	what = SSL_get_error(t->ssl, r);
	if (what == SSL_ERROR_WANT_READ)
		wait_for(probe, EV_READ);
	else if (what == SSL_ERROR_WANT_WRITE)
		wait_for(probe, EV_WRITE);
	else
		handshake_fail(probe, what);
}

static bool
ssl_begin(struct probe_job *probe)
{
	struct probe_tls *t = probe->tls;

	t->ssl = SSL_new(probe->loop->ssl_ctx);
	return t->ssl != NULL && SSL_set_fd(t->ssl, t->fd) == 1 &&
	    SSL_set_tlsext_host_name(t->ssl, t->sni) == 1 &&
	    SSL_set_alpn_protos(t->ssl, alpn_wire, ALPN_N) == 0;
}

static void
connect_failed(struct probe_job *probe, int error)
{
	struct probe_tls *t = probe->tls;
	const char *text = probe_address_reason(error, probe->arena);

	record_set(t->hop, "error", text);
	job_stage(&probe->job, 0, NULL);
	if (probe->target.next < probe->target.n)
		attempt_next(probe);
	else
		job_fail(&probe->job, ERR_CONNECTION, true, "%.520s: %.100s",
		    t->where, text);
}

/* The connect's own share of the time is over. */
static void
connect_slow(struct job *job)
{
	connect_failed(probe_of(job), ETIMEDOUT);
}

static void
connected(struct probe_job *probe)
{
	struct probe_tls *t = probe->tls;
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error != 0) {
		connect_failed(probe, error);
		return;
	}
	t->connected = true;
	job_stage(&probe->job, 0, NULL);
	if (ssl_begin(probe))
		handshake(probe);
	else
		job_fail(&probe->job, ERR_INTERNAL, true,
		    "no TLS client for %s", t->sni);
}

static void
ready(evutil_socket_t fd, short what, void *arg)
{
	struct probe_job *probe = arg;

	(void)fd;
	(void)what;
	if (probe->job.over)
		return;
	if (probe->tls->connected)
		handshake(probe);
	else
		connected(probe);
}

static void
attempt_next(struct probe_job *probe)
{
	struct probe_tls *t = probe->tls;
	unsigned port = probe->settings->tls_alpn_port;
	struct sockaddr_storage to;
	socklen_t n;

	attempt_done(t);
	t->address = probe->target.v[probe->target.next++];
	t->where = arena_printf(probe->arena, "TLS for %s at [%s]:%u",
	    probe->req.name, t->address.text, port);
	t->hop = record_hop(probe);
	record_set(t->hop, "address", t->address.text);
	record_set_int(t->hop, "port", port);
	record_set(t->hop, "sni", t->sni);
	job_doing(&probe->job, ERR_CONNECTION, "%s", t->where);
	n = probe_address_sockaddr(&t->address, port, &to);
	t->fd =
	    socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0 ||
	    (connect(t->fd, (struct sockaddr *)&to, n) != 0 &&
		errno != EINPROGRESS)) {
		connect_failed(probe, errno);
		return;
	}
	if (probe->target.next < probe->target.n)
		job_stage(
		    &probe->job, job_left_ms(&probe->job) / 2, connect_slow);
	wait_for(probe, EV_WRITE);
}

void
probe_tls_start(struct probe_job *probe)
{
	struct probe_address address;

	probe->tls = arena_alloc(probe->arena, sizeof(*probe->tls));
	probe->tls->fd = -1;
	probe->tls->sni = probe->req.name;
	/* RFC 8738 section 6: the SNI of an address is its reverse name. */
	if (probe->req.is_ip && probe_address_parse(probe->req.name, &address))
		probe->tls->sni = probe_address_reverse(&address, probe->arena);
	probe_resolve(probe, probe->req.name, probe->req.is_ip, attempt_next);
}

void
probe_tls_cancel(struct probe_job *probe)
{
	if (probe->tls != NULL)
		attempt_done(probe->tls);
}
