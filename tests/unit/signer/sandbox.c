#include "signer/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"

/* What a taken signer would try; each in a process of its own. */

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 &&
		(errno == EPERM || errno == EACCES)
	    ? 0
	    : 1;
}

static int
try_create(void)
{
	return open("/tmp/chancery-escape", O_CREAT | O_WRONLY, 0600) < 0 ? 0
									  : 1;
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 2;
}

static int
try_fork(void)
{
	return fork() >= 0 ? 1 : 2;
}

static int
try_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL) == 0 ? 1 : 2;
}

static int
try_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? 1 : 2;
}

static int
try_unlink(void)
{
	return unlink("/tmp/chancery-nothing") == 0 ? 1 : 2;
}

static int
try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 1 : 2;
}

static const struct {
	const char *name;
	int (*attempt)(void);
	int status; /* what comes of it: an exit status or -signal */
} attempts[] = {
	{ "open", try_open, 0 },
	{ "create", try_create, 0 },
	{ "socket", try_socket, -SIGSYS },
	{ "fork", try_fork, -SIGSYS },
	{ "exec", try_exec, -SIGSYS },
	{ "code", try_code, -SIGSYS },
	{ "unlink", try_unlink, -SIGSYS },
	{ "dumpable", try_dumpable, -SIGSYS },
};

static int
attempt_in_sandbox(int (*attempt)(void))
{
	struct err err = { 0 };

	if (!signer_sandbox_enter(&err)) {
		print_error("%s %s\n", err.shown, err.detail);
		return 99;
	}
	return attempt();
}

static int
run(int (*attempt)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(attempt_in_sandbox(attempt));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
test_attempts(void **state)
{
	(void)state;
#ifdef CHANCERY_SANITIZED
	/* Left out of such builds; the signer says so in its log. */
	(void)attempts;
	(void)run;
#else
	for (size_t i = 0; i < COUNT_OF(attempts); i++) {
		print_message("%s\n", attempts[i].name);
		assert_int_equal(run(attempts[i].attempt), attempts[i].status);
	}
#endif
}

/* Every kind of key signs, logs and syncs inside: no call was forgotten. */
static int
work(void)
{
	static const struct {
		enum key_alg alg;
		unsigned bits;
	} kinds[] = { { KEY_RSA, 2048 }, { KEY_EC_P256, 0 }, { KEY_EC_P384, 0 },
		{ KEY_EC_P521, 0 }, { KEY_ED25519, 0 } };
	struct privkey *keys[COUNT_OF(kinds)];
	struct err err = { 0 };
	struct world w;
	struct signer_core *core;
	struct cert_spec leaf;
	struct signer_request req;

	world_make(&w);
	core = world_core(&w);
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (!privkey_generate(
			kinds[i].alg, kinds[i].bits, &keys[i], &err))
			return 3;
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	unlink(w.path);
	if (!signer_sandbox_enter(&err))
		return 4;
	for (int round = 0; round < 50; round++)
		for (size_t i = 0; i < COUNT_OF(kinds); i++) {
			AUTO_BUF sig = { 0 };

			if (!privkey_sign(keys[i], req.tbs, &sig, &err))
				return 5;
		}
	for (int round = 0; round < 50; round++) {
		AUTO_BUF sig = { 0 };

		signer_core_sign(core, &req, 1, &sig, &err);
		if (err.kind != ERR_NONE)
			return 6;
	}
	/* An error with its text, as the log writes it. */
	req.tbs = bytes_str("x");
	req.position++;
	{
		AUTO_BUF sig = { 0 };

		signer_core_sign(core, &req, 1, &sig, &err);
	}
	return err.kind == ERR_SIGNER_REFUSED ? 0 : 7;
}

static void
test_work_goes_on(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(work());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_work_goes_on),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
