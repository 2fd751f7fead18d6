#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/loop.h"
#include "util/log.h"

/* In a row; other loops listen on the same sockets. */
#define ROUNDS 8
#define PAUSE_US 100000

/*
 * The control socket is for root and our own user; a shared one is for whom its
 * mode lets in, and the handlers ask who that is.
 */
static bool
peer_may_enter(const struct net_listener *listener, int fd)
{
	uid_t uid;

	return conn_peer_uid(fd, &uid) &&
	    (uid == 0 || uid == geteuid() || listener->shared);
}

static void
refuse(struct loop *l, int fd, enum net_refusal why)
{
	stats_add(&l->stats.refused[why], 1);
	close(fd);
}

static void
take(struct loop *l, const struct net_listener *listener, int fd,
    struct sockaddr_storage *peer)
{
	/* Operators get in when the public fills the house. */
	bool local = listener->kind == LISTENER_CONTROL ||
	    listener->kind == LISTENER_OPS;
	struct net *n = l->net;
	struct address_key key;
	bool keyed;

	if (listener->kind == LISTENER_CONTROL &&
	    !peer_may_enter(listener, fd)) {
		refuse(l, fd, NET_REFUSED_PEER);
		return;
	}
	if (atomic_load(&n->open) >= (size_t)l->limits.max_connections &&
	    !local) {
		refuse(l, fd, NET_REFUSED_TOTAL);
		return;
	}
	address_unmap(peer);
	keyed = !local && !address_in(n->trusted_proxies, peer) &&
	    address_key(peer, &key);
	if (keyed &&
	    !addresses_enter(n->addresses, &key,
		(size_t)l->limits.max_connections_per_address)) {
		refuse(l, fd, NET_REFUSED_ADDRESS);
		return;
	}
	atomic_fetch_add(&n->open, 1);
	stats_add(&l->stats.accepted[stats_kind(listener->kind)], 1);
	conn_new(l, listener, fd, peer, keyed ? &key : NULL);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->paused = false;
	if (!l->draining)
		loop_accept_start(l);
}

/* Out of descriptors: listening goes on in a moment, connections at once. */
static void
pause_accepting(struct loop *l)
{
	const struct timeval tv = { .tv_usec = PAUSE_US };

	stats_add(&l->stats.refused[NET_REFUSED_SYSTEM], 1);
	if (l->paused)
		return;
	l->paused = true;
	loop_accept_stop(l);
	if (evtimer_add(&l->resume_event, &tv) != 0)
		abort(); /* only for lack of memory */
	log_event(LOG_WARN, "accept_paused", LF_INT("errno", errno));
}

static void
on_acceptable(evutil_socket_t listen_fd, short what, void *arg)
{
	struct acceptor *a = arg;
	struct loop *l = a->loop;

	(void)what;
	loop_wake(l);
	for (int i = 0; i < ROUNDS && !l->paused; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t n = sizeof(peer);
		int fd = accept4(listen_fd, (struct sockaddr *)&peer, &n,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take(l, a->listener, fd, &peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_accepting(l);
		/* Gone before we came, or taken by another loop. */
		if (errno != ECONNABORTED && errno != EINTR)
			break;
	}
	loop_settle(l);
}

void
loop_accept_start(struct loop *l)
{
	struct net *n = l->net;

	if (l->acceptors == NULL) {
		l->acceptors = mem_array(n->listeners_n, sizeof(*l->acceptors));
		for (size_t i = 0; i < n->listeners_n; i++) {
			struct acceptor *a = &l->acceptors[i];

			a->loop = l;
			a->listener = &n->listeners[i];
			(void)event_assign(&a->event, l->base, a->listener->fd,
			    EV_READ | EV_PERSIST, on_acceptable, a);
		}
		(void)evtimer_assign(&l->resume_event, l->base, on_resume, l);
	}
	for (size_t i = 0; i < n->listeners_n; i++)
		if (event_add(&l->acceptors[i].event, NULL) != 0)
			abort(); /* only for lack of memory */
}

void
loop_accept_stop(struct loop *l)
{
	for (size_t i = 0; l->acceptors != NULL && i < l->net->listeners_n; i++)
		event_del(&l->acceptors[i].event);
}
