/*
 * Bodies of EST requests.  Asserts: what is decoded is no longer than what
 * came; written again in either form it is read as the same octets; a refusal
 * has a reason.
 */
#undef NDEBUG
#include <assert.h>
#include "est/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(struct bytes der, bool lines, struct arena *a)
{
	AUTO_BUF text = { 0 };
	struct err err = { 0 };
	struct bytes read;
	bool wrapped;

	est_body_encode(der, lines, &text);
	if (text.n > BODY_MAX || der.n == 0)
		return;
	assert(est_body_decode(buf_bytes(&text), a, &read, &wrapped, &err));
	assert(bytes_equal(read, der));
	assert(!wrapped || lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes der;
	bool wrapped;

	if (!est_body_decode(bytes_of(data, size), a, &der, &wrapped, &err)) {
		assert(err.kind != ERR_NONE && err.shown[0] != '\0');
		return 0;
	}
	assert(der.n < size);
	again(der, false, a);
	again(der, true, a);
	return 0;
}
