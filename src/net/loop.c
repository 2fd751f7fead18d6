#include <stdlib.h>
#include "net/h2.h"
#include "net/loop.h"
#include "net/thread.h"
#include "util/log.h"

void
loop_wake(struct loop *l)
{
	l->now_us = clock_monotonic_us();
	l->now = clock_now(&l->net->clock);
}

void
loop_date(struct loop *l)
{
	char when[TIME_HTTP_SIZE];

	if (l->date_at == l->now)
		return;
	time_format_http(l->now, when);
	l->date_n =
	    (size_t)snprintf(l->date, sizeof(l->date), "Date: %s\r\n", when);
	l->date_at = l->now;
}

static void
note_drained(struct loop *l)
{
	struct net *n = l->net;

	pthread_mutex_lock(&n->lock);
	pthread_cond_broadcast(&n->drained);
	pthread_mutex_unlock(&n->lock);
}

static void
end_if_done(struct loop *l)
{
	/* Exchanges that are elsewhere point to this loop's mailbox. */
	if (l->stopping && l->conns_n == 0 && l->outstanding == 0)
		event_base_loopbreak(l->base);
}

void
loop_settle(struct loop *l)
{
	struct conn *c;
	bool buried = false;

	while ((c = TAILQ_FIRST(&l->dirty)) != NULL) {
		TAILQ_REMOVE(&l->dirty, c, dirty_link);
		c->dirty = false;
		h2_flush(c);
	}
	while ((c = TAILQ_FIRST(&l->graveyard)) != NULL) {
		TAILQ_REMOVE(&l->graveyard, c, link);
		conn_free(c);
		buried = true;
	}
	if (l->draining && buried && l->conns_n == 0)
		note_drained(l);
	end_if_done(l);
}

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	loop_wake(l);
	mailbox_open(&l->mailbox);
	loop_settle(l);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	loop_wake(l);
	wheel_run(&l->wheel, l->now_us);
	loop_settle(l);
}

static struct loop *
loop_of(struct mail *m, size_t offset)
{
	return (struct loop *)((char *)m - offset);
}

static void
on_drain(struct mail *m)
{
	struct loop *l = loop_of(m, offsetof(struct loop, drain_mail));
	struct conn *c, *next;

	l->draining = true;
	loop_accept_stop(l);
	for (c = TAILQ_FIRST(&l->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		conn_drain(c);
	}
	pthread_mutex_lock(&l->net->lock);
	l->net->drain_acks++;
	pthread_cond_broadcast(&l->net->drained);
	pthread_mutex_unlock(&l->net->lock);
}

static void
on_stop(struct mail *m)
{
	struct loop *l = loop_of(m, offsetof(struct loop, stop_mail));
	struct conn *c;

	l->draining = l->stopping = true;
	loop_accept_stop(l);
	while ((c = TAILQ_FIRST(&l->conns)) != NULL)
		conn_close(c);
}

static bool
events_init(struct loop *l, struct err *err)
{
	const struct timeval tick = { .tv_usec = WHEEL_TICK_US };
	struct event_config *config = event_config_new();

	/* One thread alone: no locks, whatever the process asked for. */
	if (config == NULL ||
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) != 0)
		return fail(err, ERR_INTERNAL, "no event configuration");
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	if (l->base == NULL)
		return fail_errno(err, ERR_SYSTEM, "no event base");
	if (event_assign(&l->mail_event, l->base, l->mailbox.wake_fd,
		EV_READ | EV_PERSIST, on_mail, l) != 0 ||
	    event_add(&l->mail_event, NULL) != 0 ||
	    event_assign(&l->tick_event, l->base, -1, EV_PERSIST, on_tick, l) !=
		0 ||
	    event_add(&l->tick_event, &tick) != 0)
		return fail(err, ERR_INTERNAL, "no events for a loop");
	return true;
}

bool
loop_init(struct loop *l, struct net *n, unsigned index, uint64_t first_id,
    struct err *err)
{
	l->net = n;
	l->index = index;
	l->limits = n->limits;
	l->next_id = first_id + index;
	l->mailbox.wake_fd = -1;
	l->drain_mail.open = on_drain;
	l->stop_mail.open = on_stop;
	TAILQ_INIT(&l->conns);
	TAILQ_INIT(&l->dirty);
	TAILQ_INIT(&l->graveyard);
	TAILQ_INIT(&l->pool);
	pthread_mutex_init(&l->tls_lock, NULL);
	loop_wake(l);
	l->date_at = -1;
	wheel_init(&l->wheel, l->now_us);
	l->scratch = mem_alloc(LOOP_SCRATCH);
	l->libctx = OSSL_LIB_CTX_new();
	if (l->libctx == NULL)
		return fail(err, ERR_INTERNAL, "no OpenSSL library context");
	return mailbox_init(&l->mailbox, err) && events_init(l, err) &&
	    h2_loop_init(l, err);
}

static void *
loop_main(void *arg)
{
	struct loop *l = arg;

	loop_accept_start(l);
	if (event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		log_event(LOG_ERROR, "loop_failed", LF_INT("loop", l->index));
	return NULL;
}

bool
loop_start(struct loop *l, struct err *err)
{
	char name[16];

	snprintf(name, sizeof(name), "loop-%u", l->index % 1000);
	l->started = thread_start(&l->thread, name, loop_main, l, err);
	return l->started;
}

void
loop_done(struct loop *l)
{
	struct exchange *ex;

	if (l->net == NULL)
		return;
	while ((ex = TAILQ_FIRST(&l->pool)) != NULL) {
		TAILQ_REMOVE(&l->pool, ex, link);
		arena_free(ex->arena);
		free(ex);
	}
	SSL_CTX_free(l->tls);
	OSSL_LIB_CTX_free(l->libctx);
	h2_loop_done(l);
	if (l->base != NULL)
		event_base_free(l->base);
	mailbox_done(&l->mailbox);
	pthread_mutex_destroy(&l->tls_lock);
	free(l->acceptors);
	free(l->scratch);
	buf_free(&l->gather);
}
