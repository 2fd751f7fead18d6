#include "support/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/file.h"

static char folder[] = "/tmp/chancery-file-XXXXXX";
static int fd;

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(fd, "a", 0);
	close(fd);
	return rmdir(folder);
}

static void
test_new_replace_read(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes got;
	struct stat st;

	(void)state;
	assert_false(file_read_at(fd, "a", 10, a, &got, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	err_clear(&err);
	assert_true(file_write_new_at(fd, "a", 0600, bytes_str("one"), &err));
	assert_false(file_write_new_at(fd, "a", 0600, bytes_str("two"), &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	err_clear(&err);
	assert_true(file_read_at(fd, "a", 3, a, &got, &err));
	assert_true(bytes_is(got, "one"));
	assert_true(file_replace_at(fd, "a", 0640, bytes_str("three"), &err));
	assert_int_equal(fstatat(fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* The temporary file is gone. */
	assert_int_not_equal(faccessat(fd, "a.new", F_OK, 0), 0);
	assert_false(file_read_at(fd, "a", 4, a, &got, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

/* A passphrase may come from a shell's <(…). */
static void
test_pipe(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct bytes got;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "secret\n", 7), 7);
	close(ends[1]);
	assert_true(file_read_fd(ends[0], "a pipe", 7, a, &got, &err));
	assert_true(bytes_is(got, "secret\n"));
	close(ends[0]);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "secret\n", 7), 7);
	close(ends[1]);
	assert_false(file_read_fd(ends[0], "a pipe", 6, a, &got, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_replace_read),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
