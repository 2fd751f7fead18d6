/* What the DER reader accepts, the writer writes the same. */
#include "codec/der.h"
#include "require.h"

static void
require_same(const struct buf *b, struct bytes in)
{
	REQUIRE(bytes_equal(buf_bytes(b), in));
}

static void
integers(struct bytes whole)
{
	struct der d = der_of(whole);
	struct bytes magnitude;
	uint64_t small, again;
	AUTO_BUF b = { 0 };
	AUTO_BUF s = { 0 };

	if (!der_read_uint(&d, &magnitude))
		return;
	REQUIRE(magnitude.n == 0 || magnitude.p[0] != 0);
	der_put_uint(&b, magnitude);
	require_same(&b, whole);
	d = der_of(whole);
	if (!der_read_small(&d, UINT64_MAX, &small)) {
		REQUIRE(magnitude.n > 8);
		return;
	}
	der_put_small(&s, small);
	require_same(&s, whole);
	d = der_of(whole);
	REQUIRE(der_read_small(&d, small, &again) && again == small);
	d = der_of(whole);
	REQUIRE(small == 0 || !der_read_small(&d, small - 1, &again));
}

static void
bits_and_booleans(struct bytes whole)
{
	struct der d = der_of(whole);
	struct bytes octets;
	unsigned bits;
	bool v;

	if (der_read_bool(&d, &v)) {
		AUTO_BUF b = { 0 };

		der_put_bool(&b, v);
		require_same(&b, whole);
	}
	d = der_of(whole);
	if (der_read_bit_octets(&d, &octets)) {
		AUTO_BUF b = { 0 };

		der_put_bit_octets(&b, octets);
		require_same(&b, whole);
	}
	d = der_of(whole);
	if (der_read_named_bits(&d, &bits)) {
		AUTO_BUF b = { 0 };

		der_put_named_bits(&b, bits);
		require_same(&b, whole);
	}
}

static void
times(struct bytes whole)
{
	struct der d = der_of(whole);
	AUTO_BUF b = { 0 };
	int64_t t;

	if (!der_read_time(&d, &t))
		return;
	der_put_time(&b, t);
	require_same(&b, whole);
}

static void
oids(struct bytes content)
{
	AUTO_BUF b = { 0 };
	char text[128];

	if (!der_oid_text(content, text))
		return;
	REQUIRE(der_oid_is_valid(content));
	REQUIRE(der_oid_parse(text, &b));
	require_same(&b, content);
}

/* All elements down to a depth, each put together again. */
static void
walk(struct bytes in, unsigned depth)
{
	struct der d = der_of(in);
	struct bytes content, whole;
	int tag;

	while (der_read_any(&d, &tag, &content, &whole)) {
		AUTO_BUF b = { 0 };
		AUTO_BUF o = { 0 };
		size_t mark;

		der_put(&b, tag, content);
		require_same(&b, whole);
		mark = der_open(&o, tag);
		buf_add_bytes(&o, content);
		der_close(&o, mark);
		require_same(&o, whole);
		REQUIRE(der_header_size(content.n) + content.n == whole.n);
		integers(whole);
		bits_and_booleans(whole);
		times(whole);
		oids(content);
		if (depth < 8 && (tag & 0x20) != 0)
			walk(content, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct der d = der_of(in);

	if (size > 4096)
		return 0;
	walk(in, 0);
	/* The checker agrees with the reader about the outermost element. */
	if (der_check(in))
		REQUIRE(der_read_any(&d, NULL, NULL, NULL) && der_at_end(&d));
	return 0;
}
