#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/journal.h"
#include "cli/options.h"
#include "cli/passphrase.h"
#include "store/store.h"

#define FILE_MAX (256u << 20)
#define JOURNAL "keys/signer.journal"
/* It would open what lies sealed in the copy; the server makes another. */
#define SEAL "keys/seal"
#define DATABASE "db/chancery.db"

struct backup {
	struct cli *cli;
	const char *to;
	struct store_file_info info;
	struct journal_summary journal;
	unsigned files;
};

/* What opens the keys does not travel with them. */
static const struct passphrase_source *const left_out[] = {
	&passphrase_online,
	&passphrase_root,
};

static const char *
to_path(const struct backup *b, const char *path)
{
	return arena_printf(b->cli->arena, "%s/%s", b->to, path);
}

static bool
make_folder(
    const struct backup *b, const char *name, mode_t mode, struct err *err)
{
	const char *path = name == NULL ? b->to : to_path(b, name);

	return mkdir(path, mode) == 0 ||
	    fail(err, errno == EEXIST ? ERR_CONFLICT : ERR_SYSTEM,
		"the backup's folder %s cannot be made: %s%s", path,
		strerror(errno),
		errno == EEXIST ? "; each backup wants a new folder" : "");
}

/* ---- files ---- */

static bool
copy_file(struct backup *b, const char *path, const char *name, mode_t mode,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes content;

	if (!file_read(path, FILE_MAX, a, &content, err) ||
	    !file_write_new(to_path(b, name), mode, content, err))
		return false;
	b->files++;
	return true;
}

static bool
is_left_out(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(left_out); i++)
		if (strcmp(name, left_out[i]->kept) == 0)
			return true;
	/* Copied by itself, after the database. */
	return strcmp(name, JOURNAL) == 0 || strcmp(name, SEAL) == 0;
}

/* Regular files of a folder, one level. */
static bool
copy_folder(struct backup *b, const char *folder, mode_t mode, struct err *err)
{
	DIR *dir = opendir(state_path(b->cli, folder));
	const struct dirent *entry;
	bool ok = true;

	if (dir == NULL)
		return fail(err, ERR_SYSTEM, "%s: %s",
		    state_path(b->cli, folder), strerror(errno));
	while (ok && (entry = readdir(dir)) != NULL) {
		const char *name =
		    arena_printf(b->cli->arena, "%s/%s", folder, entry->d_name);
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || is_left_out(name))
			continue;
		ok = copy_file(b, state_path(b->cli, name), name, mode, err);
	}
	closedir(dir);
	return ok;
}

/* ---- what must agree ---- */

/* Up to the last whole record of its first octets. */
static bool
copy_journal(struct backup *b, off_t length, struct err *err)
{
	AUTO_FD in = open(state_path(b->cli, JOURNAL), O_RDONLY | O_CLOEXEC);
	const char *path = to_path(b, JOURNAL);
	AUTO_FD out = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint8_t chunk[65536];
	ssize_t n = 0;

	if (in < 0 || out < 0)
		return fail(err, ERR_SYSTEM, "%s: %s",
		    in < 0 ? state_path(b->cli, JOURNAL) : path,
		    strerror(errno));
	while (length > 0 &&
	    (n = read(in, chunk, MIN_OF((size_t)length, sizeof(chunk)))) > 0) {
		if (write(out, chunk, (size_t)n) != n)
			return fail(
			    err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
		length -= n;
	}
	if (n < 0)
		return fail(err, ERR_SYSTEM, "%s: %s",
		    state_path(b->cli, JOURNAL), strerror(errno));
	if (!journal_summarize(path, &b->journal, err))
		return false;
	if (ftruncate(out, (off_t)b->journal.size) != 0 || fsync(out) != 0)
		return fail(err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
	b->files++;
	return true;
}

static bool
verify(struct backup *b, struct err *err)
{
	if (!store_file_inspect(to_path(b, DATABASE), false, &b->info, err))
		return false;
	if (b->info.schema != b->info.newest)
		return fail(err, ERR_CONFLICT,
		    "the database has schema %lld, this program knows %lld: "
		    "back up with the program that serves",
		    (long long)b->info.schema, (long long)b->info.newest);
	if (b->journal.last_position < b->info.signed_position)
		return fail(err, ERR_INTERNAL,
		    "the journal ends at position %llu, the database knows "
		    "%llu as signed: state directory %s is damaged",
		    (unsigned long long)b->journal.last_position,
		    (unsigned long long)b->info.signed_position, b->cli->state);
	if (b->info.positions <
	    MAX_OF(b->journal.last_position, b->journal.log_size))
		return fail(err, ERR_INTERNAL,
		    "the journal has position %llu, the log of the database "
		    "ends at %llu: state directory %s is damaged",
		    (unsigned long long)MAX_OF(
			b->journal.last_position, b->journal.log_size),
		    (unsigned long long)b->info.positions, b->cli->state);
	return store_file_inspect(to_path(b, DATABASE), true, &b->info, err);
}

/*
 * Database and journal of one instant: while no change can be committed the
 * journal is measured.  What it has by then was announced in this database, so
 * no position and no checkpoint in it lies behind the copied log; and a signed
 * certificate that the database knows was in the journal before.
 */
static bool
copy_record(struct backup *b, struct err *err)
{
	struct store_snapshot *snapshot;
	struct stat st;
	bool ok;

	if (!store_snapshot_begin(state_path(b->cli, DATABASE), &snapshot, err))
		return false;
	ok = stat(state_path(b->cli, JOURNAL), &st) == 0 ||
	    fail(err, ERR_SYSTEM, "%s: %s", state_path(b->cli, JOURNAL),
		strerror(errno));
	store_snapshot_go_on(snapshot);
	ok = ok && store_snapshot_copy(snapshot, to_path(b, DATABASE), err) &&
	    copy_journal(b, st.st_size, err);
	store_snapshot_end(snapshot);
	b->files++;
	return ok;
}

static bool
copy_all(struct backup *b, struct err *err)
{
	struct cli *cli = b->cli;

	if (!make_folder(b, NULL, 0700, err) ||
	    !make_folder(b, "keys", 0700, err) ||
	    !make_folder(b, "certs", 0755, err) ||
	    !make_folder(b, "db", 0700, err) ||
	    !make_folder(b, "crl", 0755, err) ||
	    !make_folder(b, "run", 0755, err))
		return false;
	return copy_record(b, err) && copy_folder(b, "keys", 0600, err) &&
	    copy_folder(b, "certs", 0644, err) &&
	    copy_folder(b, "crl", 0644, err) &&
	    copy_file(b, cli->config_path, "chancery.yaml", 0644, err) &&
	    verify(b, err);
}

/* Files that the configuration names elsewhere are the operator's to copy. */
static json_t *
outside(const struct backup *b, const struct config *config)
{
	json_t *list = json_array();
	const char *named[3];

	for (size_t i = 0; i <= config->cas_n; i++) {
		bool last = i == config->cas_n;

		named[0] = last ? config->tls.key : config->cas[i].key;
		named[1] =
		    last ? config->tls.certificate : config->cas[i].certificate;
		named[2] = last ? NULL : config->cas[i].chain;
		for (size_t k = 0; k < COUNT_OF(named); k++)
			if (named[k] != NULL &&
			    access(to_path(b, named[k]), F_OK) != 0)
				json_array_append_new(
				    list, json_string(named[k]));
	}
	return list;
}

/* ---- the command ---- */

static int
tell(const struct backup *b, json_t *missing)
{
	size_t i;
	json_t *path;

	arena_adopt(b->cli->arena, json_t, missing);
	if (b->cli->json)
		return cli_print_json(b->cli,
		    json_pack("{s:s, s:O, s:i, s:I, s:I, s:I}", "to", b->to,
			"left_out", missing, "files", (int)b->files,
			"certificates", (json_int_t)b->info.certificates,
			"log_positions", (json_int_t)b->info.positions,
			"journal_records", (json_int_t)b->journal.records));
	printf("%s: %u files, %llu certificates, log to position %llu, "
	       "journal of %llu records; all verified\n",
	    b->to, b->files, (unsigned long long)b->info.certificates,
	    (unsigned long long)b->info.positions,
	    (unsigned long long)b->journal.records);
	json_array_foreach (missing, i, path)
		printf("  not copied, for it lies elsewhere: %s\n",
		    json_string_value(path));
	printf("  the keys are encrypted in it; their passphrase is not in "
	       "it: keep it elsewhere\n"
	       "  to restore: stop the server for good, copy %s to the state "
	       "directory's place,\n"
	       "  run chancery check --state DIR --passphrase-file FILE, then "
	       "chancery serve\n",
	    b->to);
	return EXIT_DONE;
}

int
backup_run(struct cli *cli)
{
	struct backup b = { .cli = cli };
	const struct option_row rows[] = {
		{ "to", OPTION_TEXT, &b.to, 0, 0 },
	};
	struct config *config;
	struct err err = { 0 };
	json_t *missing;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (b.to == NULL) {
		(void)fail(&err, ERR_USAGE,
		    "backup wants --to DIR, a folder that does not exist");
		return cli_fail_by_kind(cli, &err);
	}
	config = cli_config(cli);
	if (config == NULL)
		return EXIT_REFUSED;
	umask(022);
	if (!copy_all(&b, &err)) {
		config_free(config);
		return cli_fail_by_kind(cli, &err);
	}
	missing = outside(&b, config);
	config_free(config);
	return tell(&b, missing);
}
