#include <unistd.h>
#include "signer/memfd.h"
#include "signer/wire.h"
#include "util/own.h"
#include "util/times.h"

#define CONTROL_WAIT_US 10000000

/* The answer to LIMITS of this id; older ones are passed over. */
static bool
await_answer(int fd, uint64_t id, int64_t deadline, struct err *err)
{
	uint8_t packet[WIRE_HEADER + WIRE_TEXT_MAX];

	for (;;) {
		struct wire_message m;
		AUTO_FD extra = -1;
		size_t n;

		if (!packet_receive(
			fd, packet, sizeof(packet), &n, &extra, deadline, err))
			return false;
		if (n == 0)
			return fail(err, ERR_SIGNER, "the signer is gone");
		if (!wire_decode(bytes_of(packet, n), &m, err))
			return false;
		if (m.id != id)
			continue;
		if (m.type == WIRE_LIMITS_SET)
			return true;
		return fail(err, ERR_CONFIG, "the signer refuses limits: %.*s",
		    (int)m.text.n, (const char *)m.text.p);
	}
}

bool
signer_control_set_limits(
    int control_fd, struct bytes limits_json, struct err *err)
{
	struct wire_message m = { .type = WIRE_LIMITS };
	int64_t now = clock_monotonic_us();
	AUTO_BUF packet = { 0 };
	AUTO_FD memfd = -1;

	/* The time tells this request from one that a restart has lost. */
	m.id = (uint64_t)now;
	wire_encode(&m, &packet);
	return memfd_seal(limits_json, &memfd, err) &&
	    packet_send(control_fd, buf_bytes(&packet), memfd,
		now + CONTROL_WAIT_US, err) &&
	    await_answer(control_fd, m.id, now + CONTROL_WAIT_US, err);
}
