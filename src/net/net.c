#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "crypto/random.h"
#include "net/loop.h"
#include "util/secret.h"

#define DEFAULT_WORKERS 32u
#define MAX_THREADS 1024u

static unsigned
cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)MIN_OF(n, (long)MAX_THREADS);
}

/* Accepted sockets inherit it, wherever the listener came from. */
static void
listeners_prepare(struct net *n)
{
	const int one = 1;

	for (size_t i = 0; i < n->listeners_n; i++) {
		const struct net_listener *l = &n->listeners[i];

		if (l->kind & (LISTENER_HTTPS | LISTENER_EST))
			n->has_tls = true;
		if (l->kind != LISTENER_CONTROL)
			(void)setsockopt(
			    l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
}

struct net *
net_new(const struct net_settings *s, struct err *err)
{
	struct net *n = mem_alloc(sizeof(*n));
	const struct random random = random_system();
	pthread_condattr_t attr;
	uint64_t first_id;

	signal(SIGPIPE, SIG_IGN);
	n->listeners =
	    mem_dup(s->listeners, s->listeners_n * sizeof(*s->listeners));
	n->listeners_n = s->listeners_n;
	n->routes = s->routes;
	n->waits = s->waits;
	n->trusted_proxies = s->trusted_proxies;
	n->clock = s->clock;
	n->limits = *s->limits;
	n->workers_n =
	    s->workers == 0 ? DEFAULT_WORKERS : MIN_OF(s->workers, MAX_THREADS);
	n->loops_n = s->loops == 0 ? cores() : MIN_OF(s->loops, MAX_THREADS);
	listeners_prepare(n);
	random_fill(&random, n->ticket_keys, sizeof(n->ticket_keys));
	random_fill(&random, &first_id, sizeof(first_id));
	n->addresses = addresses_new();
	n->workers = workers_new((size_t)n->limits.queue);
	n->recorder = recorder_new();
	pthread_mutex_init(&n->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&n->drained, &attr);
	pthread_condattr_destroy(&attr);
	n->loops = mem_array(n->loops_n, sizeof(*n->loops));
	for (unsigned i = 0; i < n->loops_n; i++)
		if (!loop_init(&n->loops[i], n, i, first_id, err)) {
			net_free(n);
			return NULL;
		}
	return n;
}

bool
net_set_tls(
    struct net *n, struct bytes chain_pem, struct bytes key, struct err *err)
{
	SSL_CTX **made = mem_array(n->loops_n, sizeof(SSL_CTX *));
	bool ok = true;

	for (unsigned i = 0; i < n->loops_n && ok; i++)
		ok = tls_context_new(n->loops[i].libctx, chain_pem, key,
		    n->ticket_keys, &made[i], err);
	/* Connections keep a reference to the context they began with. */
	for (unsigned i = 0; i < n->loops_n; i++) {
		struct loop *l = &n->loops[i];
		SSL_CTX *old = made[i];

		if (ok) {
			pthread_mutex_lock(&l->tls_lock);
			old = l->tls;
			l->tls = made[i];
			pthread_mutex_unlock(&l->tls_lock);
		}
		SSL_CTX_free(old);
	}
	free(made);
	return ok;
}

bool
net_start(struct net *n, struct err *err)
{
	if (n->has_tls && n->loops[0].tls == NULL)
		return fail(err, ERR_CONFIG,
		    "a listener has TLS, but there is no TLS certificate");
	if (!recorder_start(n->recorder, err) ||
	    !workers_start(n->workers, n->workers_n, err))
		return false;
	for (unsigned i = 0; i < n->loops_n; i++)
		if (!loop_start(&n->loops[i], err))
			return false;
	return true;
}

struct limits_mail {
	struct mail mail;
	struct loop *loop;
	struct config_limits limits;
};

static void
on_limits(struct mail *m)
{
	struct limits_mail *lm = (struct limits_mail *)m;

	lm->loop->limits = lm->limits;
	free(lm);
}

void
net_set_limits(struct net *n, const struct config_limits *limits)
{
	workers_set_queue(n->workers, (size_t)limits->queue);
	for (unsigned i = 0; i < n->loops_n; i++) {
		struct limits_mail *lm = mem_alloc(sizeof(*lm));

		lm->mail.open = on_limits;
		lm->loop = &n->loops[i];
		lm->limits = *limits;
		if (n->loops[i].started)
			mailbox_post(&n->loops[i].mailbox, &lm->mail);
		else
			on_limits(&lm->mail);
	}
}

bool
net_drain(struct net *n, int64_t ms)
{
	int64_t due = clock_monotonic_us() + ms * 1000;
	const struct timespec until = { .tv_sec = due / 1000000,
		.tv_nsec = due % 1000000 * 1000 };
	unsigned want = 0;
	bool done;
	int r = 0;

	for (unsigned i = 0; i < n->loops_n; i++) {
		struct loop *l = &n->loops[i];

		if (!l->started || l->drain_posted)
			continue;
		l->drain_posted = true;
		mailbox_post(&l->mailbox, &l->drain_mail);
	}
	for (unsigned i = 0; i < n->loops_n; i++)
		want += n->loops[i].started;
	pthread_mutex_lock(&n->lock);
	do
		done = n->drain_acks == want && atomic_load(&n->open) == 0;
	while (!done && r == 0 &&
	    (r = pthread_cond_timedwait(&n->drained, &n->lock, &until)) == 0);
	pthread_mutex_unlock(&n->lock);
	return done;
}

void
net_free(struct net *n)
{
	if (n == NULL)
		return;
	for (unsigned i = 0; i < n->loops_n; i++)
		if (n->loops[i].started)
			mailbox_post(
			    &n->loops[i].mailbox, &n->loops[i].stop_mail);
	/* A loop ends when all that it sent out has come back. */
	for (unsigned i = 0; i < n->loops_n; i++)
		if (n->loops[i].started)
			pthread_join(n->loops[i].thread, NULL);
	workers_free(n->workers);
	recorder_free(n->recorder);
	for (unsigned i = 0; i < n->loops_n; i++)
		loop_done(&n->loops[i]);
	addresses_free(n->addresses);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->drained);
	secret_wipe(n->ticket_keys, sizeof(n->ticket_keys));
	free(n->listeners);
	free(n->loops);
	free(n);
}

void
net_stats(struct net *n, struct net_stats *out)
{
	*out = (struct net_stats){ 0 };
	for (unsigned i = 0; i < n->loops_n; i++)
		stats_sum(&n->loops[i].stats, out);
	out->open = atomic_load(&n->open);
	out->queue_depth = workers_depth(n->workers);
	out->held = n->waits == NULL ? 0 : http_waits_held(n->waits);
	out->log_dropped = recorder_dropped(n->recorder);
}
