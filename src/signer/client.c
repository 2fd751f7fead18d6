#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "crypto/random.h"
#include "signer/memfd.h"
#include "signer/wire.h"
#include "util/log.h"
#include "util/times.h"

/* Also what the signer may have to do twice when it is slow; see core.c. */
#define RESEND_US 1000000
#define SIGN_US 10000000
/* Far more than workers; beyond it something asks without end. */
#define IN_FLIGHT_MAX 256u

/* Who asks for status and who asks for certificates wait in queues of their
 * own length, so that a flood of the one leaves room for the other. */
enum purpose { FOR_RECORD, FOR_STATUS, PURPOSES };

/* Somebody who waits for a reply. */
struct waiter {
	struct waiter *next;
	uint64_t id;
	enum purpose purpose;
	pthread_cond_t wake;
	bool done, resend;
	enum wire_type type; /* of the reply */
	struct buf reply; /* signature or text */
};

struct signer_remote {
	int fd, stop; /* stop: an eventfd that ends the reader */
	pthread_t reader;
	pthread_mutex_t lock;
	/* under the lock */
	struct waiter *waiting;
	size_t waiting_n[PURPOSES];
	uint64_t next_id;
	bool closed;
	_Atomic uint64_t syncs;
};

/* ---- the reader ---- */

static struct waiter *
waiter_find(struct signer_remote *s, uint64_t id)
{
	struct waiter *w = s->waiting;

	while (w != NULL && w->id != id)
		w = w->next;
	return w;
}

static void
on_hello(struct signer_remote *s)
{
	for (struct waiter *w = s->waiting; w != NULL; w = w->next) {
		w->resend = true;
		pthread_cond_signal(&w->wake);
	}
}

static bool
is_reply(enum wire_type type)
{
	return type == WIRE_SIGNED || type == WIRE_REFUSED ||
	    type == WIRE_FAILED || type == WIRE_PONG ||
	    type == WIRE_RESPONDER_KEY;
}

static void
on_message(struct signer_remote *s, const struct wire_message *m)
{
	struct waiter *w;

	if (m->type == WIRE_PONG)
		atomic_store(&s->syncs, m->syncs);
	pthread_mutex_lock(&s->lock);
	if (m->type == WIRE_HELLO)
		on_hello(s);
	w = waiter_find(s, m->id);
	/* Nobody: answered before, given up, or asked by a former server. */
	if (w != NULL && !w->done && is_reply(m->type)) {
		w->done = true;
		w->type = m->type;
		/* A message has one of them. */
		buf_add_bytes(&w->reply, m->signature);
		buf_add_bytes(&w->reply, m->text);
		buf_add_bytes(&w->reply, m->spki);
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&s->lock);
}

static void
on_closed(struct signer_remote *s)
{
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	for (struct waiter *w = s->waiting; w != NULL; w = w->next)
		pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&s->lock);
}

/* false: the socket is closed. */
static bool
read_one(struct signer_remote *s)
{
	uint8_t packet[WIRE_HEADER + 8 + WIRE_SIGNATURE_MAX + 1];
	struct wire_message m;
	struct err err = { 0 };
	int fd = -1;
	size_t n;

	if (!packet_receive(s->fd, packet, sizeof(packet), &n, &fd,
		clock_monotonic_us() + RESEND_US, &err)) {
		log_err(LOG_WARN, "signer-reply-unreadable", &err);
		return err.kind == ERR_MALFORMED;
	}
	if (fd >= 0)
		close(fd);
	if (n == 0)
		return false;
	if (wire_decode(bytes_of(packet, n), &m, &err))
		on_message(s, &m);
	else
		log_err(LOG_WARN, "signer-reply-unreadable", &err);
	return true;
}

static void *
reader_main(void *arg)
{
	struct signer_remote *s = arg;

	for (;;) {
		struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN },
			{ .fd = s->stop, .events = POLLIN } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents != 0)
			return NULL;
		if (fds[0].revents != 0 && !read_one(s))
			break;
	}
	on_closed(s);
	return NULL;
}

/* ---- those who ask ---- */

static bool
waiter_enter(struct signer_remote *s, struct waiter *w, enum purpose purpose,
    struct err *err)
{
	pthread_condattr_t attr;
	bool closed, full;

	memset(w, 0, sizeof(*w));
	w->purpose = purpose;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_lock(&s->lock);
	closed = s->closed;
	full = s->waiting_n[purpose] == IN_FLIGHT_MAX;
	if (!closed && !full) {
		w->id = s->next_id++;
		/* 0 is nobody's. */
		if (w->id == 0)
			w->id = s->next_id++;
		w->next = s->waiting;
		s->waiting = w;
		s->waiting_n[purpose]++;
	}
	pthread_mutex_unlock(&s->lock);
	if (!closed && !full)
		return true;
	pthread_cond_destroy(&w->wake);
	if (full)
		return fail(err, ERR_BUSY,
		    "%u requests wait for the signer, no more are taken",
		    IN_FLIGHT_MAX);
	return fail(err, ERR_SIGNER, "signer socket is closed");
}

static void
waiter_leave(struct signer_remote *s, struct waiter *w)
{
	struct waiter **p = &s->waiting;

	pthread_mutex_lock(&s->lock);
	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	s->waiting_n[w->purpose]--;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&w->wake);
	buf_free(&w->reply);
}

/* Sleeps until there is a reply, a reason to send again, or the time is over.
 */
static void
waiter_wait(struct signer_remote *s, struct waiter *w, int64_t until_us)
{
	const struct timespec until = { .tv_sec = until_us / 1000000,
		.tv_nsec = until_us % 1000000 * 1000 };
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	while (!w->done && !w->resend && !s->closed && rc == 0)
		rc = pthread_cond_timedwait(&w->wake, &s->lock, &until);
	w->resend = false;
	pthread_mutex_unlock(&s->lock);
}

static bool
waiter_is_done(struct signer_remote *s, struct waiter *w, bool *closed)
{
	bool done;

	pthread_mutex_lock(&s->lock);
	done = w->done;
	*closed = s->closed;
	pthread_mutex_unlock(&s->lock);
	return done;
}

/*
 * Sends until answered.  The signer takes the same bytes at the same position
 * as often as they come, so a lost request or reply costs time only.
 */
static bool
ask(struct signer_remote *s, struct waiter *w, struct bytes packet, int memfd,
    int64_t wait_us, struct err *err)
{
	int64_t deadline = clock_monotonic_us() + wait_us;
	bool closed = false;

	while (!waiter_is_done(s, w, &closed)) {
		int64_t now = clock_monotonic_us();

		if (closed)
			return fail(err, ERR_SIGNER, "signer socket is closed");
		if (now >= deadline)
			return fail(err, ERR_SIGNER,
			    "no answer from the signer within %lld ms",
			    (long long)(wait_us / 1000));
		if (!packet_send(s->fd, packet, memfd, deadline, err))
			return false;
		waiter_wait(s, w, MIN_OF(now + RESEND_US, deadline));
	}
	return true;
}

/* The message as a packet, and what is too large for one as a memfd. */
static bool
request_encode(const struct signer_request *req, uint64_t id,
    struct buf *packet, int *memfd, struct err *err)
{
	struct wire_message m = {
		.type = WIRE_SIGN, .id = id, .request = *req
	};

	if (req->tbs.n == 0 || req->tbs.n > WIRE_MEMFD_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "%zu octets to sign, expected 1 to %u", req->tbs.n,
		    WIRE_MEMFD_MAX);
	if (req->tbs.n > WIRE_INLINE_MAX) {
		if (!memfd_seal(req->tbs, memfd, err))
			return false;
		m.type = WIRE_SIGN_MEMFD;
		m.memfd_size = req->tbs.n;
	}
	wire_encode(&m, packet);
	return true;
}

static bool
reply_take(const struct waiter *w, struct buf *signature, struct err *err)
{
	struct bytes reply = buf_bytes(&w->reply);

	switch (w->type) {
	case WIRE_SIGNED:
		buf_add_bytes(signature, reply);
		return true;
	case WIRE_REFUSED:
		return fail(err, ERR_SIGNER_REFUSED, "%.*s", (int)reply.n,
		    (const char *)reply.p);
	case WIRE_FAILED:
		return fail(err, ERR_SIGNER, "%.*s", (int)reply.n,
		    (const char *)reply.p);
	default:
		return fail(err, ERR_SIGNER,
		    "the signer answered 0x%02x to a request to sign",
		    (unsigned)w->type);
	}
}

static bool
remote_sign(void *ctx, const struct signer_request *req, struct buf *signature,
    struct err *err)
{
	struct signer_remote *s = ctx;
	AUTO_BUF packet = { 0 };
	AUTO_FD memfd = -1;
	struct waiter w;
	bool ok;

	if (!waiter_enter(
		s, &w, req->kind == SIGN_OCSP ? FOR_STATUS : FOR_RECORD, err))
		return false;
	ok = request_encode(req, w.id, &packet, &memfd, err) &&
	    ask(s, &w, buf_bytes(&packet), memfd, SIGN_US, err) &&
	    reply_take(&w, signature, err);
	waiter_leave(s, &w);
	return ok;
}

/* A message without a body; its answer, which must be of this type. */
static bool
ask_plain(struct signer_remote *s, enum wire_type type, enum wire_type wanted,
    int64_t ms, struct buf *reply, struct err *err)
{
	struct wire_message m = { .type = type };
	AUTO_BUF packet = { 0 };
	struct waiter w;
	bool ok;

	if (!waiter_enter(s, &w, FOR_RECORD, err))
		return false;
	m.id = w.id;
	wire_encode(&m, &packet);
	ok = ask(s, &w, buf_bytes(&packet), -1, ms * 1000, err);
	if (ok && w.type != wanted)
		ok = fail(err, ERR_SIGNER,
		    "the signer answered 0x%02x to 0x%02x", (unsigned)w.type,
		    (unsigned)type);
	if (ok)
		buf_add_bytes(reply, buf_bytes(&w.reply));
	waiter_leave(s, &w);
	return ok;
}

bool
signer_remote_ping(struct signer_remote *s, int64_t ms, struct err *err)
{
	AUTO_BUF none = { 0 };

	return ask_plain(s, WIRE_PING, WIRE_PONG, ms, &none, err);
}

static bool
remote_responder(void *ctx, struct buf *spki, struct err *err)
{
	return ask_plain(
	    ctx, WIRE_RESPONDER, WIRE_RESPONDER_KEY, SIGN_US / 1000, spki, err);
}

/* ---- life ---- */

struct signer_remote *
signer_remote_new(int fd)
{
	struct signer_remote *s = mem_alloc(sizeof(*s));
	struct random r = random_system();

	s->fd = fd;
	s->stop = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&s->lock, NULL);
	/* Replies to a former server may still lie in the socket. */
	random_fill(&r, &s->next_id, sizeof(s->next_id));
	if (s->stop < 0 ||
	    pthread_create(&s->reader, NULL, reader_main, s) != 0)
		abort();
	return s;
}

void
signer_remote_free(struct signer_remote *s)
{
	const uint64_t one = 1;

	if (s == NULL)
		return;
	/* Not shutdown(2): the socket outlives this process. */
	if (write(s->stop, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(s->reader, NULL);
	pthread_mutex_destroy(&s->lock);
	close(s->stop);
	close(s->fd);
	free(s);
}

struct signer
signer_remote_port(struct signer_remote *s)
{
	return (struct signer){ remote_sign, s, remote_responder };
}

uint64_t
signer_remote_syncs(const struct signer_remote *s)
{
	return atomic_load(&s->syncs);
}
