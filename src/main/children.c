#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "main/child.h"
#include "main/spawn.h"
#include "main/supervisor_state.h"
#include "util/log.h"
#include "util/times.h"

/* A child that lived shorter than this died at once: back off. */
#define SHORT_LIFE_US 5000000
#define DELAY_MIN_US 100000
#define DELAY_MAX_US 10000000
/* It opens its keys, each behind a slow password hash. */
#define SIGNER_START_US 30000000
/* From the first message to READY, with recovery and whatever it waits for. */
#define START_US 300000000

bool
children_start(struct supervisor *s, struct child *c, struct err *err)
{
	bool is_server = c == &s->server;
	AUTO_FD db = -1;
	int pair[2], limits[2] = { -1, -1 };
	bool ok;

	if (!boot_pair(pair, err))
		return false;
	if (is_server)
		db = openat(
		    s->state.fd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (!boot_pair(limits, err)) {
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	ok = spawn_child(c->role, pair[1], db,
	    is_server ? &s->users.server : &s->users.signer, s->users.separate,
	    &c->pid, err);
	close(pair[1]);
	if (c->channel >= 0)
		close(c->channel);
	c->channel = pair[0];
	c->starts++;
	c->ready = false;
	c->told_us = 0;
	c->started_us = clock_monotonic_us();
	ok = ok &&
	    (is_server ? handover_server(s, err)
		       : handover_signer(s, limits[1], err));
	if (!is_server) {
		close(limits[1]);
		if (s->signer_limits >= 0)
			close(s->signer_limits);
		s->signer_limits = limits[0];
	}
	if (ok)
		log_event(LOG_INFO, "child-started", LF_STR("role", c->role),
		    LF_INT("child", c->pid));
	return ok;
}

/* It has finished its batch, or it has not: the same bytes come again. */
static void
end_signer(struct supervisor *s)
{
	struct child *c = &s->signer;
	int64_t until = clock_monotonic_us() + SIGNER_END_US;
	int status;

	if (c->pid == 0)
		return;
	kill(c->pid, SIGTERM);
	while (waitpid(c->pid, &status, WNOHANG) == 0) {
		if (clock_monotonic_us() > until)
			kill(c->pid, SIGKILL);
		poll(NULL, 0, 5);
	}
	log_event(LOG_INFO, "child-replaced", LF_STR("role", c->role),
	    LF_INT("child", c->pid));
	c->pid = 0;
	close(c->channel);
	c->channel = -1;
}

/* Its word that it has opened its keys and taken its limits. */
static bool
await_signer(struct supervisor *s, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct pollfd fd = { s->signer.channel, POLLIN, 0 };
	struct boot_message m;
	struct err why = { 0 };

	while (poll(&fd, 1, SIGNER_START_US / 1000) < 0 && errno == EINTR)
		continue;
	if (fd.revents == 0)
		return fail(err, ERR_SIGNER,
		    "the signer has not opened its keys within %d s",
		    SIGNER_START_US / 1000000);
	if (!boot_receive(s->signer.channel, a, &m, &why) ||
	    m.type != BOOT_READY)
		return fail(err, ERR_CONFIG,
		    "the signer refuses the keys of this configuration; its "
		    "lines of the log say why");
	return true;
}

bool
children_restart_signer(struct supervisor *s, struct err *err)
{
	end_signer(s);
	if (children_start(s, &s->signer, err) && await_signer(s, err))
		return true;
	/* Whoever asked goes back to what worked; else it is tried again. */
	end_signer(s);
	s->signer.restart_us = clock_monotonic_us() + DELAY_MIN_US;
	return false;
}

static void
child_died(struct supervisor *s, struct child *c, int status)
{
	int64_t lived = clock_monotonic_us() - c->started_us;

	log_event(s->stopping ? LOG_INFO : LOG_ERROR, "child-ended",
	    LF_STR("role", c->role), LF_INT("child", c->pid),
	    LF_INT("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
	    LF_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
	    LF_INT("lived_ms", lived / 1000));
	c->status_only =
	    WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STORE_BROKEN;
	/* At the first start there is somebody who reads why. */
	if (!s->was_ready && WIFEXITED(status) &&
	    WEXITSTATUS(status) == EXIT_MISCONFIGURED)
		s->misconfigured = true;
	c->pid = 0;
	if (c->channel >= 0)
		close(c->channel);
	c->channel = -1;
	c->delay_us = lived >= SHORT_LIFE_US ? DELAY_MIN_US
	    : c->delay_us == 0		     ? DELAY_MIN_US
			       : MIN_OF(c->delay_us * 2, DELAY_MAX_US);
	c->restart_us = clock_monotonic_us() + c->delay_us;
	if (c == &s->server)
		reload_end(s, "the server ended before it answered");
}

void
children_reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->signer.pid)
			child_died(s, &s->signer, status);
		else if (pid == s->server.pid)
			child_died(s, &s->server, status);
	}
}

void
children_restart_due(struct supervisor *s, struct child *c)
{
	struct err err = { 0 };

	if (s->stopping || c->pid != 0 || clock_monotonic_us() < c->restart_us)
		return;
	/* A fork that fails is tried again, not at once. */
	c->restart_us = clock_monotonic_us() + DELAY_MAX_US;
	if (children_start(s, c, &err))
		return;
	log_event(LOG_ERROR, "child-not-started", LF_STR("role", c->role),
	    LF_STR("shown", err.shown), LF_STR("detail", err.detail));
	if (c->pid != 0)
		kill(c->pid, SIGKILL);
}

void
children_check_start(struct supervisor *s)
{
	struct child *c = &s->server;

	if (c->pid == 0 || c->ready || s->stopping ||
	    clock_monotonic_us() - c->started_us < START_US)
		return;
	log_event(LOG_ERROR, "child-hung", LF_STR("role", c->role),
	    LF_INT("child", c->pid), LF_INT("start_s", START_US / 1000000));
	kill(c->pid, SIGKILL);
	c->started_us = clock_monotonic_us();
}
