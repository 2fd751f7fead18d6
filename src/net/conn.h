/*
 * A connection: socket, TLS, deadlines, what is still to be sent.  What the
 * octets mean is for h1.c and h2.c.  Nothing is buffered while it is idle.
 *
 * Of one loop thread.  A closed connection is freed when the event that closed
 * it ends (loop_settle), so callers may look at its state.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include "net/address.h"
#include "net/exchange.h"
#include "net/h1.h"
#include "net/net.h"
#include "net/wheel.h"

enum conn_state {
	CONN_HANDSHAKE,
	CONN_SNIFF, /* plain: HTTP/1.1, or HTTP/2 by prior knowledge? */
	CONN_H1,
	CONN_H2,
	CONN_LINGER, /* all is said; waits for the peer's end */
	CONN_CLOSED
};

struct h2;

struct conn {
	TAILQ_ENTRY(conn) link; /* the loop's, or its graveyard */
	TAILQ_ENTRY(conn) dirty_link;
	bool dirty; /* HTTP/2 has frames to send */
	bool reading, writing; /* events that are on */
	bool eof; /* the peer sends nothing more */
	bool closing; /* once `out` is sent */
	bool linger; /* then wait for the peer */
	bool tls_failed; /* no close_notify then */
	bool secret; /* it has sent a secret: its copies are wiped */
	bool counted; /* by its address */
	bool has_peer_uid; /* of a unix socket */
	uid_t peer_uid;
	enum conn_state state;
	enum net_timeout timer_what;
	struct loop *loop;
	const struct net_listener *listener;
	int fd;
	SSL *ssl;
	struct event readable, writable;
	struct wheel_timer timer;
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer;
	struct address_key key;
	struct buf in; /* received, not yet understood */
	struct buf out; /* to be sent */
	size_t out_sent;
	size_t lingered;
	struct buf client_cert;
	struct http_binding binding;
	struct exchange_list exchanges;
	struct h1 h1;
	struct h2 *h2;
};

TAILQ_HEAD(conn_list, conn);

/* Takes an accepted socket, already counted. */
void conn_new(struct loop *l, const struct net_listener *listener, int fd,
    const struct sockaddr_storage *peer, const struct address_key *key);
/* Whose process is at the other end of a unix socket? */
bool conn_peer_uid(int fd, uid_t *uid);
/* Closes now; exchanges are abandoned. */
void conn_close(struct conn *c);
/* Closes when everything is sent; linger: if the peer may still send. */
void conn_end(struct conn *c, bool linger);
void conn_free(struct conn *c);
/* Sends a response on behalf of an exchange. */
void conn_answer(struct conn *c, struct exchange *ex);
/* The loop drains: ends what is idle, tells the others. */
void conn_drain(struct conn *c);

/* Octets taken; 0: try again when writable (asked for); -1: closed. */
ssize_t conn_write(struct conn *c, const void *p, size_t n);
/* Sends or keeps all of it.  False: closed. */
bool conn_send(struct conn *c, const void *p, size_t n);
/* Sends what the loop gathered.  False: closed. */
bool conn_send_gathered(struct conn *c);
/* HTTP/2 has frames to send: loop_settle() does it. */
void conn_touch(struct conn *c);
/* Asks for more input, or for none until asked again. */
void conn_read_on(struct conn *c);
void conn_read_off(struct conn *c);
/* Asks to be told when the socket takes more. */
void conn_write_on(struct conn *c);
void conn_deadline(struct conn *c, enum net_timeout what, int64_t seconds);

/* conn_event.c: what the event base calls. */
void conn_on_readable(int fd, short what, void *arg);
void conn_on_writable(int fd, short what, void *arg);
void conn_on_deadline(struct wheel_timer *t);

#endif
