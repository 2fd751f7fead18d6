#include "child.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "signer/sandbox.h"
#include "util/fault.h"
#include "util/log.h"

/* Where the child finds its sockets; all others are closed on exec. */
#define CHILD_REQUESTS 100
#define CHILD_CONTROL 101

void
child_pair(int fds[2])
{
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
}

void
child_use_real_time(struct world *w)
{
	struct clock c = clock_system(0);

	w->now_us = clock_now_us(&c);
	w->limits.ca_not_after = world_now(w) + 1000 * WORLD_DAY;
}

static void
save(const struct world *w, const char *suffix, struct bytes content)
{
	AUTO_STR *path = mem_printf("%s.%s", w->path, suffix);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
	assert_int_equal(fclose(f), 0);
}

static struct bytes
load(const char *journal, const char *suffix, struct arena *a)
{
	AUTO_STR *path = mem_printf("%s.%s", journal, suffix);
	uint8_t *p = arena_alloc(a, 65536);
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(p, 1, 65536, f);

	if (f != NULL)
		fclose(f);
	unlink(path);
	return bytes_of(p, n);
}

static void
save_key(const struct world *w, const char *suffix, const struct privkey *key)
{
	AUTO_BUF pem = { 0 };
	struct err err = { 0 };

	assert_true(privkey_encode(key, NULL, &pem, &err));
	save(w, suffix, buf_bytes(&pem));
}

static bool
prepare(const char *journal, struct arena *a, struct signer_core **core,
    struct err *err)
{
	static const char *const keys[] = { "ca", "responder" };
	int fd = open(journal, O_RDWR | O_APPEND | O_CLOEXEC);
	struct signer_limits *limits;
	size_t n;

	if (fd < 0 || !signer_core_new(fd, clock_system(0), core, err))
		return false;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct privkey *key;

		if (!privkey_load(load(journal, keys[i], a), NULL, &key, err))
			return false;
		if (i == 0)
			signer_core_add_key(*core, key);
		else
			signer_core_add_responder(*core, key);
	}
	return signer_limits_decode(
		   load(journal, "limits", a), a, &limits, &n, err) &&
	    signer_core_set_limits(*core, limits, n, err) &&
	    signer_sandbox_enter(err);
}

int
child_dispatch(int argc, char **argv)
{
	struct signer_core *core = NULL;
	AUTO_ARENA *a = NULL;
	struct err err = { 0 };
	int status = 99;

	if (argc != 4 || strcmp(argv[1], "--child") != 0)
		return -1;
	a = arena_new();
	if (!prepare(argv[2], a, &core, &err))
		log_err(LOG_ERROR, "child", &err);
	else if (fault_init_from(argv[3]))
		status =
		    signer_process_run(core, CHILD_REQUESTS, CHILD_CONTROL);
	signer_core_free(core);
	return status;
}

pid_t
child_start(struct world *w, int requests, int control, const char *fault)
{
	char *const argv[] = { (char[]){ "signer" }, (char[]){ "--child" },
		w->path, (char *)(uintptr_t)(fault == NULL ? "" : fault),
		NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	save_key(w, "ca", w->ca);
	save_key(w, "responder", w->responder);
	save(w, "limits", signer_limits_encode(&w->limits, 1, w->arena));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, requests, CHILD_REQUESTS);
	posix_spawn_file_actions_adddup2(&actions, control, CHILD_CONTROL);
	assert_int_equal(
	    posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ),
	    0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

int
child_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
