#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "crypto/digest.h"
#include "crypto/random.h"
#include "signer/sandbox.h"
#include "util/log.h"
#include "util/own.h"

#ifdef CHANCERY_SANITIZED

/*
 * The runtime needs far more calls, and when it looks for leaks it traces its
 * own process and reads /proc.
 */
static bool
enter(struct err *err)
{
	(void)err;
	log_event(LOG_WARN, "sandbox-left-out",
	    LF_STR("means", "this build is for finding mistakes, not for use"));
	return true;
}

#else

/* ---- Landlock: every right handled, none granted ---- */

/* As of the newest ABI; older kernels take a prefix. */
struct ruleset {
	uint64_t fs, net, scoped;
};

static void
ruleset_for(int abi, struct ruleset *r, size_t *size)
{
	/* Rights of files by ABI: 13, then REFER, TRUNCATE, IOCTL_DEV. */
	unsigned rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	*r = (struct ruleset){ .fs = (UINT64_C(1) << rights) - 1 };
	*size = sizeof(r->fs);
	if (abi >= 4) {
		r->net = 3; /* bind and connect, TCP */
		*size = offsetof(struct ruleset, scoped);
	}
	if (abi >= 6) {
		r->scoped = 3; /* abstract sockets, signals */
		*size = sizeof(*r);
	}
}

static bool
enter_landlock(struct err *err)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules;
	AUTO_FD fd = -1;
	size_t size;

	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_event(LOG_WARN, "landlock-unavailable",
		    LF_STR("means",
			"seccomp alone keeps the signer from "
			"files"));
		return true;
	}
	if (abi < 0)
		return fail_errno(err, ERR_SYSTEM, "no Landlock version");
	ruleset_for(abi, &rules, &size);
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return fail_errno(err, ERR_SYSTEM, "no Landlock ruleset");
	if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "Landlock refused");
	return true;
}

/* ---- seccomp ---- */

/* Whatever its arguments are; everything else ends the process. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(lseek),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(close),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	SCMP_SYS(futex),
	SCMP_SYS(fstat),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(signalfd4),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#ifdef CHANCERY_FAULTS
	SCMP_SYS(kill),
	SCMP_SYS(pause),
#endif
};

/*
 * Refused without ending the process: what a library may try and does without
 * (a locale, a time zone, an entropy file).
 */
static const int refused[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(stat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(ioctl),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
};

static int
add_rules(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp not_code =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp seals = SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS, 0);
	const struct scmp_arg_cmp self =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	int rc = 0;

	for (size_t i = 0; i < COUNT_OF(allowed) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < COUNT_OF(refused) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &not_code);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &not_code);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, &seals);
	/* abort(): so that the supervisor sees which it was. */
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);
	return rc;
}

static bool
enter_seccomp(struct err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (f == NULL)
		return fail(err, ERR_SYSTEM, "no seccomp filter");
	rc = add_rules(f);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	if (rc != 0)
		return fail(err, ERR_SYSTEM, "seccomp refused: %s",
		    strerrordesc_np(-rc));
	return true;
}

static bool
enter(struct err *err)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "process stays dumpable");
	return enter_landlock(err) && enter_seccomp(err);
}

#endif

/* What opens a file or starts something at its first use, used once. */
static void
warm_up(void)
{
	struct random r = random_system();
	uint8_t out[32];

	random_fill(&r, out, sizeof(out));
	digest_sha256(bytes_of(out, sizeof(out)), out);
}

bool
signer_sandbox_enter(struct err *err)
{
	warm_up();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_errno(err, ERR_SYSTEM, "no-new-privileges");
	return enter(err);
}
