#include "main/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/unit.h"
#include "util/log.h"
#include "util/own.h"

/* What a taken server of a plain user would try, in a state directory of its
 * own uid; the working directory is db/, as in the server. */

#define KEY "../keys/issuing.key"

static bool
is_refused(long r)
{
	return r < 0 &&
	    (errno == EPERM || errno == EACCES || errno == ENOSYS ||
		errno == EXDEV);
}

static bool
try_read_key(void)
{
	return is_refused(open(KEY, O_RDONLY | O_CLOEXEC));
}

static bool
try_list_keys(void)
{
	return is_refused(open("../keys", O_RDONLY | O_DIRECTORY));
}

static bool
try_truncate_key(void)
{
	return is_refused(truncate(KEY, 0)) &&
	    is_refused(open(KEY, O_WRONLY | O_TRUNC));
}

static bool
try_open_key_to_all(void)
{
	return is_refused(chmod(KEY, 0777)) &&
	    is_refused(chown(KEY, getuid(), getgid())) &&
	    is_refused(fchmodat(AT_FDCWD, "../keys", 0777, 0)) &&
	    is_refused(syscall(452, AT_FDCWD, KEY, 0777, 0));
}

/* A descriptor without rights, and its path in /proc. */
static bool
try_open_by_proc(void)
{
	int fd = open(KEY, O_PATH | O_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ||
	    (is_refused(open(path, O_RDONLY)) && fchmod(fd, 0777) < 0);
}

static bool
try_move_key(void)
{
	return is_refused(rename(KEY, "taken")) &&
	    is_refused(link(KEY, "taken")) &&
	    is_refused(rename("file", "../keys/planted")) &&
	    is_refused(unlink(KEY)) && is_refused(symlink(KEY, "taken"));
}

static bool
try_configuration(void)
{
	return is_refused(open("../chancery.yaml", O_WRONLY)) &&
	    is_refused(open("../chancery.yaml", O_RDONLY));
}

static bool
try_plant(void)
{
	return is_refused(open("../new", O_CREAT | O_WRONLY, 0600)) &&
	    is_refused(open("/tmp/chancery-new", O_CREAT | O_WRONLY, 0600)) &&
	    is_refused(mkdir("folder", 0700)) &&
	    is_refused(mkfifo("fifo", 0600));
}

/* The supervisor and the signer have the same uid. */
static bool
try_signals(void)
{
	const union sigval v = { 0 };

	return is_refused(kill(getppid(), 0)) && is_refused(kill(-1, 0)) &&
	    is_refused(kill(0, 0)) && is_refused(sigqueue(getppid(), 0, v)) &&
	    is_refused(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static bool
try_limits_of_others(void)
{
	struct rlimit none = { 0, 0 };

	return is_refused(prlimit(getppid(), RLIMIT_CPU, &none, NULL));
}

static bool
try_memory_of_others(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	return is_refused(open(path, O_RDWR)) &&
	    is_refused(
		syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static bool
try_programs(void)
{
	return is_refused(execl("/bin/true", "true", (char *)NULL));
}

/* A session bus starts anything, outside. */
static bool
try_sockets(void)
{
	static const int families[] = { AF_UNIX, AF_PACKET, AF_ALG, AF_VSOCK,
		AF_KEY, AF_X25, AF_TIPC, AF_UNSPEC };

	for (size_t i = 0; i < COUNT_OF(families); i++)
		if (!is_refused(socket(families[i], SOCK_STREAM, 0)) ||
		    !is_refused(syscall(SYS_socket,
			INT64_C(1) << 32 | families[i], SOCK_STREAM, 0)))
			return false;
	return is_refused(socket(AF_NETLINK, SOCK_RAW, 4));
}

static bool
try_typing(void)
{
	int ends[2];

	return pipe(ends) == 0 && is_refused(ioctl(ends[0], TIOCSTI, "x")) &&
	    is_refused(
		syscall(SYS_ioctl, ends[0], INT64_C(1) << 32 | TIOCSTI, "x"));
}

#ifndef CHANCERY_SANITIZED

static bool
try_processes(void)
{
	return is_refused(fork());
}

#endif

static void *
thread_main(void *arg)
{
	*(bool *)arg = true;
	return NULL;
}

/* What the server lives of. */
static bool
try_its_work(void)
{
	int pair[2], fd = open("chancery.db", O_CREAT | O_RDWR, 0600);
	struct rlimit limit;
	pthread_t thread;
	bool ran = false;

	return fd >= 0 && write(fd, "abc", 3) == 3 && ftruncate(fd, 1) == 0 &&
	    unlink("chancery.db") == 0 && open("../hosts", O_RDONLY) >= 0 &&
	    open("/etc/passwd", O_RDONLY) >= 0 &&
	    socket(AF_INET, SOCK_STREAM, 0) >= 0 &&
	    socket(AF_INET6, SOCK_DGRAM, 0) >= 0 &&
	    socket(AF_NETLINK, SOCK_RAW, 0) >= 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
	    getrlimit(RLIMIT_NOFILE, &limit) == 0 && kill(getpid(), 0) == 0 &&
	    pthread_create(&thread, NULL, thread_main, &ran) == 0 &&
	    pthread_join(thread, NULL) == 0 && ran;
}

static const struct {
	const char *name;
	bool (*run)(void);
} attempts[] = {
	{ "read a key", try_read_key },
	{ "list the keys", try_list_keys },
	{ "truncate a key", try_truncate_key },
	{ "chmod a key", try_open_key_to_all },
	{ "open by /proc", try_open_by_proc },
	{ "move a key", try_move_key },
	{ "the configuration", try_configuration },
	{ "plant a file", try_plant },
	{ "signals", try_signals },
	{ "limits of others", try_limits_of_others },
	{ "memory of others", try_memory_of_others },
	{ "programs", try_programs },
	{ "sockets", try_sockets },
	{ "typing", try_typing },
#ifndef CHANCERY_SANITIZED
	{ "processes", try_processes },
#endif
	{ "its work", try_its_work },
};

static void
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static bool
in_sandbox(int dir, bool (*run)(void))
{
	const char *const files[] = { "../hosts", NULL };
	AUTO_FD db = openat(dir, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err = { 0 };

	if (fchdir(db) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    !sandbox_enter_server(db, files, COUNT_OF(files), &err)) {
		print_error("%s\n", err.detail);
		return false;
	}
	return run();
}

static bool
is_held(int dir, bool (*run)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(in_sandbox(dir, run) ? 0 : 1);
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
test_attempts(void **state)
{
	char path[] = "/tmp/chancery-sandbox-XXXXXX";
	AUTO_STR *remove = NULL;
	AUTO_FD dir = -1;
	bool all = true;

	(void)state;
	/* Without Landlock the server says so and has seccomp alone. */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION) < 0)
		skip();
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(dir, "keys", 0700), 0);
	assert_int_equal(mkdirat(dir, "db", 0700), 0);
	make_file(dir, "keys/issuing.key");
	make_file(dir, "db/file");
	make_file(dir, "chancery.yaml");
	make_file(dir, "hosts");
	for (size_t i = 0; i < COUNT_OF(attempts); i++)
		if (!is_held(dir, attempts[i].run)) {
			print_error("not as expected: %s\n", attempts[i].name);
			all = false;
		}
	remove = mem_printf("rm -r %s", path);
	assert_int_equal(system(remove), 0);
	assert_true(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
	};

	log_init(LOG_TEXT, LOG_ERROR, "test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
