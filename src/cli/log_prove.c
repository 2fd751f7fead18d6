#include "ca/tlog_tree.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/log_files.h"
#include "cli/options.h"
#include "codec/cert.h"
#include "codec/proof.h"
#include "util/text.h"

/* ---- prove ---- */

struct prove {
	const struct cli *cli;
	struct log_view *view;
	struct checkpoint_row row;
	struct checkpoint newest;
	struct tlog_edge edge;
	struct proof proof;
};

/* A position is decimal; a serial number is hex of 20 octets. */
static bool
position_find(
    struct prove *p, const char *what, uint64_t *position, struct err *err)
{
	struct err ignored = { 0 };
	struct bytes serial;
	int64_t v;

	if (text_parse_int(what, 1, INT64_MAX, &v, &ignored)) {
		*position = (uint64_t)v;
		return true;
	}
	if (!hex_decode(what, p->cli->arena, &serial, &ignored) ||
	    serial.n != SERIAL_SIZE)
		return fail(err, ERR_USAGE,
		    "%.64s; expected a position of the log or a serial number "
		    "of %u octets in hex",
		    what, SERIAL_SIZE);
	return log_view_find_serial(p->view, serial, position, err);
}

static bool
prove_inclusion(struct prove *p, const char *what, struct err *err)
{
	struct merkle_range plan[MERKLE_PROOF_MAX];
	uint64_t position = 0;
	struct log_row row;
	bool more = false;

	if (!position_find(p, what, &position, err))
		return false;
	if (position > p->newest.size)
		return fail(err, ERR_NOT_FOUND,
		    "position %llu lies behind the newest checkpoint of %llu "
		    "entries",
		    (unsigned long long)position,
		    (unsigned long long)p->newest.size);
	if (!log_view_seek(p->view, position, position, err) ||
	    !log_view_next(p->view, &row, &more, err))
		return false;
	if (!more)
		return fail(err, ERR_NOT_FOUND, "the log has no position %llu",
		    (unsigned long long)position);
	p->proof.kind = PROOF_INCLUSION;
	p->proof.index = position - 1;
	p->proof.entry = arena_bytes(p->cli->arena, row.body);
	p->proof.hashes_n =
	    merkle_inclusion(position - 1, p->newest.size, plan);
	return tlog_ranges(
	    p->view, &p->edge, plan, p->proof.hashes_n, p->proof.hashes, err);
}

/* OLD: a size, or a file with a checkpoint. */
static bool
prove_consistency(struct prove *p, const char *old, struct err *err)
{
	struct merkle_range plan[MERKLE_PROOF_MAX];
	struct err ignored = { 0 };
	struct checkpoint c = { 0 };
	int64_t size = 0;

	if (!text_parse_int(old, 1, INT64_MAX, &size, &ignored) &&
	    !log_read_checkpoint(p->cli, old, &c, err))
		return false;
	p->proof.kind = PROOF_CONSISTENCY;
	p->proof.old_size = size > 0 ? (uint64_t)size : c.size;
	if (p->proof.old_size == 0)
		return fail(err, ERR_USAGE,
		    "every log begins with the empty one: there is nothing to "
		    "prove");
	if (!tlog_root_at(
		p->view, &p->edge, p->proof.old_size, &p->proof.old_root, err))
		return false;
	if (size == 0 && !merkle_equal(&c.root, &p->proof.old_root))
		return fail(err, ERR_CONFLICT,
		    "the first %llu entries of the log are not those of this "
		    "checkpoint: their root is another",
		    (unsigned long long)c.size);
	p->proof.hashes_n =
	    merkle_consistency(p->proof.old_size, p->newest.size, plan);
	return tlog_ranges(
	    p->view, &p->edge, plan, p->proof.hashes_n, p->proof.hashes, err);
}

/* To a new file, or to standard output. */
static bool
write_proof(const char *path, struct bytes text, struct err *err)
{
	if (path != NULL)
		return file_write_new(path, 0644, text, err);
	return (fwrite(text.p, 1, text.n, stdout) == text.n &&
		   fflush(stdout) == 0) ||
	    fail_errno(err, ERR_SYSTEM, "standard output");
}

static bool
prove(struct prove *p, struct err *err)
{
	const char *what = NULL, *old = NULL, *to = NULL;
	const struct option_row rows[] = {
		{ "consistency", OPTION_TEXT, &old, 0, 0 },
		{ "to", OPTION_TEXT, &to, 0, 0 },
	};
	AUTO_BUF text = { 0 };
	size_t n;

	if (!options_parse(p->cli, rows, COUNT_OF(rows), &what, 1, &n, err))
		return false;
	if ((n == 1) == (old != NULL))
		return fail(err, ERR_USAGE,
		    "log prove wants a SERIAL or POSITION, or --consistency "
		    "OLD");
	if (!log_open(p->cli, &p->view, err) ||
	    !log_newest(p->cli, p->view, &p->row, &p->newest, err) ||
	    !tlog_edge_load(p->view, p->newest.size, &p->edge, err))
		return false;
	if (old != NULL ? !prove_consistency(p, old, err)
			: !prove_inclusion(p, what, err))
		return false;
	proof_print(&p->proof, p->row.note, &text);
	return write_proof(to, buf_bytes(&text), err);
}

int
log_prove_run(struct cli *cli)
{
	struct prove *p = arena_alloc(cli->arena, sizeof(*p));
	struct err err = { 0 };
	bool ok;

	p->cli = cli;
	ok = prove(p, &err);
	log_view_close(p->view);
	return ok ? EXIT_DONE : cli_fail_by_kind(cli, &err);
}

/* ---- check-proof ---- */

/* An old root counts when somebody kept the checkpoint that says it. */
static bool
kept_check(struct lane *lane, const struct cli *cli, const struct proof *p,
    const struct note_key *key, const char *path, struct err *err)
{
	struct checkpoint c;

	if (!log_read_checkpoint(cli, path, &c, err) ||
	    !checkpoint_verify(lane, &c, key, err))
		return false;
	if (p->kind != PROOF_CONSISTENCY || c.size != p->old_size ||
	    !merkle_equal(&c.root, &p->old_root))
		return fail(err, ERR_BAD_SIGNATURE,
		    "the proof is not from the kept checkpoint of %llu "
		    "entries",
		    (unsigned long long)c.size);
	return true;
}

static bool
check_proof(
    const struct cli *cli, struct lane *lane, struct proof *p, struct err *err)
{
	const char *path = NULL, *line = NULL, *kept = NULL;
	const struct option_row rows[] = {
		{ "key", OPTION_TEXT, &line, 0, 0 },
		{ "checkpoint", OPTION_TEXT, &kept, 0, 0 },
	};
	struct note_key key;
	struct bytes text;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), &path, 1, &n, err))
		return false;
	if (n == 0 || line == NULL)
		return fail(err, ERR_USAGE,
		    "log check-proof wants a FILE and --key KEY, the line "
		    "that the log's operator gave you");
	return note_key_parse(line, cli->arena, &key, err) &&
	    file_read(path, PROOF_MAX, cli->arena, &text, err) &&
	    proof_parse(text, cli->arena, p, err) &&
	    proof_check(lane, p, &key, err) &&
	    (kept == NULL || kept_check(lane, cli, p, &key, kept, err));
}

/* The entry is of whoever has the log's key: what is not the JSON that we
 * write goes to no terminal as it stands. */
static bool
entry_is_plain(struct bytes entry)
{
	for (size_t i = 0; i < entry.n; i++)
		if (entry.p[i] < ' ' || entry.p[i] == 0x7f ||
		    (entry.p[i] == 0xc2 && i + 1 < entry.n &&
			entry.p[i + 1] < 0xa0)) /* U+0080 to U+009F */
			return false;
	return text_is_utf8(entry);
}

static int
check_tell(const struct cli *cli, const struct proof *p)
{
	const struct checkpoint *c = &p->checkpoint;
	unsigned long long size = c->size;
	struct bytes entry = p->entry;
	AUTO_BUF encoded = { 0 };
	bool plain = entry_is_plain(entry);

	if (!plain) {
		base64_encode(entry, 0, &encoded);
		entry = buf_bytes(&encoded);
	}
	if (cli->json && p->kind == PROOF_INCLUSION)
		return cli_print_json(cli,
		    json_pack("{s:b, s:s, s:I, s:I, s:s#}", "holds", 1,
			"origin", c->origin, "size", (json_int_t)size,
			"position", (json_int_t)p->index + 1,
			plain ? "entry" : "entry_base64", (const char *)entry.p,
			(int)entry.n));
	if (cli->json)
		return cli_print_json(cli,
		    json_pack("{s:b, s:s, s:I, s:I}", "holds", 1, "origin",
			c->origin, "size", (json_int_t)size, "old_size",
			(json_int_t)p->old_size));
	if (p->kind == PROOF_CONSISTENCY)
		printf("the log %s of %llu entries begins with the one of "
		       "%llu\n",
		    c->origin, size, (unsigned long long)p->old_size);
	else
		printf("position %llu of the log %s of %llu entries is%s:\n"
		       "%.*s\n",
		    (unsigned long long)p->index + 1, c->origin, size,
		    plain ? "" : ", in base64", (int)entry.n,
		    (const char *)entry.p);
	return EXIT_DONE;
}

int
log_check_proof_run(struct cli *cli)
{
	struct proof *p = arena_alloc(cli->arena, sizeof(*p));
	struct lane *lane = lane_new();
	struct err err = { 0 };
	bool ok = check_proof(cli, lane, p, &err);

	lane_free(lane);
	return ok ? check_tell(cli, p) : cli_fail_by_kind(cli, &err);
}
