#include <errno.h>
#include <fcntl.h>

#include "cli/check.h"
#include "cli/files.h"
#include "cli/journal.h"
#include "store/store.h"
#include "util/text.h"

static void
check_schema(
    struct check *c, const char *path, const struct store_file_info *info)
{
	struct arena *a = c->cli->arena;

	if (info->schema > info->newest)
		check_mistake(c, path,
		    arena_printf(a, "schema %lld", (long long)info->schema),
		    arena_printf(a, "at most %lld, which this program knows",
			(long long)info->newest),
		    "run the newer program, or restore a backup");
	else if (info->schema < info->newest)
		check_note(c, path,
		    arena_printf(a, "schema %lld; serve will bring it to %lld",
			(long long)info->schema, (long long)info->newest));
}

/* keys/node tells the signer which serials are ours; the store knows it too. */
static void
check_node(struct check *c, const struct store_file_info *info)
{
	struct arena *a = c->cli->arena;
	const char *path = state_path(c->cli, "keys/node");
	struct err err = { 0 };
	struct bytes text;
	int64_t node = 0;
	char *s;

	if (!file_read(path, 16, a, &text, &err)) {
		check_mistake(c, path, arena_strdup(a, err.shown),
		    "the node's number", "restore it from the backup");
		return;
	}
	s = arena_str(a, text);
	s[strcspn(s, "\n")] = '\0';
	if (!text_parse_int(s, 1, 127, &node, &err) || node != info->node)
		check_mistake(c, path, arena_printf(a, "\"%s\"", s),
		    arena_printf(a, "%u, as in the database", info->node),
		    "do not put a state directory together from two");
}

/* The signer appends to it all the time, so only a resting one is held against
 * the database. */
static void
check_journal(struct check *c, const struct store_file_info *info)
{
	struct arena *a = c->cli->arena;
	const char *path = state_path(c->cli, "keys/signer.journal");
	struct journal_summary j;
	struct err err = { 0 };

	if (!journal_summarize(path, &j, &err)) {
		check_mistake(c, path, arena_strdup(a, err.shown),
		    "the journal that chancery init made",
		    "restore it from the backup");
		return;
	}
	if (!c->bound.alive && j.log_size > info->positions)
		check_mistake(c, path,
		    arena_printf(a, "a checkpoint of %llu log entries",
			(unsigned long long)j.log_size),
		    arena_printf(a,
			"none of more than %llu, which the database has: the "
			"signer will sign no checkpoint",
			(unsigned long long)info->positions),
		    "restore journal and database of the same backup");
	if (!c->bound.alive && j.last_position < info->signed_position)
		check_mistake(c, path,
		    arena_printf(a, "a journal that ends at position %llu",
			(unsigned long long)j.last_position),
		    arena_printf(a,
			"one that has position %llu, which the database "
			"knows as signed",
			(unsigned long long)info->signed_position),
		    "restore journal and database of the same backup");
	/* Every position is in the database before it is signed for. */
	if (!c->bound.alive && j.last_position > info->positions)
		check_warning(c, path,
		    arena_printf(a,
			"signatures up to position %llu, beyond the "
			"database, which ends at %llu",
			(unsigned long long)j.last_position,
			(unsigned long long)info->positions),
		    "a database that is as new as the journal",
		    "restore the newest database; without one serve, which "
		    "goes on behind them: what was issued in between is valid "
		    "and in no list, the journal tells its serials");
}

void
check_store(struct check *c)
{
	const char *path = state_path(c->cli, "db/chancery.db");
	struct store_file_info info;
	struct err err = { 0 };

	if (!store_file_inspect(path, false, &info, &err)) {
		check_mistake(c, path, arena_strdup(c->cli->arena, err.shown),
		    "the database that chancery init made",
		    "restore it from the backup, or check as the user that "
		    "serves");
		return;
	}
	check_schema(c, path, &info);
	if (info.schema != info.newest)
		return;
	check_node(c, &info);
	check_journal(c, &info);
}
