/* What is read of a log's growth is written as it came. */
#include <stdlib.h>
#include "signer/growth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool fact)
{
	if (!fact)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF again = { 0 };
	struct err err = { 0 };
	struct growth g;
	uint64_t position = 0;

	/* The new size in front, as the message has it. */
	if (size < 8)
		return 0;
	for (size_t i = 0; i < 8; i++)
		position = position << 8 | data[i];
	data += 8;
	size -= 8;
	if (!growth_parse(bytes_of(data, size), position, &g, &err)) {
		demand(err.kind == ERR_SIGNER_REFUSED);
		return 0;
	}
	demand(g.old.size + g.n == position && g.n <= GROWTH_LEAVES_MAX);
	growth_put(
	    &g.old, bytes_of(g.leaves, (size_t)g.n * MERKLE_HASH), &again);
	demand(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
	return 0;
}
