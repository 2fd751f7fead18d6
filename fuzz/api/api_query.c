/*
 * The query of a list: what is taken is UTF-8 without NUL and no longer than
 * what was sent; a page has its bounds.
 */
#undef NDEBUG
#include <assert.h>
#include "api/query.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *arena = arena_new();
	const char *status = NULL, *name = NULL, *limit = NULL;
	const struct query_field fields[] = {
		{ "status", &status },
		{ "name", &name },
		{ "limit", &limit },
	};
	struct http_req req = { .arena = arena,
		.query = arena_str(arena, bytes_of(data, size)) };
	struct err err = { 0 };
	unsigned page = 0;

	if (!query_read(&req, fields, COUNT_OF(fields), &err)) {
		assert(err.kind == ERR_MALFORMED);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const char *s = *fields[i].to;

		assert(s == NULL ||
		    (strlen(s) <= size && text_is_utf8(bytes_str(s))));
	}
	if (query_limit(limit, &page, &err))
		assert(page >= 1 && page <= API_PAGE_MAX);
	else
		assert(err.kind != ERR_NONE && limit != NULL);
	return 0;
}
