#include "main/users.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/unit.h"
#include "util/own.h"

#define OURS 64321u

static uid_t
owner(int dir, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_uid;
}

static void
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* A link that a taken server has left in db/ must not be chown'ed by root. */
static void
test_links(void **state)
{
	const struct users u = { .separate = true,
		.server = { "chancery", OURS, OURS, false } };
	char path[] = "/tmp/chancery-users-XXXXXX";
	AUTO_STR *remove = NULL;
	AUTO_FD dir = -1;
	struct err err = { 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(dir, "db", 0700), 0);
	make_file(dir, "db/chancery.db");
	make_file(dir, "shadow");
	assert_true(users_own_database(&u, dir, &err));
	assert_int_equal(owner(dir, "db"), OURS);
	assert_int_equal(owner(dir, "db/chancery.db"), OURS);

	assert_int_equal(linkat(dir, "shadow", dir, "db/hard", 0), 0);
	assert_false(users_own_database(&u, dir, &err));
	assert_int_equal(owner(dir, "shadow"), 0);
	assert_int_equal(unlinkat(dir, "db/hard", 0), 0);

	assert_int_equal(symlinkat("../shadow", dir, "db/soft"), 0);
	assert_false(users_own_database(&u, dir, &err));
	assert_int_equal(owner(dir, "shadow"), 0);
	remove = mem_printf("rm -r %s", path);
	assert_int_equal(system(remove), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
