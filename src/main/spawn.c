#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "main/boot.h"
#include "main/spawn.h"

bool
spawn_harden(struct err *err)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return fail_errno(
		    err, ERR_SYSTEM, "the process cannot be hardened");
	return true;
}

/* Between fork and exec: only async-signal-safe calls. */
static void
become_child(int exe, int nothing, const char *role, int channel, int directory,
    const struct user *user, bool change_user)
{
	char *argv[] = { (char *)(uintptr_t) "chancery",
		(char *)(uintptr_t) "--child", (char *)(uintptr_t)role, NULL };
	/* Sanitizers want their options; nothing else is handed on. */
	char *const env[] = { NULL };
	struct err err = { 0 };
	sigset_t none;

	/* No terminal to type into, and no Ctrl-C but by the supervisor. */
	setsid();
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0)
		_exit(126);
	/* Where it goes must be reached before the rights are gone. */
	if (directory >= 0 ? fchdir(directory) != 0 : chdir("/") != 0)
		_exit(126);
	if (change_user && !user_become(user, &err))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* The executable's descriptor must not be where the channel goes. */
	exe = fcntl(exe, F_DUPFD_CLOEXEC, 10);
	if (exe < 0 || dup2(channel, BOOT_FD) != BOOT_FD)
		_exit(126);
	if (close_range(BOOT_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fexecve(exe, argv, env);
	_exit(127);
}

bool
spawn_child(const char *role, int channel, int directory,
    const struct user *user, bool change_user, pid_t *pid, struct err *err)
{
	AUTO_FD exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO_FD nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t child;

	if (exe < 0 || nothing < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "the program cannot open itself");
	child = fork();
	if (child < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "no process for the %s", role);
	if (child == 0)
		become_child(
		    exe, nothing, role, channel, directory, user, change_user);
	*pid = child;
	return true;
}
