/*
 * Any bytes as a configuration that is changed in place: what comes out of a
 * change says what was wanted, and said once more it changes nothing.
 */
#include <stdlib.h>
#include "config/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
change(struct bytes text, const struct config_edit *e)
{
	AUTO_BUF once = { 0 };
	AUTO_BUF twice = { 0 };
	struct err err = { 0 };

	if (!config_edit(text, e, 1, &once, &err)) {
		must(err.kind == ERR_CONFLICT && once.n == 0);
		return;
	}
	/* A list may stand where it cannot be replaced; a value never does. */
	if (config_edit(buf_bytes(&once), e, 1, &twice, &err))
		must(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
	else
		must(err.kind == ERR_CONFLICT && e->list != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = { "certs/a.pem", "b c" };
	const struct config_strings list = { (const char **)(uintptr_t)files,
		COUNT_OF(files) };
	const struct config_edit edits[] = {
		{ .path = "cas.new.key", .text = "keys/new.key" },
		{ .path = "cas.issuing.successor", .text = "issuing-2" },
		{ .path = "cas.issuing.key" },
		{ .path = "cas.issuing.cross_certificates", .list = &list },
		{ .path = "profiles.default.ca", .text = "issuing-2" },
		{ .path = "a", .text = "100" },
	};

	if (size > 65536)
		return 0;
	for (size_t i = 0; i < COUNT_OF(edits); i++)
		change(bytes_of(data, size), &edits[i]);
	return 0;
}
