#include <stdlib.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/log_files.h"
#include "cli/log_walk.h"
#include "cli/options.h"
#include "util/text.h"

#define DATABASE "db/chancery.db"
#define JOURNAL "keys/signer.journal"

bool
log_open(const struct cli *cli, struct log_view **out, struct err *err)
{
	return log_view_of_file(state_path(cli, DATABASE), out, err);
}

bool
log_newest(const struct cli *cli, struct log_view *v,
    struct checkpoint_row *row, struct checkpoint *out, struct err *err)
{
	bool found;

	if (!log_view_checkpoint(v, cli->arena, row, &found, err))
		return false;
	if (!found)
		return fail(err, ERR_NOT_FOUND,
		    "no checkpoint was signed yet: the server does so within "
		    "a second of its start");
	return checkpoint_parse(row->note, cli->arena, out, err);
}

bool
log_read_checkpoint(const struct cli *cli, const char *path,
    struct checkpoint *out, struct err *err)
{
	struct bytes note;

	return file_read(path, NOTE_MAX, cli->arena, &note, err) &&
	    checkpoint_parse(note, cli->arena, out, err);
}

/* ---- checkpoint ---- */

static bool
checkpoint_print(const struct cli *cli, struct err *err)
{
	AUTO_LOG_VIEW *v = NULL;
	AUTO_BUF line = { 0 };
	struct checkpoint_row row;
	struct checkpoint c;
	struct note_key key;
	size_t n;

	if (!options_parse(cli, NULL, 0, NULL, 0, &n, err) ||
	    !log_open(cli, &v, err) || !log_newest(cli, v, &row, &c, err))
		return false;
	note_key_make(c.origin, row.key, &key);
	note_key_print(&key, &line);
	if (cli->json)
		return cli_print_json(cli,
			   json_pack("{s:s, s:I, s:s, s:s#}", "origin",
			       c.origin, "size", (json_int_t)c.size, "key",
			       buf_cstr(&line), "note",
			       (const char *)row.note.p, (int)row.note.n)) ==
		    EXIT_DONE;
	printf("%.*s\nkey: %s\n", (int)row.note.n, (const char *)row.note.p,
	    buf_cstr(&line));
	return true;
}

int
log_checkpoint_run(struct cli *cli)
{
	struct err err = { 0 };

	return checkpoint_print(cli, &err) ? EXIT_DONE
					   : cli_fail_by_kind(cli, &err);
}

/* ---- export ---- */

static bool
export_rows(const struct cli *cli, struct err *err)
{
	int64_t from = 1, to = INT64_MAX;
	const struct option_row rows[] = {
		{ "from", OPTION_INT, &from, 1, INT64_MAX },
		{ "to", OPTION_INT, &to, 1, INT64_MAX },
	};
	AUTO_LOG_VIEW *v = NULL;
	struct log_row row;
	bool more;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, err) ||
	    !log_open(cli, &v, err) ||
	    !log_view_seek(v, (uint64_t)from, (uint64_t)to, err))
		return false;
	for (;;) {
		if (!log_view_next(v, &row, &more, err))
			return false;
		if (!more)
			break;
		if (fwrite(row.body.p, 1, row.body.n, stdout) != row.body.n ||
		    putchar('\n') == EOF)
			return fail_errno(err, ERR_SYSTEM, "standard output");
	}
	return fflush(stdout) == 0 ||
	    fail_errno(err, ERR_SYSTEM, "standard output");
}

int
log_export_run(struct cli *cli)
{
	struct err err = { 0 };

	return export_rows(cli, &err) ? EXIT_DONE : cli_fail_by_kind(cli, &err);
}

/* ---- verify ---- */

static bool
verify(struct cli *cli, struct log_walk *w, struct err *err)
{
	const char *kept = NULL, *key = NULL;
	const struct option_row rows[] = {
		{ "checkpoint", OPTION_TEXT, &kept, 0, 0 },
		{ "key", OPTION_TEXT, &key, 0, 0 },
	};
	struct checkpoint *c = arena_alloc(cli->arena, sizeof(*c));
	struct note_key *k = arena_alloc(cli->arena, sizeof(*k));
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, err))
		return false;
	if (key != NULL) {
		if (!note_key_parse(key, cli->arena, k, err))
			return false;
		w->key = k;
	}
	if (kept != NULL) {
		if (!log_read_checkpoint(cli, kept, c, err))
			return false;
		w->kept = c;
	}
	w->journal = state_path(cli, JOURNAL);
	if (!log_open(cli, &w->view, err))
		return false;
	/* What somebody kept must be ours before it counts. */
	if (w->key != NULL && w->kept != NULL &&
	    !checkpoint_verify(w->lane, w->kept, w->key, err))
		return false;
	return log_walk(w, err);
}

static int
verify_tell(const struct log_walk *w)
{
	int status = w->findings == 0 ? EXIT_DONE : EXIT_REFUSED;
	struct merkle_hash root;
	AUTO_BUF text = { 0 };

	merkle_root(&w->tree, &root);
	base64_encode(bytes_of(root.v, MERKLE_HASH), 0, &text);
	if (w->cli->json) {
		(void)cli_print_json(w->cli,
		    json_pack("{s:b, s:I, s:s, s:i, s:I, s:I, s:I, s:O}",
			"holds", w->findings == 0, "rows", (json_int_t)w->rows,
			"root", buf_cstr(&text), "checkpoints",
			(int)w->checkpoints, "journal_records",
			(json_int_t)w->records, "journal_checkpoints",
			(json_int_t)w->signed_checkpoints, "findings_n",
			(json_int_t)w->findings, "findings", w->list));
		return status;
	}
	if (w->findings > LOG_FINDINGS_MAX)
		printf("… and %llu more\n",
		    (unsigned long long)(w->findings - LOG_FINDINGS_MAX));
	printf("%llu rows, root %s; %zu checkpoints; the signer's journal "
	       "has %llu records, %llu of checkpoints: ",
	    (unsigned long long)w->rows, buf_cstr(&text), w->checkpoints,
	    (unsigned long long)w->records,
	    (unsigned long long)w->signed_checkpoints);
	if (w->findings == 0)
		printf("all agree\n");
	else
		printf("%llu findings\n", (unsigned long long)w->findings);
	return status;
}

int
log_verify_run(struct cli *cli)
{
	struct log_walk w = { .cli = cli, .lane = lane_new() };
	AUTO(json_t) *list = cli->json ? json_array() : NULL;
	struct err err = { 0 };
	int status;

	w.list = list;
	status = verify(cli, &w, &err) ? verify_tell(&w)
				       : cli_fail_by_kind(cli, &err);
	log_view_close(w.view);
	lane_free(w.lane);
	return status;
}
