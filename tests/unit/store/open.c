#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store/migrate.h"
#include "support/store_copy.h"
#include "store/token.h"
#include "util/own.h"
#include "fixture.h"

static bool
reopen(struct fixture *f, bool create, struct store **out)
{
	const struct store_options o = { .path = f->path, .create = create };

	return store_open(&o, out, &f->err);
}

static void
run_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
test_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s;

	store_close(TAKE(f->s));
	run_sql(f, "UPDATE schema SET version = 99");
	assert_err(f, ERR_CONFLICT, reopen(f, false, &s));
	assert_non_null(strstr(f->err.shown, "schema 99"));
	assert_err(f, ERR_CONFLICT, reopen(f, true, &s));
}

/* A database of the first version, with a certificate in it, gets the tables
 * that came since. */
static void
test_old_schema_is_migrated(void **state)
{
	struct fixture *f = *state;
	struct cert_row row = cert_make(f, 1);
	const struct token_row token = { .id = "tok-1",
		.profile = "default",
		.names = "",
		.uses = 1,
		.expires_at = NOW + 1,
		.created_at = NOW,
		.created_by = "alice" };
	uint64_t position;

	store_close(TAKE(f->s));
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(migrations[0].version, 2);
	run_sql(f, migrations[0].sql);
	run_sql(f,
	    "CREATE TABLE schema (version INTEGER NOT NULL);"
	    "INSERT INTO schema VALUES (2);"
	    "INSERT INTO meta VALUES ('node', 7), ('probe', 0);"
	    "INSERT INTO log VALUES (1, 1, 'cert-intent', x'7b7d');"
	    "INSERT INTO cert (id, ca, issuer_key, serial, status, not_before, "
	    "not_after, created_at, profile, profile_hash, requester, "
	    "spki_sha256, names, evidence_sha256, intent_position, sig_alg) "
	    "VALUES ('old', 'issuing', zeroblob(32), zeroblob(20), 1, 1, 2, 1, "
	    "'default', zeroblob(32), 'operator', zeroblob(32), '', "
	    "zeroblob(32), 1, 4)");
	assert_ok(f, reopen(f, false, &f->s));
	/* An intent of the old program took nothing, and can be voided. */
	assert_ok(f, store_cert_void(f->s, "old", "{}", NOW, &f->err));
	assert_ok(f, store_token_insert(f->s, &token, &f->err));
	row.token_id = "tok-1";
	assert_ok(f, store_cert_intent(f->s, &row, NULL, &position, &f->err));
	row.id = "cert-2";
	assert_err(f, ERR_UNAUTHORIZED,
	    store_cert_intent(f->s, &row, NULL, &position, &f->err));
}

static void
test_other_databases_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s;

	store_close(TAKE(f->s));
	assert_int_equal(unlink(f->path), 0);
	assert_err(f, ERR_NOT_FOUND, reopen(f, false, &s));
	run_sql(f, "CREATE TABLE other (x)");
	assert_err(f, ERR_CONFLICT, reopen(f, false, &s));
	assert_err(f, ERR_CONFLICT, reopen(f, true, &s));
	/* An empty file would silently become a new CA. */
	assert_int_equal(truncate(f->path, 0), 0);
	assert_err(f, ERR_CONFLICT, reopen(f, false, &s));
}

static void
test_no_database_at_all(void **state)
{
	struct fixture *f = *state;
	AUTO_FD fd = -1;
	struct store *s;

	store_close(TAKE(f->s));
	assert_int_equal(unlink(f->path), 0);
	fd = open(f->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "this is no database, but text\n", 30), 30);
	assert_err(f, ERR_STORE, reopen(f, false, &s));
}

static void
test_only_its_owner_reads_it(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct fixture *f = *state;

	account_add(f, 1);
	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		char path[128];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
		assert_return_code(stat(path, &st), errno);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

/*
 * The server's working directory is the database's folder, and the folders
 * above may not be traversable: moved away here, so that no absolute path
 * leads there.
 */
static void
test_relative_path(void **state)
{
	struct fixture *f = *state;
	AUTO_FD home = open(".", O_RDONLY | O_DIRECTORY);
	struct store_options o = { .path = "chancery.db" };
	struct account_row out;
	char moved[80];

	account_add(f, 1);
	store_close(TAKE(f->s));
	assert_return_code(chdir(f->dir), errno);
	assert_ok(f, store_open(&o, &f->s, &f->err));
	snprintf(moved, sizeof(moved), "%s.moved", f->dir);
	assert_return_code(rename(f->dir, moved), errno);
	assert_ok(f, store_account_get(f->s, "acct-1", f->a, &out, &f->err));
	account_add(f, 2);
	store_close(TAKE(f->s));
	assert_ok(f, store_open(&o, &f->s, &f->err));
	assert_ok(f, store_account_get(f->s, "acct-2", f->a, &out, &f->err));
	store_close(TAKE(f->s));
	assert_return_code(rename(moved, f->dir), errno);
	assert_return_code(fchdir(home), errno);
}

/* The rights that the server's sandbox leaves it: this folder, nothing else. */
static bool
landlock_to_folder(void)
{
	const uint64_t rights = LANDLOCK_ACCESS_FS_READ_FILE |
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
	const struct landlock_ruleset_attr set = {
		.handled_access_fs = rights | LANDLOCK_ACCESS_FS_EXECUTE |
		    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK,
	};
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = rights,
		.parent_fd = open(".", O_PATH | O_DIRECTORY),
	};
	long fd = syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);

	return fd >= 0 &&
	    syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}

/* In a child, which cannot get its rights back.  2: the kernel has none. */
static int
landlocked_use(struct fixture *f)
{
	const struct store_options o = { .path = "chancery.db" };
	struct account_row row = account_make(f, 1);

	if (chdir(f->dir) != 0)
		return 3;
	if (!landlock_to_folder())
		return 2;
	if (open("/dev/urandom", O_RDONLY) >= 0)
		return 4;
	if (!store_open(&o, &f->s, &f->err) ||
	    !store_account_insert(f->s, &row, &f->err) ||
	    !store_account_get(f->s, "acct-1", f->a, &row, &f->err) ||
	    !store_copy("chancery.db", "copy.db", &f->err)) {
		fprintf(stderr, "%s (%s)\n", f->err.shown, f->err.detail);
		return 1;
	}
	store_close(f->s);
	return 0;
}

static void
test_rights_to_one_folder(void **state)
{
	struct fixture *f = *state;
	struct account_row out;
	int status;
	pid_t pid;

	store_close(TAKE(f->s));
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0)
		_exit(landlocked_use(f));
	assert_return_code(waitpid(pid, &status, 0), errno);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_ok(f, reopen(f, false, &f->s));
	assert_ok(f, store_account_get(f->s, "acct-1", f->a, &out, &f->err));
}

static void
test_everything_is_there_again(void **state)
{
	struct fixture *f = *state;

	account_add(f, 1);
	order_add(f, 1);
	authz_validate(f, 1);
	cert_add(f, 1, true);
	fixture_reopen(f, 0);
	assert_int_equal(order_read_back(f, 1).status, ORDER_READY);
	assert_int_equal(cert_read_back(f, 1).status, CERT_ISSUED);
	assert_int_equal(log_count(f), 3);
}

/* Many rows, a page of them, and a start: none of it may be quadratic. */
static void
test_many_rows(void **state)
{
	struct fixture *f = *state;
	struct cert_filter filter = { .limit = 10,
		.name_pattern = "*99999.example" };
	struct cert_row *rows;
	size_t n;

	run_sql(f,
	    "PRAGMA synchronous = OFF; BEGIN;"
	    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i "
	    "WHERE n < 100000) INSERT INTO log (at, kind, body) SELECT 1, "
	    "'cert-intent', x'7b7d' FROM i;"
	    "INSERT INTO cert (seq, id, ca, issuer_key, serial, status, "
	    "not_before, not_after, created_at, profile, profile_hash, "
	    "requester, spki_sha256, names, evidence_sha256, intent_position, "
	    "sig_alg) SELECT position, 'cert-' || position, 'issuing', "
	    "zeroblob(32), CAST(printf('%020d', position) AS BLOB), 2, 1, "
	    "position, 1, 'default', zeroblob(32), 'x', zeroblob(32), "
	    "'dns:' || position || '.example', zeroblob(32), position, 1 "
	    "FROM log;"
	    "INSERT INTO cert_der SELECT seq, zeroblob(700), zeroblob(70) "
	    "FROM cert;"
	    "WITH RECURSIVE r(seq, s, o) AS (SELECT seq, seq || '.example', "
	    "'' FROM cert UNION ALL SELECT seq, substr(s, 2), "
	    "substr(s, 1, 1) || o FROM r WHERE s <> '') INSERT INTO cert_name "
	    "SELECT o, seq FROM r WHERE s = '';"
	    "COMMIT");
	fixture_reopen(f, 0);
	assert_ok(f, store_cert_list(f->s, &filter, f->a, &rows, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].id, "cert-99999");
	for (unsigned i = 1; i <= 1000; i++)
		assert_int_equal(
		    cert_read_back(f, i * 100).status, CERT_ISSUED);
	for (unsigned i = 0; i < 1000; i++)
		account_add(f, i);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_newer_schema_is_refused),
		T(test_old_schema_is_migrated),
		T(test_other_databases_are_refused),
		T(test_no_database_at_all),
		T(test_only_its_owner_reads_it),
		T(test_relative_path),
		T(test_rights_to_one_folder),
		T(test_everything_is_there_again),
		T(test_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
