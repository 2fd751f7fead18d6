/*
 * Packets of the signer's socket: what is accepted is the one encoding of what
 * it says, and every part of it lies within the packet.
 */
#include <stdlib.h>
#include "signer/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static bool
within(struct bytes part, struct bytes whole)
{
	return part.n == 0 ||
	    (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes packet = bytes_of(data, size);
	struct wire_message m;
	AUTO_BUF again = { 0 };
	struct err err = { 0 };

	(void)wire_id(packet);
	if (!wire_decode(packet, &m, &err)) {
		demand(err.kind == ERR_MALFORMED);
		return 0;
	}
	wire_encode(&m, &again);
	demand(bytes_equal(buf_bytes(&again), packet));
	demand(within(m.request.tbs, packet) && within(m.signature, packet) &&
	    within(m.text, packet) && within(m.issuers, packet) &&
	    within(m.spki, packet));
	demand(m.id == wire_id(packet));
	/* No message carries a digest in place of what is signed. */
	demand(m.type != WIRE_SIGN || m.request.tbs.n > 0);
	demand(m.type != WIRE_SIGN_MEMFD || m.memfd_size <= WIRE_MEMFD_MAX);
	return 0;
}
