#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include "world.h"
#include "cli/journal.h"

static void
check_mode(struct world *w, const char *name, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(world_path(w, name), &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
copies(void **state)
{
	struct world *w = *state;
	struct ca_issued c = test_ca_issue(w->t, "default", "a.example.com");
	const json_t *o;
	struct store *copy;
	struct store_options options = {
		.path = world_path(w, "copy/db/chancery.db"),
	};
	struct cert_row row;

	world_write(w, "keys/passphrase", "secret\n", 0600);
	world_write(w, "keys/root.passphrase", "secret\n", 0600);
	assert_int_equal(world_run(w, "backup --to @/copy --json"), EXIT_DONE);
	o = world_json(w);
	assert_int_equal(
	    json_integer_value(json_object_get(o, "certificates")), 1);
	assert_int_equal(
	    json_integer_value(json_object_get(o, "journal_records")), 1);
	check_mode(w, "copy", 0700);
	check_mode(w, "copy/keys", 0700);
	check_mode(w, "copy/keys/issuing.key", 0600);
	check_mode(w, "copy/keys/signer.journal", 0600);
	check_mode(w, "copy/db/chancery.db", 0600);
	assert_string_equal(world_read(w, "copy/keys/issuing.key"),
	    world_read(w, "keys/issuing.key"));
	assert_string_equal(world_read(w, "copy/chancery.yaml"), world_yaml);
	assert_int_not_equal(
	    access(world_path(w, "copy/keys/passphrase"), F_OK), 0);
	assert_int_not_equal(
	    access(world_path(w, "copy/keys/root.passphrase"), F_OK), 0);
	/* A state directory of its own. */
	assert_int_equal(
	    world_run_bare(w, "check --quiet --state @/copy"), EXIT_DONE);
	assert_ok(w->t, store_open(&options, &copy, &w->t->err));
	assert_ok(w->t, store_cert_get(copy, c.id, w->t->a, &row, &w->t->err));
	store_close(copy);
}

static void
refuses(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "backup --to @/keys"), EXIT_REFUSED);
	assert_has(w->err, "each backup wants a new folder");
	assert_int_equal(truncate(world_path(w, "keys/signer.journal"), 64), 0);
	test_ca_issue(w->t, "default", "a.example.com");
	assert_int_equal(truncate(world_path(w, "keys/signer.journal"), 0), 0);
	assert_int_equal(world_run(w, "backup --to @/copy"), EXIT_REFUSED);
	assert_has(w->err, "knows");
}

/* The signer was in the middle of a record. */
static void
torn_journal(void **state)
{
	struct world *w = *state;
	struct journal_summary j;
	int fd;

	test_ca_issue(w->t, "default", "a.example.com");
	fd = open(world_path(w, "keys/signer.journal"),
	    O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "CSJ1 half a record", 18), 18);
	close(fd);
	assert_int_equal(world_run(w, "backup --to @/copy"), EXIT_DONE);
	assert_ok(w->t,
	    journal_summarize(
		world_path(w, "copy/keys/signer.journal"), &j, &w->t->err));
	assert_int_equal(j.records, 1);
	assert_int_equal(j.size % 128, 0);
}

struct busy {
	struct world *w;
	atomic_bool stop;
	unsigned n;
};

static void *
issue_all_the_time(void *arg)
{
	struct busy *b = arg;

	while (!atomic_load(&b->stop)) {
		test_ca_issue(b->w->t, "default", "busy.example.com");
		b->n++;
	}
	return NULL;
}

/*
 * While certificates are issued: the copy's journal has every position that its
 * database knows as signed, and its log is not behind its journal.
 */
static void
under_load(void **state)
{
	struct world *w = *state;
	struct busy b = { .w = w };
	struct store_file_info info;
	struct journal_summary j;
	pthread_t thread;

	assert_int_equal(
	    pthread_create(&thread, NULL, issue_all_the_time, &b), 0);
	for (int i = 0; i < 5; i++) {
		char name[32];

		snprintf(name, sizeof(name), "copy%d/", i);
		/* The arena is the other thread's: words are made here. */
		char to[160], state_dir[160], journal[200], db[200];
		char *argv[] = { (char *)"chancery", (char *)"backup",
			(char *)"--to", to, (char *)"--state", state_dir,
			NULL };
		const struct cli_command none = { 0 };
		struct err err = { 0 };

		snprintf(to, sizeof(to), "%s/copy%d", w->dir, i);
		snprintf(state_dir, sizeof(state_dir), "%s", w->dir);
		assert_int_equal(cli_main(6, argv, &none), EXIT_DONE);
		snprintf(
		    journal, sizeof(journal), "%s/keys/signer.journal", to);
		snprintf(db, sizeof(db), "%s/db/chancery.db", to);
		assert_true(journal_summarize(journal, &j, &err));
		assert_true(store_file_inspect(db, true, &info, &err));
		assert_true(j.last_position >= info.signed_position);
		assert_true(info.positions >= j.last_position);
		assert_true(info.positions >= j.log_size);
	}
	atomic_store(&b.stop, true);
	pthread_join(thread, NULL);
	assert_true(b.n > 0);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(copies),
		T(refuses),
		T(torn_journal),
		T(under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
