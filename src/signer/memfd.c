#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "signer/memfd.h"
#include "util/own.h"
#include "util/times.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

bool
memfd_seal(struct bytes content, int *fd, struct err *err)
{
	AUTO_FD m =
	    memfd_create("signer-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	if (m < 0)
		return fail_errno(err, ERR_SYSTEM, "no memory file");
	while (done < content.n) {
		ssize_t n = write(m, content.p + done, content.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(
			    err, ERR_SYSTEM, "memory file not written");
		done += (size_t)n;
	}
	if (fcntl(m, F_ADD_SEALS, SEALS) != 0)
		return fail_errno(err, ERR_SYSTEM, "memory file not sealed");
	*fd = m;
	m = -1;
	return true;
}

bool
memfd_map(
    int fd, uint64_t size, uint64_t max, struct bytes *out, struct err *err)
{
	int seals = fcntl(fd, F_GET_SEALS);
	off_t length;
	void *p;

	/* Anything else could change between check and signature. */
	if (seals < 0 || (seals & SEALS) != SEALS)
		return fail(err, ERR_MALFORMED,
		    "descriptor is not a memory file with all seals");
	length = lseek(fd, 0, SEEK_END);
	if (length <= 0 || (uint64_t)length > max ||
	    (size != 0 && (uint64_t)length != size))
		return fail(err, ERR_MALFORMED,
		    "memory file has %lld octets, expected %llu",
		    (long long)length, (unsigned long long)size);
	/* It is read whole: one call maps what would be thousands of faults. */
	p = mmap(
	    NULL, (size_t)length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		return fail_errno(err, ERR_SYSTEM, "memory file not mapped");
	*out = bytes_of(p, (size_t)length);
	return true;
}

void
memfd_unmap(struct bytes b)
{
	if (b.n > 0)
		munmap((void *)(uintptr_t)b.p, b.n);
}

/* Waits for the events; false when the time is over. */
static bool
wait_for(int socket, short events, int64_t deadline_us)
{
	struct pollfd p = { .fd = socket, .events = events };
	int64_t left = deadline_us - clock_monotonic_us();

	if (left <= 0)
		return false;
	/* A signal is no event, but the caller tries again anyway. */
	return poll(&p, 1, (int)MIN_OF(left / 1000 + 1, 60000)) >= 0 ||
	    errno == EINTR;
}

static ssize_t
send_once(int socket, struct bytes packet, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)packet.p, packet.n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool
packet_send(int socket, struct bytes packet, int fd, int64_t deadline_us,
    struct err *err)
{
	for (;;) {
		if (send_once(socket, packet, fd) >= 0)
			return true;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS &&
		    errno != ETOOMANYREFS)
			return fail_errno(
			    err, ERR_SIGNER, "signer socket is closed");
		if (!wait_for(socket, POLLOUT, deadline_us))
			return fail(err, ERR_SIGNER,
			    "the other end of the signer socket takes no "
			    "message");
	}
}

/* As many as the other end takes now; -1 with errno. */
static int
send_some(int socket, const struct bytes *packets, size_t n)
{
	struct mmsghdr m[PACKETS_MAX];
	struct iovec iov[PACKETS_MAX];

	memset(m, 0, n * sizeof(*m));
	for (size_t i = 0; i < n; i++) {
		iov[i] = (struct iovec){ (void *)(uintptr_t)packets[i].p,
			packets[i].n };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	return sendmmsg(socket, m, (unsigned)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

size_t
packets_send(int socket, const struct bytes *packets, size_t n,
    int64_t deadline_us, struct err *err)
{
	size_t sent = 0;

	while (sent < n) {
		int k = send_some(socket, packets + sent,
		    MIN_OF(n - sent, (size_t)PACKETS_MAX));

		if (k > 0) {
			sent += (size_t)k;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS) {
			(void)fail_errno(
			    err, ERR_SIGNER, "signer socket is closed");
			break;
		}
		if (!wait_for(socket, POLLOUT, deadline_us)) {
			(void)fail(err, ERR_SIGNER,
			    "the other end of the signer socket takes no "
			    "message");
			break;
		}
	}
	return sent;
}

/* The descriptors of a received message: one is kept, more are closed. */
static bool
take_descriptors(struct msghdr *m, int *fd)
{
	bool good = (m->msg_flags & MSG_CTRUNC) == 0;

	*fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int got;

			memcpy(
			    &got, CMSG_DATA(c) + i * sizeof(int), sizeof(got));
			if (*fd < 0) {
				*fd = got;
				continue;
			}
			close(got);
			good = false;
		}
	}
	if (!good && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return good;
}

bool
packet_receive(int socket, void *buf, size_t cap, size_t *n, int *fd,
    int64_t deadline_us, struct err *err)
{
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, cap };
	struct msghdr m;
	ssize_t got;
	bool whole;

	for (;;) {
		m = (struct msghdr){ .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control.space) };
		got = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (got >= 0)
			break;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return fail_errno(
			    err, ERR_SIGNER, "signer socket is closed");
		if (!wait_for(socket, POLLIN, deadline_us))
			return fail(err, ERR_SIGNER,
			    "no message from the other end of the signer "
			    "socket");
	}
	whole = (m.msg_flags & MSG_TRUNC) == 0;
	if (!take_descriptors(&m, fd) || !whole) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		return fail(err, ERR_MALFORMED,
		    "signer message is cut off or has too many descriptors");
	}
	*n = (size_t)got;
	return true;
}
