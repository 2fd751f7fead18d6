#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/boot.h"
#include "util/secret.h"

/* Far longer than a child that lives leaves a message lying. */
#define SEND_S 10

bool
boot_pair(int fds[2], struct err *err)
{
	const struct timeval most = { .tv_sec = SEND_S };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return fail_errno(
		    err, ERR_SYSTEM, "no socket pair for a child process");
	/* A child that reads nothing must not stop its supervisor. */
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	return true;
}

bool
boot_send(int channel, enum boot_type type, struct bytes body, int fd,
    struct err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	uint8_t kind = (uint8_t)type;
	struct iovec iov[2] = {
		{ .iov_base = &kind, .iov_len = 1 },
		{ .iov_base = (void *)(uintptr_t)body.p, .iov_len = body.n },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	if (body.n > BOOT_MAX_BODY)
		return fail(err, ERR_TOO_LARGE,
		    "a message of %zu octets to a child, at most %u", body.n,
		    BOOT_MAX_BODY);
	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		n = sendmsg(channel, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_errno(err,
		    errno == EAGAIN || errno == EWOULDBLOCK ? ERR_BUSY
							    : ERR_SYSTEM,
		    "a child process does not take its messages");
	return true;
}

static int
received_fd(struct msghdr *msg)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

bool
boot_receive(
    int channel, struct arena *a, struct boot_message *out, struct err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	uint8_t packet[1 + BOOT_MAX_BODY];
	struct iovec iov = { .iov_base = packet, .iov_len = sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	ssize_t n;
	int fd;

	do
		n = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_errno(err, ERR_SYSTEM, "the boot channel failed");
	if (n == 0)
		return fail(err, ERR_NOT_FOUND,
		    "the other end of the boot channel is gone");
	fd = received_fd(&msg);
	if (packet[0] == 0 || packet[0] >= BOOT_TYPES ||
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		if (fd >= 0)
			close(fd);
		return fail(
		    err, ERR_MALFORMED, "a boot message of type %u", packet[0]);
	}
	out->type = (enum boot_type)packet[0];
	out->body = arena_bytes(a, bytes_of(packet + 1, (size_t)n - 1));
	out->fd = fd;
	/* It may have been the passphrase. */
	secret_wipe(packet, (size_t)n);
	return true;
}

bool
boot_memfd(const char *name, struct bytes content, int *fd, struct err *err)
{
	AUTO_FD made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	if (made < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "no memory file for %s", name);
	while (done < content.n) {
		ssize_t n = write(made, content.p + done, content.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(
			    err, ERR_SYSTEM, "no memory file for %s", name);
		done += (size_t)n;
	}
	*fd = made;
	made = -1;
	return true;
}
