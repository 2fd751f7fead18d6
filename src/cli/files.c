#include <stdlib.h>

#include "cli/files.h"

const char *
state_path(const struct cli *cli, const char *path)
{
	return path[0] == '/'
	    ? path
	    : arena_printf(cli->arena, "%s/%s", cli->state, path);
}

const char *
path_absolute(const struct cli *cli, const char *path)
{
	AUTO_STR *state = realpath(cli->state, NULL);

	if (path[0] == '/' || state == NULL)
		return state_path(cli, path);
	return arena_printf(cli->arena, "%s/%s", state, path);
}

/* The core names the file itself: what is told here is why. */
bool
state_file_read(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	const char *whole = state_path(ctx, path);
	struct err why = { 0 };
	size_t n = strlen(whole);

	if (file_read(whole, max, a, out, &why))
		return true;
	return fail(err, why.kind, "%s",
	    strncmp(why.shown, whole, n) == 0 && why.shown[n] == ':'
		? why.shown + n + 2
		: why.shown);
}
