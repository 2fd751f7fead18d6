/* What is read of a checkpoint is found in its text again, and no forgery is
 * signed by a key that never signed; a verifier key is written as it was read.
 */
#include "codec/note.h"
#include "require.h"

/* RFC 8032 section 7.1, test 1: its owner signed an empty text alone. */
static const uint8_t rfc8032_key[NOTE_KEY] = { 0xd7, 0x5a, 0x98, 0x01, 0x82,
	0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
	0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7,
	0x07, 0x51, 0x1a };

static void
key_line(struct bytes in, struct arena *a)
{
	char *line = arena_str(a, in);
	struct note_key k;
	AUTO_BUF again = { 0 };

	if (memchr(in.p, 0, in.n) != NULL ||
	    !note_key_parse(line, a, &k, &(struct err){ 0 }))
		return;
	note_key_print(&k, &again);
	REQUIRE(bytes_is(buf_bytes(&again), line));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lane *lane;
	struct note_key nobody;
	AUTO_ARENA *a = arena_new();
	AUTO_BUF text = { 0 };
	struct checkpoint c;

	if (size == 0)
		return 0;
	if (lane == NULL)
		lane = lane_new();
	key_line(bytes_of(data, size), a);
	if (!checkpoint_parse(bytes_of(data, size), a, &c, &(struct err){ 0 }))
		return 0;
	REQUIRE(c.signatures_n > 0 && c.text.p == data && c.text.n < size);
	checkpoint_text(c.origin, c.size, &c.root, &text);
	REQUIRE(text.n <= c.text.n && memcmp(text.p, c.text.p, text.n) == 0);
	note_key_make(c.origin, rfc8032_key, &nobody);
	memcpy(nobody.id, c.signatures[0].id, NOTE_KEY_ID);
	REQUIRE(!checkpoint_verify(lane, &c, &nobody, &(struct err){ 0 }));
	return 0;
}
