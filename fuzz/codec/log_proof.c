/* A proof that is read is written as it was, up to extension lines of its
 * checkpoint, which are kept as they came. */
#include "codec/proof.h"
#include "require.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	AUTO_BUF again = { 0 };
	struct proof p;
	const uint8_t *note;

	if (!proof_parse(bytes_of(data, size), a, &p, &(struct err){ 0 }))
		return 0;
	note = p.checkpoint.text.p;
	REQUIRE(note > data && note < data + size);
	proof_print(&p, bytes_of(note, (size_t)(data + size - note)), &again);
	REQUIRE(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
	return 0;
}
