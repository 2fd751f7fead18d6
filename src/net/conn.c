#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/h2.h"
#include "net/loop.h"
#include "util/secret.h"

bool
conn_peer_uid(int fd, uid_t *uid)
{
	struct ucred u;
	socklen_t n = sizeof(u);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n) != 0)
		return false;
	*uid = u.uid;
	return true;
}

void
conn_new(struct loop *l, const struct net_listener *listener, int fd,
    const struct sockaddr_storage *peer, const struct address_key *key)
{
	struct conn *c = mem_alloc(sizeof(*c));
	const unsigned tls = LISTENER_HTTPS | LISTENER_EST;

	c->loop = l;
	c->listener = listener;
	c->fd = fd;
	memcpy(&c->peer, peer, sizeof(c->peer));
	c->has_peer_uid = listener->kind == LISTENER_CONTROL &&
	    conn_peer_uid(fd, &c->peer_uid);
	c->counted = key != NULL;
	if (key != NULL)
		c->key = *key;
	TAILQ_INIT(&c->exchanges);
	TAILQ_INSERT_TAIL(&l->conns, c, link);
	l->conns_n++;
	c->timer.fire = conn_on_deadline;
	c->state = listener->kind == LISTENER_HTTP ? CONN_SNIFF : CONN_H1;
	/* Cannot fail: arguments are right and nothing is allocated. */
	(void)event_assign(&c->readable, l->base, fd, EV_READ | EV_PERSIST,
	    conn_on_readable, c);
	(void)event_assign(&c->writable, l->base, fd, EV_WRITE | EV_PERSIST,
	    conn_on_writable, c);
	if (listener->kind & tls) {
		pthread_mutex_lock(&l->tls_lock);
		c->ssl =
		    tls_accept(l->tls, fd, listener->kind, listener->tls_min);
		pthread_mutex_unlock(&l->tls_lock);
		c->state = CONN_HANDSHAKE;
		if (c->ssl == NULL) {
			ERR_clear_error();
			conn_close(c);
			return;
		}
		conn_deadline(
		    c, NET_TIMEOUT_HANDSHAKE, l->limits.handshake_timeout);
	} else {
		conn_deadline(c, NET_TIMEOUT_HEADER, l->limits.header_timeout);
	}
	conn_read_on(c);
}

static void
tls_goodbye(struct conn *c)
{
	if (c->ssl == NULL || c->tls_failed || c->state == CONN_HANDSHAKE)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
}

/* Streams that a worker still has, when the connection ends for a fault. */
static void
abandon_all(struct conn *c)
{
	struct exchange *ex;

	while ((ex = TAILQ_FIRST(&c->exchanges)) != NULL)
		exchange_abandon(ex);
	c->h1.ex = NULL;
}

void
conn_close(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->state == CONN_CLOSED)
		return;
	if (c->state != CONN_LINGER)
		tls_goodbye(c);
	c->state = CONN_CLOSED;
	abandon_all(c);
	event_del(&c->readable);
	event_del(&c->writable);
	c->reading = c->writing = false;
	wheel_remove(&l->wheel, &c->timer);
	if (c->dirty)
		TAILQ_REMOVE(&l->dirty, c, dirty_link);
	c->dirty = false;
	SSL_free(c->ssl);
	c->ssl = NULL;
	close(c->fd);
	c->fd = -1;
	if (c->counted)
		addresses_leave(l->net->addresses, &c->key);
	stats_add(&l->stats.closed, 1);
	TAILQ_REMOVE(&l->conns, c, link);
	TAILQ_INSERT_TAIL(&l->graveyard, c, link);
	l->conns_n--;
	atomic_fetch_sub(&l->net->open, 1);
}

void
conn_free(struct conn *c)
{
	h2_free(c->h2);
	buf_free(&c->in);
	if (c->secret)
		secret_wipe(c->out.p, c->out.cap);
	buf_free(&c->out);
	buf_free(&c->client_cert);
	free(c);
}

void
conn_deadline(struct conn *c, enum net_timeout what, int64_t seconds)
{
	if (c->state == CONN_CLOSED)
		return;
	c->timer_what = what;
	wheel_set(
	    &c->loop->wheel, &c->timer, c->loop->now_us + seconds * 1000000);
}

void
conn_touch(struct conn *c)
{
	if (c->dirty || c->state == CONN_CLOSED)
		return;
	c->dirty = true;
	TAILQ_INSERT_TAIL(&c->loop->dirty, c, dirty_link);
}

void
conn_read_on(struct conn *c)
{
	if (c->reading || c->state == CONN_CLOSED || c->eof)
		return;
	c->reading = true;
	if (event_add(&c->readable, NULL) != 0)
		abort(); /* only for lack of memory */
	/* The TLS library may hold octets that the socket shows no more. */
	if (c->ssl != NULL && SSL_has_pending(c->ssl))
		event_active(&c->readable, EV_READ, 0);
}

void
conn_read_off(struct conn *c)
{
	if (!c->reading)
		return;
	c->reading = false;
	event_del(&c->readable);
}

void
conn_write_on(struct conn *c)
{
	if (c->writing)
		return;
	c->writing = true;
	if (event_add(&c->writable, NULL) != 0)
		abort(); /* only for lack of memory */
}

static ssize_t
write_tls(struct conn *c, const void *p, size_t n)
{
	int r;

	ERR_clear_error();
	r = SSL_write(c->ssl, p, (int)MIN_OF(n, (size_t)1 << 20));
	if (r > 0)
		return r;
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_WANT_READ:
		/* A key update: what it waits for wakes us as input. */
		conn_read_on(c);
		return 0;
	default:
		ERR_clear_error();
		c->tls_failed = true;
		return -1;
	}
}

ssize_t
conn_write(struct conn *c, const void *p, size_t n)
{
	size_t done = 0;
	ssize_t r = 0;

	if (c->state == CONN_CLOSED)
		return -1;
	while (done < n) {
		const char *at = (const char *)p + done;

		if (c->ssl != NULL) {
			r = write_tls(c, at, n - done);
		} else {
			r = send(c->fd, at, n - done, MSG_NOSIGNAL);
			if (r < 0 && errno == EINTR)
				continue;
			if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
				r = 0;
		}
		if (r <= 0)
			break;
		done += (size_t)r;
	}
	if (r < 0) {
		conn_close(c);
		return -1;
	}
	if (done < n)
		conn_write_on(c);
	return (ssize_t)done;
}

bool
conn_send(struct conn *c, const void *p, size_t n)
{
	ssize_t done = 0;

	if (c->state == CONN_CLOSED)
		return false;
	if (c->out.n == 0) {
		done = conn_write(c, p, n);
		if (done < 0)
			return false;
	}
	buf_add(&c->out, (const char *)p + done, n - (size_t)done);
	return true;
}

bool
conn_send_gathered(struct conn *c)
{
	struct buf *g = &c->loop->gather;
	bool ok = true;

	if (g->n > 0)
		ok = conn_send(c, g->p, g->n);
	if (c->secret)
		secret_wipe(g->p, g->cap);
	g->n = 0;
	return ok && c->state != CONN_CLOSED;
}

static void
start_linger(struct conn *c)
{
	tls_goodbye(c);
	shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGER;
	abandon_all(c);
	conn_read_on(c);
	/* As long as an answer needs to arrive, no longer. */
	conn_deadline(c, NET_TIMEOUT_IDLE, 2);
	if (c->eof)
		conn_close(c);
}

/* Called again when the output is sent. */
void
conn_end(struct conn *c, bool linger)
{
	if (c->state == CONN_CLOSED || c->state == CONN_LINGER)
		return;
	c->closing = true;
	c->linger |= linger;
	if (c->out.n > 0)
		return;
	/*
	 * RFC 9112 section 9.6: closing while the peer still sends resets the
	 * connection and may destroy the answer on its way.
	 */
	if (c->linger)
		start_linger(c);
	else
		conn_close(c);
}

void
conn_answer(struct conn *c, struct exchange *ex)
{
	ex->state = EXCHANGE_SENDING;
	ex->sent = 0;
	c->secret |= ex->resp.secret;
	if (c->state == CONN_H2)
		h2_answer(c, ex);
	else
		h1_answer(c, ex);
}

void
conn_drain(struct conn *c)
{
	struct exchange *ex, *next;

	for (ex = TAILQ_FIRST(&c->exchanges); ex != NULL; ex = next) {
		next = TAILQ_NEXT(ex, link);
		exchange_release(ex);
	}
	switch (c->state) {
	case CONN_HANDSHAKE:
	case CONN_SNIFF:
		conn_close(c);
		break;
	case CONN_H1:
		h1_drain(c);
		break;
	case CONN_H2:
		h2_drain(c);
		break;
	case CONN_LINGER:
	case CONN_CLOSED:
		break;
	}
}
