#include <errno.h>
#include <signal.h>

#include "cli/bound.h"
#include "cli/files.h"
#include "util/text.h"

#define LISTEN_FILE_MAX 65536u

static void
read_listeners(const struct cli *cli, const json_t *list, struct bound *out)
{
	size_t i;
	json_t *row;

	out->v =
	    arena_array(cli->arena, json_array_size(list), sizeof(*out->v));
	json_array_foreach (list, i, row) {
		struct bound_listener l = {
			.kind = json_string_value(json_object_get(row, "kind")),
			.address =
			    json_string_value(json_object_get(row, "address")),
			.port =
			    json_integer_value(json_object_get(row, "port")),
		};

		if (l.kind != NULL && l.address != NULL)
			out->v[out->n++] = l;
	}
}

void
bound_read(const struct cli *cli, struct bound *out)
{
	struct err ignored = { 0 };
	struct bytes text;
	json_t *o;

	*out = (struct bound){ 0 };
	if (!file_read(state_path(cli, "run/listen.json"), LISTEN_FILE_MAX,
		cli->arena, &text, &ignored) ||
	    !json_parse_object(text, cli->arena, &o, &ignored))
		return;
	out->pid = json_integer_value(json_object_get(o, "pid"));
	/* Somebody else's process is one, too. */
	out->alive = out->pid > 0 && out->pid <= INT32_MAX &&
	    (kill((pid_t)out->pid, 0) == 0 || errno == EPERM);
	if (out->alive)
		read_listeners(cli, json_object_get(o, "listeners"), out);
}

int64_t
bound_port(const struct bound *b, const char *kind)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].kind, kind) == 0)
			return b->v[i].port;
	return 0;
}

const char *
bound_url(const struct cli *cli, const struct bound *b, const char *kind,
    const char *url)
{
	int64_t port = bound_port(b, kind);
	size_t n = strlen(url);

	if (!text_has_suffix(url, ":0") || port == 0)
		return url;
	return arena_printf(
	    cli->arena, "%.*s%lld", (int)(n - 1), url, (long long)port);
}
