#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/fault.h"
#include "support/store_copy.h"
#include "fixture.h"

struct writing {
	struct fixture *f;
	atomic_bool stop;
	atomic_uint done, failed;
};

static void *
writing_main(void *arg)
{
	struct writing *w = arg;

	for (unsigned i = 1000; !atomic_load(&w->stop); i++) {
		struct account_row row = { .jwk = "{}", .contacts = "[]" };
		struct err err = { 0 };
		char id[32];

		snprintf(id, sizeof(id), "acct-%u", i);
		row.id = id;
		memcpy(row.thumbprint, &i, sizeof(i));
		if (!store_account_insert(w->f->s, &row, &err))
			atomic_fetch_add(&w->failed, 1);
		atomic_fetch_add(&w->done, 1);
	}
	return NULL;
}

static struct store *
backup_open(struct fixture *f, const char *path)
{
	const struct store_options o = { .path = path };
	struct store *s;

	assert_ok(f, store_open(&o, &s, &f->err));
	return s;
}

static void
test_copy_matches(void **state)
{
	struct fixture *f = *state;
	char *to = arena_printf(f->a, "%s/copy.db", f->dir);
	struct store *live = f->s;
	uint8_t node, copy_node;
	struct stat st;
	uint64_t n;

	account_add(f, 1);
	order_add(f, 1);
	authz_validate(f, 1);
	for (unsigned i = 1; i <= 50; i++)
		cert_add(f, i, true);
	n = log_count(f);
	assert_ok(f, store_node_get(f->s, &node, &f->err));
	assert_ok(f, store_copy(f->path, to, &f->err));
	assert_return_code(stat(to, &st), errno);
	assert_int_equal(st.st_mode & 0777, 0600);
	account_add(f, 2);
	f->s = backup_open(f, to);
	assert_int_equal(log_count(f), n);
	assert_ok(f, store_node_get(f->s, &copy_node, &f->err));
	assert_int_equal(node, copy_node);
	assert_int_equal(order_read_back(f, 1).status, ORDER_READY);
	assert_true(bytes_is(cert_read_back(f, 50).signature, "signature 50"));
	/* It is a store, not only a file. */
	account_add(f, 3);
	store_close(f->s);
	f->s = live;
	assert_int_equal(log_count(f), n + 1);
}

static void
test_copy_under_load(void **state)
{
	struct fixture *f = *state;
	struct writing w = { .f = f };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, writing_main, &w), 0);
	for (unsigned i = 0; i < 5; i++) {
		char *to = arena_printf(f->a, "%s/copy-%u.db", f->dir, i);
		struct store *copy;
		struct account_row *rows;
		unsigned before = atomic_load(&w.done);
		struct log_row *log;
		size_t n, logged;

		assert_ok(f, store_copy(f->path, to, &f->err));
		copy = backup_open(f, to);
		assert_ok(f,
		    store_account_list(
			copy, NULL, 100000, f->a, &rows, &n, &f->err));
		assert_ok(f,
		    store_log_list(
			copy, 0, 10000, f->a, &log, &logged, &f->err));
		/* All of one moment: each account with its leaf. */
		assert_true(n >= before);
		if (n < 10000)
			assert_int_equal(n, logged);
		store_close(copy);
	}
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(w.failed, 0);
}

static void
test_pause_holds_the_writer(void **state)
{
	struct fixture *f = *state;
	struct writing w = { .f = f };
	uint64_t before, after;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, writing_main, &w), 0);
	while (atomic_load(&w.done) < 10)
		continue;
	store_pause(f->s);
	before = log_count(f);
	queue_wait(f, 1);
	/* It waits in the queue; reads and copies go on. */
	assert_ok(f,
	    store_copy(
		f->path, arena_printf(f->a, "%s/held.db", f->dir), &f->err));
	after = log_count(f);
	assert_int_equal(before, after);
	store_resume(f->s);
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(w.failed, 0);
}

static void
test_never_over_another_file(void **state)
{
	struct fixture *f = *state;

	assert_err(f, ERR_CONFLICT, store_copy(f->path, f->path, &f->err));
	assert_err(f, ERR_SYSTEM,
	    store_copy(f->path, "/nonexistent/copy.db", &f->err));
}

#ifdef CHANCERY_FAULTS
static void
test_half_a_copy_is_none(void **state)
{
	struct fixture *f = *state;
	char *to = arena_printf(f->a, "%s/copy.db", f->dir);

	account_add(f, 1);
	assert_true(fault_init_from("vfs.write:2:enospc"));
	assert_err(f, ERR_STORE_FULL, store_copy(f->path, to, &f->err));
	assert_true(fault_init_from(NULL));
	assert_int_equal(access(to, F_OK), -1);
	account_add(f, 2);
	assert_ok(f, store_copy(f->path, to, &f->err));
}
#endif

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_copy_matches),
		T(test_copy_under_load),
		T(test_pause_holds_the_writer),
		T(test_never_over_another_file),
#ifdef CHANCERY_FAULTS
		T(test_half_a_copy_is_none),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
