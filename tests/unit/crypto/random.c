#include "crypto/random.h"
#include <sys/wait.h>
#include <unistd.h>
#include "support/unit.h"

static void
test_system_draws_differ(void **state)
{
	struct random r = random_system();
	static uint8_t seen[500][16];
	static uint8_t big[2][5000];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(seen); i++) {
		random_fill(&r, seen[i], sizeof(seen[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(
			    seen[i], seen[j], sizeof(seen[i]));
	}
	random_fill(&r, big[0], sizeof(big[0]));
	random_fill(&r, big[1], sizeof(big[1]));
	assert_memory_not_equal(big[0], big[1], sizeof(big[0]));
	random_fill(&r, big[0], 0);
}

/* A child never hands out what its parent will. */
static void
test_fork_shares_nothing(void **state)
{
	struct random r = random_system();
	uint8_t mine[16], theirs[16];
	int fds[2], status;
	pid_t pid;

	(void)state;
	random_fill(&r, mine, sizeof(mine));
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		random_fill(&r, theirs, sizeof(theirs));
		_exit(write(fds[1], theirs, 16) == 16 ? 0 : 1);
	}
	random_fill(&r, mine, sizeof(mine));
	assert_int_equal(read(fds[0], theirs, 16), 16);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_memory_not_equal(mine, theirs, 16);
	close(fds[0]);
	close(fds[1]);
}

static void
test_seeded_repeats(void **state)
{
	struct random a = random_seeded(7), b = random_seeded(7);
	struct random c = random_seeded(8);
	uint8_t x[100], y[100], z[100];

	(void)state;
	random_fill(&a, x, sizeof(x));
	random_fill(&b, y, 33);
	random_fill(&b, y + 33, sizeof(y) - 33);
	random_fill(&c, z, sizeof(z));
	assert_memory_equal(x, y, sizeof(x));
	assert_memory_not_equal(x, z, sizeof(x));
}

static void
test_object_ids(void **state)
{
	struct random r = random_seeded(1);
	char early[OBJECT_ID_SIZE], late[OBJECT_ID_SIZE];

	(void)state;
	random_object_id(&r, 1700000000, early);
	random_object_id(&r, 1700000000, late);
	assert_int_equal(strlen(early), 22);
	assert_int_equal(
	    strspn(early,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_"),
	    22);
	/* Same second: the same first 40 bits, so 6 characters. */
	assert_memory_equal(early, late, 6);
	assert_string_not_equal(early, late);
	random_object_id(&r, 1700000000 + 4096, late);
	assert_memory_not_equal(early, late, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system_draws_differ),
		cmocka_unit_test(test_fork_shares_nothing),
		cmocka_unit_test(test_seeded_repeats),
		cmocka_unit_test(test_object_ids),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
