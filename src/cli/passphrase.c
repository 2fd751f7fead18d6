#include <stdlib.h>

#include "cli/files.h"
#include "cli/passphrase.h"

#define PASSPHRASE_MAX 1024u

/* One line: what follows the first line break is no part of it. */
static bool
from_text(
    struct bytes text, const char *where, struct secret **out, struct err *err)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
		n++;
	if (n == 0)
		return fail(err, ERR_CONFIG,
		    "%s is empty; expected a passphrase on its first line",
		    where);
	*out = secret_new(text.p, n);
	return true;
}

static bool
from_file(const struct cli *cli, const char *path, bool may_miss,
    struct secret **out, struct err *err)
{
	struct err why = { 0 };
	struct bytes text;
	bool ok;

	if (!file_read(path, PASSPHRASE_MAX, cli->arena, &text, &why))
		return (may_miss && why.kind == ERR_NOT_FOUND) ||
		    fail(err, why.kind, "passphrase file %s", why.shown);
	ok = from_text(text, path, out, err);
	secret_wipe((void *)(uintptr_t)text.p, text.n);
	return ok;
}

bool
cli_passphrase(const struct cli *cli, const char *file, struct secret **out,
    struct err *err)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY"),
		   *value = getenv("CHANCERY_PASSPHRASE");

	*out = NULL;
	if (file != NULL)
		return from_file(cli, file, false, out, err);
	if (credentials != NULL &&
	    !from_file(cli,
		arena_printf(cli->arena, "%s/chancery.passphrase", credentials),
		true, out, err))
		return false;
	if (*out == NULL && value != NULL && value[0] != '\0' &&
	    !from_text(bytes_str(value), "CHANCERY_PASSPHRASE", out, err))
		return false;
	return *out != NULL ||
	    from_file(cli, state_path(cli, PASSPHRASE_KEPT), true, out, err);
}
