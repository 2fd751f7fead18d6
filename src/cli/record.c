#include <unistd.h>

#include "cli/client.h"
#include "cli/files.h"
#include "cli/record.h"
#include "codec/json_out.h"
#include "store/store.h"

static bool
record_in_store(struct cli *cli, const char *kind, json_t *event, int64_t now,
    struct err *err)
{
	const struct store_options o = {
		.path = state_path(cli, "db/chancery.db"),
	};
	struct store *store;
	bool ok;

	/* As the server names who is no named operator; offline nobody is. */
	json_object_set_new(
	    event, "operator", json_sprintf("uid %u", (unsigned)getuid()));
	if (!store_open(&o, &store, err))
		return false;
	ok = store_event_append(store, kind,
	    (const char *)json_print_compact(event, cli->arena).p, now, NULL,
	    err);
	store_close(store);
	return ok;
}

bool
cli_record(struct cli *cli, const char *kind, json_t *event, int64_t now,
    struct err *err)
{
	struct err why = { 0 };
	json_t *answer;

	if (client_call(cli, "/acts",
		json_pack("{s:s, s:O}", "kind", kind, "event", event), &answer,
		&why))
		return true;
	if (why.kind != ERR_CONNECTION)
		return fail(
		    err, why.kind, "the log does not take it: %s", why.shown);
	return record_in_store(cli, kind, event, now, err);
}
