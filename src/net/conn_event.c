#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include "net/h2.h"
#include "net/loop.h"
#include "util/log.h"
#include "util/secret.h"

/* Reads in a row from one connection before the others have their turn. */
#define ROUNDS 4
#define LINGER_MAX (1u << 20)

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum { RECV_AGAIN = -1, RECV_FAILED = -2 };

/* Octets read, 0 at the end. */
static ssize_t
receive(struct conn *c, uint8_t *p, size_t n)
{
	ssize_t r;
	int e;

	/* What comes after our last word is only counted. */
	if (c->ssl == NULL || c->state == CONN_LINGER) {
		do
			r = recv(c->fd, p, n, 0);
		while (r < 0 && errno == EINTR);
		if (r >= 0)
			return r;
		return errno == EAGAIN || errno == EWOULDBLOCK ? RECV_AGAIN
							       : RECV_FAILED;
	}
	ERR_clear_error();
	r = SSL_read(c->ssl, p, (int)n);
	if (r > 0)
		return r;
	e = SSL_get_error(c->ssl, (int)r);
	if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE)
		return RECV_AGAIN;
	if (e == SSL_ERROR_ZERO_RETURN)
		return 0;
	ERR_clear_error();
	c->tls_failed = true;
	return RECV_FAILED;
}

/* Plain HTTP: RFC 9113 section 3.3, prior knowledge, told by the preface. */
static void
sniff(struct conn *c, struct bytes data)
{
	AUTO_BUF all = { 0 };
	size_t n;

	if (c->in.n > 0) {
		buf_add_bytes(&c->in, data);
		data = buf_bytes(&c->in);
	}
	n = MIN_OF(data.n, sizeof(preface) - 1);
	if (memcmp(data.p, preface, n) == 0 && n < sizeof(preface) - 1) {
		if (c->in.n == 0)
			buf_add_bytes(&c->in, data);
		return;
	}
	all = c->in;
	c->in = (struct buf){ 0 };
	if (memcmp(data.p, preface, n) == 0) {
		h2_start(c);
		h2_input(c, data);
	} else {
		c->state = CONN_H1;
		h1_input(c, data);
	}
}

static void
input(struct conn *c, struct bytes data)
{
	switch (c->state) {
	case CONN_SNIFF:
		sniff(c, data);
		break;
	case CONN_H1:
		h1_input(c, data);
		break;
	case CONN_H2:
		h2_input(c, data);
		break;
	case CONN_LINGER:
		c->lingered += data.n;
		if (c->lingered > LINGER_MAX)
			conn_close(c);
		break;
	case CONN_HANDSHAKE:
	case CONN_CLOSED:
		break;
	}
}

static void
end_of_input(struct conn *c)
{
	c->eof = true;
	conn_read_off(c);
	if (c->state == CONN_H1)
		h1_eof(c);
	else
		conn_close(c);
}

static void
handshake_done(struct conn *c)
{
	struct loop *l = c->loop;

	stats_add(&l->stats.tls_ok, 1);
	tls_binding(c->ssl, &c->binding);
	if (c->listener->kind == LISTENER_EST)
		(void)tls_client_certificate(c->ssl, &c->client_cert);
	if (tls_protocol(c->ssl) == TLS_PROTOCOL_H2) {
		h2_start(c);
		return;
	}
	c->state = CONN_H1;
	conn_deadline(c, NET_TIMEOUT_HEADER, l->limits.header_timeout);
}

static void
handshake_failed(struct conn *c)
{
	struct err err = { 0 };

	c->tls_failed = true;
	stats_add(&c->loop->stats.tls_failed, 1);
	if (log_enabled(LOG_DEBUG)) {
		(void)fail_detail(&err, ERR_TLS, "TLS handshake failed", "%s",
		    ERR_reason_error_string(ERR_peek_last_error()) != NULL
			? ERR_reason_error_string(ERR_peek_last_error())
			: "connection closed");
		log_err(LOG_DEBUG, "tls_handshake_failed", &err);
	}
	ERR_clear_error();
	conn_close(c);
}

/* True when it is done and there may be more to read. */
static bool
handshake(struct conn *c)
{
	int r, e;

	ERR_clear_error();
	r = SSL_do_handshake(c->ssl);
	if (r == 1) {
		if (c->writing)
			event_del(&c->writable);
		c->writing = false;
		handshake_done(c);
		return true;
	}
	e = SSL_get_error(c->ssl, r);
	if (e == SSL_ERROR_WANT_WRITE && !c->writing) {
		c->writing = event_add(&c->writable, NULL) == 0;
		return false;
	}
	if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
		handshake_failed(c);
	return false;
}

static void
read_rounds(struct conn *c)
{
	struct loop *l = c->loop;
	ssize_t n = 0;

	for (int i = 0; i < ROUNDS && c->reading; i++) {
		if (c->state == CONN_HANDSHAKE) {
			if (!handshake(c))
				return;
			continue;
		}
		n = receive(c, l->scratch, LOOP_SCRATCH);
		if (n == RECV_AGAIN)
			return;
		if (n == RECV_FAILED) {
			conn_close(c);
			return;
		}
		if (n == 0) {
			end_of_input(c);
			return;
		}
		input(c, bytes_of(l->scratch, (size_t)n));
		/* A short read: the socket is empty, most likely. */
		if (c->ssl == NULL ? (size_t)n < LOOP_SCRATCH
				   : !SSL_has_pending(c->ssl))
			return;
	}
	if (c->reading && c->ssl != NULL && SSL_has_pending(c->ssl))
		event_active(&c->readable, EV_READ, 0);
}

void
conn_on_readable(int fd, short what, void *arg)
{
	struct conn *c = arg;
	struct loop *l = c->loop;

	(void)fd;
	(void)what;
	loop_wake(l);
	/* A write may have waited for the TLS library to read. */
	if (c->ssl != NULL && c->out.n > 0 && c->state != CONN_HANDSHAKE)
		conn_on_writable(fd, 0, c);
	if (c->state != CONN_CLOSED)
		read_rounds(c);
	loop_settle(l);
}

/* Sends what is kept.  True when all of it went. */
static bool
send_kept(struct conn *c)
{
	ssize_t n;

	if (c->out.n == 0)
		return true;
	n = conn_write(c, c->out.p, c->out.n);
	if (n < 0)
		return false;
	buf_drop(&c->out, (size_t)n);
	if (c->out.n > 0)
		return false;
	if (c->secret)
		secret_wipe(c->out.p, c->out.cap);
	buf_free(&c->out);
	return true;
}

static void
writable(struct conn *c)
{
	if (!send_kept(c))
		return;
	if (c->writing)
		event_del(&c->writable);
	c->writing = false;
	if (c->closing)
		conn_end(c, false);
	else if (c->state == CONN_H1)
		h1_writable(c);
	else if (c->state == CONN_H2)
		h2_flush(c);
}

void
conn_on_writable(int fd, short what, void *arg)
{
	struct conn *c = arg;
	struct loop *l = c->loop;

	(void)fd;
	if (c->state == CONN_CLOSED)
		return;
	if (what != 0)
		loop_wake(l);
	if (c->state == CONN_HANDSHAKE) {
		if (handshake(c))
			read_rounds(c);
	} else {
		writable(c);
	}
	if (what != 0)
		loop_settle(l);
}

void
conn_on_deadline(struct wheel_timer *t)
{
	struct conn *c =
	    (struct conn *)((char *)t - offsetof(struct conn, timer));

	if (c->state == CONN_H2) {
		h2_deadline(c);
		return;
	}
	if (c->state != CONN_LINGER)
		stats_add(&c->loop->stats.timeouts[c->timer_what], 1);
	if (c->state == CONN_H1 && h1_timeout(c))
		return;
	conn_close(c);
}
