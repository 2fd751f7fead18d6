#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/unit.h"
#include "util/fault.h"
#include "util/own.h"

#ifdef CHANCERY_FAULTS

static void
test_acts_on_the_nth_passage_alone(void **state)
{
	(void)state;
	assert_true(fault_init_from("vfs.write:2:enospc"));
	assert_int_equal(fault_pass("vfs.write"), 0);
	assert_int_equal(fault_pass("vfs.sync"), 0);
	assert_int_equal(fault_pass("vfs.write"), ENOSPC);
	assert_int_equal(fault_pass("vfs.write"), 0);
	assert_true(fault_init_from("vfs.sync:1+:eio"));
	assert_int_equal(FAULT_ERRNO("vfs.sync"), EIO);
	assert_int_equal(FAULT_ERRNO("vfs.sync"), EIO);
	assert_true(fault_init_from(NULL));
	assert_int_equal(fault_pass("vfs.sync"), 0);
}

static void
test_refuses(void **state)
{
	static const char *const bad[] = { "vfs.write", "vfs.write:1",
		"vfs.write:0:kill", "vfs.write:x:kill", "vfs.write:+:kill",
		"vfs.write:1:boom", "no.such:1:kill", ":1:kill",
		"vfs.write::kill", "vfs.write:99999999999999:eio" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(fault_init_from(bad[i]));
		assert_int_equal(fault_pass("vfs.write"), 0);
	}
	assert_true(fault_init_from(""));
}

static void
test_kill_says_where(void **state)
{
	static const char want[] = "fault vfs.write reached\n";
	char got[sizeof(want)] = "";
	int pipefd[2], status;
	pid_t pid;

	(void)state;
	assert_return_code(pipe(pipefd), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		dup2(pipefd[1], 2);
		if (!fault_init_from("vfs.write:1:kill"))
			_exit(2);
		FAULT("vfs.write");
		_exit(1);
	}
	close(pipefd[1]);
	assert_int_equal(read(pipefd[0], got, sizeof(got)), sizeof(want) - 1);
	assert_string_equal(got, want);
	close(pipefd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void
test_every_row_can_be_armed(void **state)
{
	(void)state;
	assert_non_null(fault_list()[0]);
	for (size_t i = 0; fault_list()[i] != NULL; i++) {
		AUTO_STR *value = mem_printf("%s:1:eio", fault_list()[i]);

		assert_true(fault_init_from(value));
		assert_int_equal(fault_pass(fault_list()[i]), EIO);
	}
	assert_true(fault_init_from(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acts_on_the_nth_passage_alone),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_kill_says_where),
		cmocka_unit_test(test_every_row_can_be_armed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void
test_a_build_without_faults_refuses_the_wish(void **state)
{
	(void)state;
	assert_null(fault_list()[0]);
	assert_true(fault_init_from(""));
	assert_false(fault_init_from("vfs.write:1:eio"));
	assert_int_equal(FAULT_ERRNO("vfs.write"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_build_without_faults_refuses_the_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
