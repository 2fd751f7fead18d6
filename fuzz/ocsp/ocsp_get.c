/*
 * The path of an OCSP GET: what is taken is no longer than what was sent, and
 * the same octets come out of each way in which a client may write them.
 */
#undef NDEBUG
#include <assert.h>
#include "codec/ocsp.h"
#include "ocsp/get.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum writing { RAW, ESCAPED, URL_SAFE, SPACES, ALL_ESCAPED, WRITINGS };

static void
character_put(struct buf *b, uint8_t c, enum writing how)
{
	if (how == URL_SAFE && c == '+')
		c = '-';
	else if (how == URL_SAFE && c == '/')
		c = '_';
	if (how == SPACES && c == '+')
		buf_add_str(b, "%20");
	else if (how == ALL_ESCAPED ||
	    (how == ESCAPED && (c == '+' || c == '/' || c == '=')))
		buf_printf(b, "%%%02X", c);
	else
		buf_add_byte(b, c);
}

static void
check_writing(struct bytes der, enum writing how, struct arena *a)
{
	AUTO_BUF plain = { 0 };
	AUTO_BUF path = { 0 };
	struct err err = { 0 };
	struct bytes again;

	base64_encode(der, 0, &plain);
	buf_add_str(&path, how == RAW ? "/" : "");
	for (size_t i = 0; i < plain.n; i++)
		character_put(&path, plain.p[i], how);
	buf_add_str(&path, how == ESCAPED ? "%0A" : "");
	assert(ocsp_get_decode(buf_cstr(&path), a, &again, &err));
	assert(bytes_equal(again, der));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	char *raw = arena_str(a, bytes_of(data, size));
	struct ocsp_request request;
	struct err err = { 0 };
	struct bytes der;

	if (!ocsp_get_decode(raw, a, &der, &err)) {
		assert(err.kind == ERR_MALFORMED || err.kind == ERR_TOO_LARGE);
		return 0;
	}
	assert(der.n <= strlen(raw) / 4 * 3 + 3);
	/* A request begins with 0x30, so never with a slash in base64. */
	if (ocsp_request_parse(der, &request, &err))
		for (int how = 0; how < WRITINGS; how++)
			check_writing(der, (enum writing)how, a);
	return 0;
}
