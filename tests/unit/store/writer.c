#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include "util/fault.h"
#include "fixture.h"

/* ---- threads that change ---- */

#define THREADS 24u

struct adder {
	pthread_t thread;
	struct fixture *f;
	unsigned n;
	bool bad, ok;
	struct err err;
	struct account_row row;
};

static void *
adder_main(void *arg)
{
	struct adder *a = arg;

	a->ok = store_account_insert(a->f->s, &a->row, &a->err);
	return NULL;
}

/* Thread i adds account i; a bad one adds account 0, which is there. */
static void
adders_start(struct fixture *f, struct adder *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		a[i].f = f;
		a[i].ok = false;
		err_clear(&a[i].err);
		a[i].row = account_make(f, a[i].bad ? 0 : a[i].n);
		assert_int_equal(
		    pthread_create(&a[i].thread, NULL, adder_main, &a[i]), 0);
	}
}

static void
adders_join(struct adder *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_join(a[i].thread, NULL), 0);
}

/* All n changes in one group: they queue while the writer is held. */
static void
adders_run_as_group(struct fixture *f, struct adder *a, unsigned n)
{
	store_pause(f->s);
	adders_start(f, a, n);
	queue_wait(f, n);
	store_resume(f->s);
	adders_join(a, n);
}

static struct store_counters
counters(struct fixture *f)
{
	struct store_counters c;

	store_counters_get(f->s, &c);
	return c;
}

/* ---- groups ---- */

static void
test_what_gathers_is_one_commit(void **state)
{
	struct adder a[THREADS] = { 0 };
	struct fixture *f = *state;
	struct store_counters before = counters(f), after;

	for (unsigned i = 0; i < THREADS; i++)
		a[i].n = i;
	adders_run_as_group(f, a, THREADS);
	after = counters(f);
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(a[i].ok);
	assert_int_equal(after.commits - before.commits, 1);
	assert_int_equal(after.changes - before.changes, THREADS);
	assert_int_equal(after.queue_depth, 0);
	assert_true(after.fsyncs > before.fsyncs);
	assert_int_equal(log_count(f), THREADS);
}

static void
test_bad_change_spares_its_neighbours(void **state)
{
	struct adder a[THREADS] = { 0 };
	struct fixture *f = *state;
	struct store_counters before, after;

	account_add(f, 0);
	before = counters(f);
	for (unsigned i = 0; i < THREADS; i++) {
		a[i].n = 1 + i;
		a[i].bad = i % 5 == 2;
	}
	adders_run_as_group(f, a, THREADS);
	after = counters(f);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(a[i].ok, !a[i].bad);
		if (a[i].bad)
			assert_int_equal(a[i].err.kind, ERR_CONFLICT);
	}
	assert_int_equal(after.commits - before.commits, 1);
	assert_int_equal(after.failed_changes - before.failed_changes, 5);
	/* The log has neither gaps nor leaves of the bad ones. */
	assert_int_equal(log_count(f), 1 + THREADS - 5);
}

/* Without holding the writer: fewer commits than changes come by itself. */
struct busy {
	pthread_t thread;
	struct fixture *f;
	unsigned from, n;
	atomic_uint *failed;
};

static void *
busy_main(void *arg)
{
	struct busy *b = arg;

	for (unsigned i = b->from; i < b->from + b->n; i++) {
		AUTO_ARENA *arena = arena_new();
		struct account_row row = { .contacts = "[]" }, out;
		struct err err = { 0 };

		row.id = arena_printf(arena, "acct-%u", i);
		row.jwk = "{}";
		memcpy(row.thumbprint, &i, sizeof(i));
		if (!store_account_insert(b->f->s, &row, &err) ||
		    !store_account_get(b->f->s, row.id, arena, &out, &err) ||
		    memcmp(out.thumbprint, row.thumbprint, 32) != 0)
			atomic_fetch_add(b->failed, 1);
	}
	return NULL;
}

static void
test_writers_and_readers_together(void **state)
{
	struct fixture *f = *state;
	struct store_counters c;
	struct busy b[16];
	atomic_uint failed = 0;

	for (unsigned i = 0; i < COUNT_OF(b); i++) {
		b[i] = (struct busy){ 0, f, i * 1000, 100, &failed };
		assert_int_equal(
		    pthread_create(&b[i].thread, NULL, busy_main, &b[i]), 0);
	}
	for (unsigned i = 0; i < COUNT_OF(b); i++)
		pthread_join(b[i].thread, NULL);
	assert_int_equal(failed, 0);
	c = counters(f);
	assert_int_equal(c.changes, 1600);
	assert_true(c.commits < c.changes);
	assert_int_equal(log_count(f), 1600);
}

/* ---- bounds ---- */

static void
test_queue_is_bounded(void **state)
{
	struct adder a[4] = { 0 };
	struct fixture *f = *state;
	struct account_row row = account_make(f, 99);

	fixture_reopen(f, 4);
	for (unsigned i = 0; i < 4; i++)
		a[i].n = i;
	store_pause(f->s);
	adders_start(f, a, 4);
	queue_wait(f, 4);
	assert_err(f, ERR_BUSY, store_account_insert(f->s, &row, &f->err));
	store_resume(f->s);
	adders_join(a, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(a[i].ok);
	assert_ok(f, store_account_insert(f->s, &row, &f->err));
}

/* Nothing is committed while it is held, whatever it was about to do. */
static void
test_pause_holds_under_load(void **state)
{
	struct adder a[8] = { 0 };
	struct fixture *f = *state;

	for (unsigned round = 0; round < 40; round++) {
		uint64_t before;

		for (unsigned i = 0; i < COUNT_OF(a); i++)
			a[i].n = round * (unsigned)COUNT_OF(a) + i;
		adders_start(f, a, COUNT_OF(a));
		store_pause(f->s);
		before = counters(f).commits;
		for (unsigned i = 0; i < 200; i++) {
			sched_yield();
			assert_int_equal(counters(f).commits, before);
		}
		store_resume(f->s);
		adders_join(a, COUNT_OF(a));
		for (unsigned i = 0; i < COUNT_OF(a); i++)
			assert_true(a[i].ok);
	}
}

static void
test_close_runs_what_is_queued(void **state)
{
	struct adder a[3] = { 0 };
	struct fixture *f = *state;
	struct account_row out;

	for (unsigned i = 0; i < 3; i++)
		a[i].n = i + 1;
	store_pause(f->s);
	adders_start(f, a, 3);
	queue_wait(f, 3);
	fixture_reopen(f, 0);
	adders_join(a, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(a[i].ok);
		assert_ok(f,
		    store_account_get(f->s, a[i].row.id, f->a, &out, &f->err));
	}
}

static void
test_status_only(void **state)
{
	struct fixture *f = *state;
	struct account_row row = account_make(f, 2), out;

	account_add(f, 1);
	store_set_status_only(f->s, true);
	assert_err(f, ERR_BUSY, store_account_insert(f->s, &row, &f->err));
	assert_ok(f, store_account_get(f->s, "acct-1", f->a, &out, &f->err));
	assert_ok(f, store_check_writable(f->s, &f->err));
	store_set_status_only(f->s, false);
	assert_ok(f, store_account_insert(f->s, &row, &f->err));
}

#ifdef CHANCERY_FAULTS

/* ---- disks ---- */

static void
arm(const char *fault)
{
	assert_true(fault_init_from(fault));
}

static void
count_broken(void *ctx, const struct err *err)
{
	assert_int_equal(err->kind, ERR_STORE);
	(*(atomic_uint *)ctx)++;
}

/* A probe would fit where an issuance does not. */
static void
test_probe_wants_room(void **state)
{
	struct fixture *f = *state;

	account_add(f, 1);
	assert_ok(f, store_check_writable(f->s, &f->err));
	arm("vfs.room:1+:enospc");
	assert_err(f, ERR_STORE_FULL, store_check_writable(f->s, &f->err));
	/* What fits is written all the same. */
	account_add(f, 2);
	arm(NULL);
	assert_ok(f, store_check_writable(f->s, &f->err));
}

static void
test_full_disk_rolls_the_group_back(void **state)
{
	struct adder a[THREADS] = { 0 };
	struct fixture *f = *state;
	atomic_uint broken = 0;

	account_add(f, 0);
	store_on_broken(f->s, count_broken, &broken);
	for (unsigned i = 0; i < THREADS; i++) {
		a[i].n = 1 + i;
		a[i].bad = i == 3;
	}
	arm("vfs.write:1+:enospc");
	adders_run_as_group(f, a, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_false(a[i].ok);
		assert_int_equal(a[i].err.kind, ERR_STORE_FULL);
	}
	assert_int_equal(counters(f).full_disk, 1);
	assert_int_equal(log_count(f), 1);
	/* Status and reads go on; writing does when there is room again. */
	arm(NULL);
	a[3].bad = false;
	adders_run_as_group(f, a, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(a[i].ok);
	assert_int_equal(log_count(f), 1 + THREADS);
	assert_int_equal(broken, 0);
}

/* At any of the group's writes. */
static void
test_full_disk_at_each_write(void **state)
{
	struct adder a[4] = { 0 };
	struct fixture *f = *state;
	bool done = false;
	unsigned n = 1;

	for (unsigned i = 0; i < COUNT_OF(a); i++)
		a[i].n = i;
	for (; !done && n < 200; n++) {
		char fault[32];

		snprintf(fault, sizeof(fault), "vfs.write:%u:enospc", n);
		arm(fault);
		adders_run_as_group(f, a, COUNT_OF(a));
		done = a[0].ok;
		for (unsigned i = 0; i < COUNT_OF(a); i++) {
			assert_int_equal(a[i].ok, done);
			if (!done)
				assert_int_equal(a[i].err.kind, ERR_STORE_FULL);
		}
		arm(NULL);
		assert_int_equal(log_count(f), done ? COUNT_OF(a) : 0);
	}
	assert_true(done);
	assert_true(n > 3);
	fixture_reopen(f, 0);
	assert_int_equal(log_count(f), COUNT_OF(a));
}

static void
test_failing_disk_is_the_end(void **state)
{
	static const char *const faults[] = { "vfs.sync:1:eio",
		"vfs.sync:1:enospc", "vfs.write:1:eio" };
	struct fixture *f = *state;
	unsigned before = 0;

	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct account_row row = account_make(f, 1), out;
		struct adder a[2] = { { .n = 2 }, { .n = 3 } };
		atomic_uint broken = 0;

		store_on_broken(f->s, count_broken, &broken);
		arm(faults[i]);
		adders_run_as_group(f, a, COUNT_OF(a));
		assert_int_equal(a[0].err.kind, ERR_STORE);
		assert_int_equal(a[1].err.kind, ERR_STORE);
		assert_int_equal(broken, 1);
		/* The disk is well again: nothing is tried all the same. */
		arm(NULL);
		assert_err(
		    f, ERR_STORE, store_account_insert(f->s, &row, &f->err));
		assert_err(f, ERR_STORE, store_check_writable(f->s, &f->err));
		assert_err(f, ERR_NOT_FOUND,
		    store_account_get(f->s, "acct-2", f->a, &out, &f->err));
		assert_int_equal(broken, 1);
		/* A late listener hears of it too. */
		store_on_broken(f->s, count_broken, &broken);
		assert_int_equal(broken, 2);
		/* What the next process finds is whole. */
		fixture_reopen(f, 0);
		before = (unsigned)log_count(f);
		assert_true(before == 0 || before == 2);
		if (before == 2)
			break;
		account_add(f, 100);
		assert_int_equal(log_count(f), 1);
		fixture_teardown(state);
		fixture_setup(state);
		f = *state;
	}
}

/* A probe that fails in status-only mode is an answer, not the end. */
static void
test_probe_in_status_only(void **state)
{
	struct fixture *f = *state;
	atomic_uint broken = 0;

	store_on_broken(f->s, count_broken, &broken);
	store_set_status_only(f->s, true);
	arm("vfs.sync:1+:eio");
	for (int i = 0; i < 3; i++)
		assert_err(f, ERR_STORE, store_check_writable(f->s, &f->err));
	arm("vfs.write:1:enospc");
	assert_err(f, ERR_STORE_FULL, store_check_writable(f->s, &f->err));
	arm(NULL);
	assert_ok(f, store_check_writable(f->s, &f->err));
	assert_int_equal(broken, 0);
	store_set_status_only(f->s, false);
	account_add(f, 1);
}

#endif

/* ---- checkpoints ---- */

static void
test_wal_is_copied_off_the_path(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char big[3000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (unsigned i = 0; i < 1500; i++) {
		struct account_row row = account_make(f, i);

		row.jwk = big;
		assert_ok(f, store_account_insert(f->s, &row, &f->err));
	}
	/* The database grows while everything is still open: it was copied. */
	do {
		sched_yield();
		assert_return_code(stat(f->path, &st), errno);
	} while (st.st_size < 1000000);
	fixture_reopen(f, 0);
	assert_int_equal(log_count(f), 1500);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_what_gathers_is_one_commit),
		T(test_bad_change_spares_its_neighbours),
		T(test_writers_and_readers_together),
		T(test_queue_is_bounded),
		T(test_pause_holds_under_load),
		T(test_close_runs_what_is_queued),
		T(test_status_only),
#ifdef CHANCERY_FAULTS
		T(test_probe_wants_room),
		T(test_full_disk_rolls_the_group_back),
		T(test_full_disk_at_each_write),
		T(test_failing_disk_is_the_end),
		T(test_probe_in_status_only),
#endif
		T(test_wal_is_copied_off_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
