/*
 * Queries of SCEP.  Asserts: a message lies inside its query; what is decoded
 * is written again, in each way that clients have, and read as the same octets;
 * a refusal has a reason.
 */
#undef NDEBUG
#include <assert.h>
#include "scep/query.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum spelling { PLAIN, SPACES, ESCAPED, BROKEN, BARE, SPELLINGS };

/* RFC 8894 section 4.1 wants ESCAPED. */
static void
spell(struct bytes der, enum spelling how, struct buf *out)
{
	AUTO_BUF text = { 0 };

	base64_encode(der, 0, &text);
	for (size_t i = 0; i < text.n; i++) {
		char c = (char)text.p[i];

		if (how == BROKEN && i % 64 == 63)
			buf_add_str(out, "%0A");
		if (how == BARE && c == '=')
			continue;
		if (how == SPACES && c == '+')
			buf_add_byte(out, ' ');
		else if (how == ESCAPED && (c == '+' || c == '/' || c == '='))
			buf_printf(out, "%%%02x", (unsigned)c);
		else
			buf_add_byte(out, (uint8_t)c);
	}
}

static void
again(struct bytes der, struct arena *a)
{
	for (enum spelling how = PLAIN; how < SPELLINGS; how++) {
		AUTO_BUF text = { 0 };
		struct err err = { 0 };
		struct bytes read;

		spell(der, how, &text);
		assert(scep_query_decode(buf_bytes(&text), a, &read, &err));
		assert(bytes_equal(read, der));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	const char *query = arena_str(a, bytes_of(data, size));
	struct err err = { 0 };
	struct scep_query q;
	struct bytes der;

	if (!scep_query_parse(query, a, &q, &err)) {
		assert(err.kind != ERR_NONE && err.shown[0] != '\0');
		return 0;
	}
	assert(q.operation <= SCEP_PKI_OPERATION);
	if (!q.has_message)
		return 0;
	assert(q.message.n == 0 ||
	    (q.message.p >= (const uint8_t *)query &&
		q.message.p + q.message.n <=
		    (const uint8_t *)query + strlen(query)));
	if (scep_query_decode(q.message, a, &der, &err)) {
		assert(der.n > 0 && der.n <= q.message.n);
		again(der, a);
	}
	return 0;
}
