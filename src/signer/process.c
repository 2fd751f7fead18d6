#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "signer/core.h"
#include "signer/memfd.h"
#include "signer/wire.h"
#include "util/fault.h"
#include "util/log.h"
#include "util/own.h"
#include "util/times.h"

/* The server always reads; beyond this it will ask again. */
#define REPLY_WAIT_US 1000000

/* A request as it came, with what has to be given back. */
struct incoming {
	uint8_t packet[WIRE_MESSAGE_MAX];
	size_t n;
	int fd;
	struct bytes mapped;
	uint64_t id;
};

struct process {
	struct signer_core *core;
	int requests, control;
	struct incoming in[SIGNER_BATCH];
	/* Those of them that are to be signed, side by side for the core. */
	struct incoming *from[SIGNER_BATCH];
	struct signer_request reqs[SIGNER_BATCH];
	struct buf signatures[SIGNER_BATCH];
	struct err errs[SIGNER_BATCH];
	size_t reqs_n;
	/* Replies that leave together, one behind the other; where each ends.
	 */
	struct buf replies;
	size_t ends[SIGNER_BATCH];
	size_t replies_n;
	struct buf answer; /* the signature of one OCSP answer */
};

/* A reply that cannot be delivered is lost: the client asks again. */
static void
replies_send(struct process *p)
{
	struct bytes packets[SIGNER_BATCH];
	size_t start = 0, n = p->replies_n;
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		packets[i] = bytes_of(p->replies.p + start, p->ends[i] - start);
		start = p->ends[i];
	}
	if (packets_send(p->requests, packets, n,
		clock_monotonic_us() + REPLY_WAIT_US, &err) != n)
		log_err(LOG_WARN, "signer-reply-lost", &err);
	p->replies.n = 0;
	p->replies_n = 0;
}

static void
reply_later(struct process *p, const struct wire_message *m)
{
	wire_encode(m, &p->replies);
	p->ends[p->replies_n++] = p->replies.n;
	if (p->replies_n == SIGNER_BATCH)
		replies_send(p);
}

/* One at once, on either socket. */
static void
reply(int socket, const struct wire_message *m)
{
	AUTO_BUF packet = { 0 };
	struct err err = { 0 };

	wire_encode(m, &packet);
	if (!packet_send(socket, buf_bytes(&packet), -1,
		clock_monotonic_us() + REPLY_WAIT_US, &err))
		log_err(LOG_WARN, "signer-reply-lost", &err);
}

static void
reply_err(int socket, uint64_t id, enum wire_type type, const struct err *err)
{
	const struct wire_message m = {
		.type = type, .id = id, .text = bytes_str(err->shown)
	};

	log_err(LOG_WARN, "signer-refused", err);
	reply(socket, &m);
}

static void
reply_failure(
    struct process *p, uint64_t id, enum wire_type type, const struct err *err)
{
	const struct wire_message m = {
		.type = type, .id = id, .text = bytes_str(err->shown)
	};

	log_err(LOG_WARN, "signer-refused", err);
	reply_later(p, &m);
}

static void
reply_pong(struct process *p, uint64_t id)
{
	uint8_t issuers[WIRE_ISSUERS_MAX][32];
	size_t n = signer_core_issuers(p->core, issuers, WIRE_ISSUERS_MAX);
	const struct wire_message m = { .type = WIRE_PONG,
		.id = id,
		.syncs = signer_core_syncs(p->core),
		.issuers = bytes_of(issuers, 32 * n) };

	reply_later(p, &m);
}

static void
reply_responder(struct process *p, uint64_t id)
{
	const struct wire_message m = { .type = WIRE_RESPONDER_KEY,
		.id = id,
		.spki = signer_core_responder(p->core) };

	reply_later(p, &m);
}

/*
 * An OCSP answer is signed when it is read, and its reply leaves before the
 * certificates of the batch wait for the disk: it needs no journal.
 */
static void
reply_answer(struct process *p, uint64_t id, const struct signer_request *req)
{
	struct wire_message m = { .type = WIRE_SIGNED, .id = id };
	struct err err = { 0 };

	FAULT("signer.reply.before");
	p->answer.n = 0;
	if (!signer_core_answer(p->core, req, &p->answer, &err)) {
		reply_failure(p, id,
		    err.kind == ERR_SIGNER_REFUSED ? WIRE_REFUSED : WIRE_FAILED,
		    &err);
		return;
	}
	m.signature = buf_bytes(&p->answer);
	reply_later(p, &m);
}

/* What came with a message, and what was made of it, is given back. */
static void
incoming_clear(struct incoming *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
	memfd_unmap(in->mapped);
	in->mapped = BYTES_NONE;
}

/* Makes a request of a message, or answers it at once. */
static bool
accept_request(struct process *p, struct incoming *in, struct err *err)
{
	struct wire_message m;

	if (!wire_decode(bytes_of(in->packet, in->n), &m, err))
		return false;
	if (wire_has_memfd(m.type) != (in->fd >= 0))
		return fail(err, ERR_MALFORMED,
		    "signer message of type 0x%02x %s", (unsigned)m.type,
		    in->fd >= 0 ? "has a descriptor" : "has no descriptor");
	if (m.type == WIRE_PING) {
		reply_pong(p, m.id);
		return true;
	}
	if (m.type == WIRE_RESPONDER) {
		reply_responder(p, m.id);
		return true;
	}
	if (m.type != WIRE_SIGN && m.type != WIRE_SIGN_MEMFD)
		return fail(err, ERR_MALFORMED,
		    "signer message of type 0x%02x is no request",
		    (unsigned)m.type);
	if (m.type == WIRE_SIGN_MEMFD) {
		if (!memfd_map(
			in->fd, m.memfd_size, WIRE_MEMFD_MAX, &in->mapped, err))
			return false;
		m.request.tbs = in->mapped;
	}
	if (m.request.kind == SIGN_OCSP) {
		reply_answer(p, m.id, &m.request);
		return true;
	}
	in->id = m.id;
	p->from[p->reqs_n] = in;
	p->reqs[p->reqs_n++] = m.request;
	return true;
}

/* As many packets as are there; -1 when the socket is closed. */
static int
receive_batch(struct process *p)
{
	struct mmsghdr m[SIGNER_BATCH];
	struct iovec iov[SIGNER_BATCH];
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control[SIGNER_BATCH];
	int n;

	memset(m, 0, sizeof(m));
	for (size_t i = 0; i < SIGNER_BATCH; i++) {
		iov[i] = (struct iovec){ p->in[i].packet, WIRE_MESSAGE_MAX };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_hdr.msg_control = &control[i];
		m[i].msg_hdr.msg_controllen = sizeof(control[i].space);
	}
	n = recvmmsg(p->requests, m, SIGNER_BATCH,
	    MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -1;
	for (int i = 0; i < n; i++) {
		struct msghdr *h = &m[i].msg_hdr;
		struct cmsghdr *c = CMSG_FIRSTHDR(h);
		struct incoming *in = &p->in[i];

		in->n = m[i].msg_len;
		in->fd = -1;
		in->mapped = BYTES_NONE;
		/* Room for one descriptor: the kernel closes the others. */
		if (c != NULL && c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len >= CMSG_LEN(sizeof(int)))
			memcpy(&in->fd, CMSG_DATA(c), sizeof(in->fd));
		/* Cut off: no message has this length. */
		if ((h->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
			in->n = 0;
	}
	return n;
}

static void
reply_signatures(struct process *p)
{
	for (size_t i = 0; i < p->reqs_n; i++) {
		const struct err *err = &p->errs[i];
		const struct wire_message m = { .type = WIRE_SIGNED,
			.id = p->from[i]->id,
			.signature = buf_bytes(&p->signatures[i]) };

		FAULT("signer.reply.before");
		if (err->kind == ERR_NONE)
			reply_later(p, &m);
		else
			reply_failure(p, m.id,
			    err->kind == ERR_SIGNER_REFUSED ? WIRE_REFUSED
							    : WIRE_FAILED,
			    err);
		buf_free(&p->signatures[i]);
	}
}

/* false: the socket is closed. */
static bool
serve_requests(struct process *p, bool hung_up)
{
	int n = receive_batch(p);
	bool any = false;

	if (n < 0)
		return false;
	p->reqs_n = 0;
	for (int i = 0; i < n; i++) {
		struct incoming *in = &p->in[i];
		struct err err = { 0 };

		any = any || in->n > 0;
		if (in->n > 0 && !accept_request(p, in, &err))
			reply_failure(p, wire_id(bytes_of(in->packet, in->n)),
			    WIRE_REFUSED, &err);
	}
	replies_send(p);
	if (p->reqs_n > 0) {
		signer_core_sign(
		    p->core, p->reqs, p->reqs_n, p->signatures, p->errs);
		reply_signatures(p);
		replies_send(p);
	}
	for (int i = 0; i < n; i++)
		incoming_clear(&p->in[i]);
	return any || !hung_up;
}

static bool
set_limits(struct process *p, int fd, struct err *err)
{
	struct bytes json;
	struct signer_limits *limits;
	AUTO_ARENA *a = arena_new();
	size_t n;
	bool ok;

	if (fd < 0)
		return fail(err, ERR_MALFORMED, "limits without a descriptor");
	if (!memfd_map(fd, 0, 1u << 20, &json, err))
		return false;
	ok = signer_limits_decode(json, a, &limits, &n, err) &&
	    signer_core_set_limits(p->core, limits, n, err);
	memfd_unmap(json);
	if (ok)
		log_event(LOG_INFO, "signer-limits-set", LF_INT("cas", n));
	return ok;
}

/* false: the supervisor is gone. */
static bool
serve_control(struct process *p)
{
	uint8_t packet[WIRE_HEADER + 1];
	struct wire_message m = { 0 };
	struct err err = { 0 };
	AUTO_FD fd = -1;
	size_t n;

	if (!packet_receive(
		p->control, packet, sizeof(packet), &n, &fd, 0, &err)) {
		log_err(LOG_WARN, "signer-control-unreadable", &err);
		/* A bad packet is passed over; a dead socket is the end. */
		return err.kind == ERR_MALFORMED || errno == EAGAIN;
	}
	if (n == 0)
		return false;
	if (!wire_decode(bytes_of(packet, n), &m, &err) ||
	    m.type != WIRE_LIMITS || !set_limits(p, fd, &err)) {
		(void)fail(&err, ERR_MALFORMED,
		    "message of type 0x%02x is not for the control socket",
		    (unsigned)m.type);
		reply_err(p->control, wire_id(bytes_of(packet, n)),
		    WIRE_LIMITS_REFUSED, &err);
		return true;
	}
	m = (struct wire_message){ .type = WIRE_LIMITS_SET, .id = m.id };
	reply(p->control, &m);
	return true;
}

/* Signals are read where the loop waits, so that no batch is left half. */
static int
stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The exit status once there is nothing more to do, or -1. */
static int
serve_once(struct process *p, int stop)
{
	struct pollfd fds[3] = { { .fd = stop, .events = POLLIN },
		{ .fd = p->control, .events = POLLIN },
		{ .fd = p->requests, .events = POLLIN } };

	if (poll(fds, COUNT_OF(fds), -1) < 0)
		return errno == EINTR ? -1 : 1;
	if (fds[0].revents != 0)
		return 0;
	if (fds[1].revents != 0 && !serve_control(p))
		return 0;
	if (fds[2].revents != 0 &&
	    !serve_requests(p, (fds[2].revents & (POLLHUP | POLLERR)) != 0))
		return 0;
	/* Nothing that was appended is known to be on the disk: a new signer
	 * reads what is there. */
	return signer_core_is_broken(p->core) ? 1 : -1;
}

int
signer_process_run(struct signer_core *core, int request_fd, int control_fd)
{
	const struct wire_message hello = { .type = WIRE_HELLO };
	struct process *p = mem_alloc(sizeof(*p));
	AUTO_FD stop = stop_signals();
	int status = stop < 0 ? 1 : -1;

	p->core = core;
	p->requests = request_fd;
	p->control = control_fd;
	/* Whoever waits for a signer that died asks again. */
	if (status < 0)
		reply(p->requests, &hello);
	while (status < 0)
		status = serve_once(p, stop);
	buf_free(&p->replies);
	buf_free(&p->answer);
	free(p);
	return status;
}
