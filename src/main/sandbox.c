#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "main/sandbox.h"
#include <string.h>

#include "util/log.h"
#include "util/own.h"

#define FS_READ                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |          \
	    LANDLOCK_ACCESS_FS_EXECUTE)
#define FS_WRITE                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |      \
	    LANDLOCK_ACCESS_FS_MAKE_REG)
#define FS_ALL                                                                 \
	(FS_READ | FS_WRITE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                  \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |       \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |      \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* World-readable system files: resolver and host tables, shared libraries. */
static const char *const readable[] = { "/etc", "/usr", "/lib", "/lib64",
	"/run/systemd/resolve", "/proc/self", "/sys/devices/system/cpu" };
static const char *const devices[] = { "/dev/urandom", "/dev/null" };

static bool
allow(int ruleset, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights,
		.parent_fd = fd };

	return syscall(SYS_landlock_add_rule, ruleset,
		   LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool
allow_path(int ruleset, const char *path, bool dir, struct err *err)
{
	AUTO_FD fd = open(path, O_PATH | O_CLOEXEC);

	/* What is not there needs no rule. */
	if (fd < 0)
		return true;
	if (!allow(ruleset, fd, dir ? FS_READ : LANDLOCK_ACCESS_FS_READ_FILE))
		return fail_errno(err, ERR_SYSTEM, "no Landlock rule for %s",
		    path);
	return true;
}

static bool
enter_landlock(int db_fd, const char *const *files, size_t n, struct err *err)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = FS_ALL };
	AUTO_FD ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (ruleset < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_event(LOG_WARN, "landlock-unavailable",
		    LF_STR("means", "this kernel cannot keep the server from "
				    "other files of its uid"));
		return true;
	}
	if (ruleset < 0)
		return fail_errno(err, ERR_SYSTEM, "no Landlock ruleset");
	for (size_t i = 0; i < COUNT_OF(readable); i++)
		if (!allow_path(ruleset, readable[i], true, err))
			return false;
	for (size_t i = 0; i < n; i++)
		if (files[i] != NULL &&
		    !allow_path(ruleset, files[i], false, err))
			return false;
	for (size_t i = 0; i < COUNT_OF(devices); i++)
		if (!allow_path(ruleset, devices[i], false, err))
			return false;
	if (!allow(ruleset, db_fd, FS_READ | FS_WRITE))
		return fail_errno(err, ERR_SYSTEM, "no Landlock rule for db/");
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "Landlock refused");
	return true;
}

static const int refused[] = {
#ifndef CHANCERY_SANITIZED
	/* LeakSanitizer looks at its own process by ptrace when it ends. */
	SCMP_SYS(ptrace),
#endif
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(execve),
	SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(mount),
	SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),
	SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(kcmp), SCMP_SYS(acct),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
	SCMP_SYS(personality), SCMP_SYS(process_madvise) };

static bool
enter_seccomp(struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = 0;

	if (ctx == NULL)
		return fail(err, ERR_SYSTEM, "no seccomp filter");
	for (size_t i = 0; i < COUNT_OF(refused) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i],
		    0);
	/* clone3's flags cannot be looked at; glibc then falls back to clone,
	 * which makes threads and nothing else. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
#ifndef CHANCERY_SANITIZED
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
#endif
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0)
		return fail(err, ERR_SYSTEM, "seccomp refused: %s",
		    strerror(-rc));
	return true;
}

bool
sandbox_enter_server(int db_fd, const char *const *files, size_t n,
    struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "no-new-privileges");
	return enter_landlock(db_fd, files, n, err) && enter_seccomp(err);
}
