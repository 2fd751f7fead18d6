#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "main/sandbox.h"
#include "util/log.h"
#include "util/own.h"

/* ---- Landlock ---- */

/* Later than Debian 12's headers; kernels of an ABI before take no such bit. */
#define FS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define SCOPE_ALL UINT64_C(3) /* ABI 6: abstract sockets, signals */

#define FS_READ                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |          \
	    LANDLOCK_ACCESS_FS_EXECUTE)
#define FS_WRITE                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |      \
	    LANDLOCK_ACCESS_FS_MAKE_REG)
/* Links and renames between folders need no bit: refused unless granted. */
#define FS_ALL                                                                 \
	(FS_READ | FS_WRITE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                  \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |       \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |      \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* As of the newest ABI; older kernels take a prefix. */
struct ruleset {
	uint64_t fs, net, scoped;
};

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
		return fail_errno(
		    err, ERR_SYSTEM, "no Landlock rule for %s", path);
	return true;
}

/* A ruleset of all that the kernel knows. */
static int
ruleset_new(int abi, uint64_t *write)
{
	struct ruleset r = { .fs = FS_ALL };
	size_t size = sizeof(r.fs);

	*write = FS_WRITE;
	if (abi >= 3) {
		r.fs |= FS_TRUNCATE;
		*write |= FS_TRUNCATE;
	}
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		r.scoped = SCOPE_ALL;
		size = sizeof(r);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
}

static bool
enter_landlock(int db_fd, const char *const *files, size_t n, struct err *err)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t write;

	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_event(LOG_WARN, "landlock-unavailable",
		    LF_STR("means",
			"this kernel cannot keep the server from "
			"other files of its uid"));
		return true;
	}
	AUTO_FD ruleset = ruleset_new(abi, &write);

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
	if (!allow(ruleset, db_fd, FS_READ | write))
		return fail_errno(err, ERR_SYSTEM, "no Landlock rule for db/");
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "Landlock refused");
	return true;
}

/* Whatever was meant above: the keys of the same uid must be out of reach. */
static void
check_keys(int db_fd)
{
	AUTO_FD journal =
	    openat(db_fd, "../keys/signer.journal", O_RDONLY | O_CLOEXEC);

	if (journal >= 0)
		log_event(LOG_WARN, "keys-reachable",
		    LF_STR("means", "the server could read keys/ of its uid"),
		    LF_STR("mend",
			"start as root, or keep the state "
			"directory out of /etc and /usr"));
}

/* ---- seccomp ---- */

/* Later than the headers; a number of its own on every machine since 6.6. */
#define FCHMODAT2 452

static const int refused[] = {
#ifndef CHANCERY_SANITIZED
	/* LeakSanitizer looks at its own process by ptrace when it ends. */
	SCMP_SYS(ptrace),
#endif
	/* other processes */
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(kcmp),
	SCMP_SYS(rt_sigqueueinfo),
	SCMP_SYS(tkill),
	/* new programs and processes */
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	/* what Landlock does not look at: rights and owners of files of the
	 * same uid; before its ABI 3, their length */
	SCMP_SYS(chmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(chown),
	SCMP_SYS(lchown),
	SCMP_SYS(fchownat),
	SCMP_SYS(truncate),
	SCMP_SYS(setxattr),
	SCMP_SYS(lsetxattr),
	SCMP_SYS(removexattr),
	SCMP_SYS(lremovexattr),
	SCMP_SYS(utimensat),
	SCMP_SYS(utime),
	SCMP_SYS(utimes),
	SCMP_SYS(futimesat),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
	/* wide doors of the kernel */
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(personality),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
};

/* Refused by what they are asked for.  The kernel looks at 32 bits of an int.
 */
static int
refuse_by_argument(scmp_filter_ctx ctx)
{
	const scmp_datum_t self = (scmp_datum_t)getpid(), low = UINT32_MAX;
	const struct {
		int call;
		struct scmp_arg_cmp when;
	} rows[] = {
		/* Signals are for itself: supervisor and signer may have the
		 * same uid. */
		{ SCMP_SYS(kill), SCMP_A0(SCMP_CMP_NE, self, 0) },
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_NE, self, 0) },
		{ SCMP_SYS(rt_tgsigqueueinfo), SCMP_A0(SCMP_CMP_NE, self, 0) },
		/* 0 is itself. */
		{ SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_NE, 0, 0) },
		/* Typing into a terminal is running programs in its shell. */
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, low, TIOCSTI) },
		{ SCMP_SYS(ioctl),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, low, TIOCLINUX) },
#ifndef CHANCERY_SANITIZED
		/* LeakSanitizer makes a process to look from. */
		{ SCMP_SYS(clone),
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0) },
#endif
	};
	int rc = 0;

	for (size_t i = 0; i < COUNT_OF(rows) && rc == 0; i++)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(EPERM), rows[i].call, 1, rows[i].when);
	return rc;
}

/*
 * The Internet, and the kernel's list of addresses (getaddrinfo).  No Unix
 * sockets: a session bus would start anything outside of this sandbox.  Pairs
 * are made by another call.
 */
static int
refuse_families(scmp_filter_ctx ctx)
{
	const uint32_t no = SCMP_ACT_ERRNO(EACCES);
	int rc = seccomp_rule_add(
	    ctx, no, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));

	for (unsigned f = 0; f < AF_NETLINK && rc == 0; f++)
		if (f != AF_INET && f != AF_INET6)
			rc = seccomp_rule_add(ctx, no, SCMP_SYS(socket), 1,
			    SCMP_A0(SCMP_CMP_EQ, f, 0));
	/* Protocol 0 is NETLINK_ROUTE. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, no, SCMP_SYS(socket), 2,
		    SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
		    SCMP_A2(SCMP_CMP_NE, 0, 0));
	return rc;
}

static bool
enter_seccomp(struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = 0;

	if (ctx == NULL)
		return fail(err, ERR_SYSTEM, "no seccomp filter");
	for (size_t i = 0; i < COUNT_OF(refused) && rc == 0; i++)
		rc =
		    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	/* clone3's flags cannot be looked at; glibc then falls back to clone,
	 * which makes threads and nothing else. */
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* A chmod that libraries do without. */
	if (rc == 0)
		rc =
		    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), FCHMODAT2, 0);
	if (rc == 0)
		rc = refuse_by_argument(ctx);
	if (rc == 0)
		rc = refuse_families(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0)
		return fail(
		    err, ERR_SYSTEM, "seccomp refused: %s", strerror(-rc));
	return true;
}

bool
sandbox_enter_server(
    int db_fd, const char *const *files, size_t n, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "no-new-privileges");
	if (!enter_landlock(db_fd, files, n, err) || !enter_seccomp(err))
		return false;
	check_keys(db_fd);
	return true;
}
