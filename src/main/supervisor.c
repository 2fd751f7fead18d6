#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "codec/cert.h"
#include "main/child.h"
#include "main/ready.h"
#include "main/spawn.h"
#include "main/supervisor.h"
#include "main/supervisor_state.h"
#include "main/testing.h"
#include "net/listen.h"
#include "signer/signer.h"
#include "util/fault.h"
#include "util/log.h"

/* How long a draining server may take before it is killed. */
#define DRAIN_US 30000000

/* Takes the next of systemd's descriptors that has the kind. */
static int
take_adopted(struct net_listener *adopted, size_t n, enum listener_kind kind)
{
	for (size_t i = 0; i < n; i++)
		if (adopted[i].kind == kind && adopted[i].fd >= 0) {
			int fd = adopted[i].fd;

			adopted[i].fd = -1;
			return fd;
		}
	return -1;
}

static bool
open_listeners(struct supervisor *s, struct err *err)
{
	struct net_listener adopted[LISTENERS_MAX];
	size_t n;

	if (s->loaded.config->listen_n > LISTENERS_MAX)
		return fail(err, ERR_CONFIG,
		    "%zu listeners, expected at most %u",
		    s->loaded.config->listen_n, LISTENERS_MAX);
	if (!net_listen_adopt(adopted, COUNT_OF(adopted), &n, err))
		return false;
	for (size_t i = 0; i < s->loaded.config->listen_n; i++) {
		const struct config_listen *l = &s->loaded.config->listen[i];
		int fd = take_adopted(adopted, n, l->kind);

		if (fd < 0 && !net_listen_open(l, &fd, err))
			return false;
		s->listeners[s->listeners_n++] = fd;
	}
	s->control = take_adopted(adopted, n, LISTENER_CONTROL);
	/* systemd has given its socket's mode already. */
	if (s->control >= 0)
		return true;
	return net_listen_unix(
		   s->loaded.config->control_socket, &s->control, err) &&
	    (s->loaded.config->control_group == NULL ||
		net_listen_unix_share(s->loaded.config->control_socket,
		    s->loaded.config->control_group, err));
}

/* ---- the loop ---- */

static void
server_says(struct supervisor *s)
{
	AUTO_ARENA *a = arena_new();
	struct boot_message m;
	struct err err = { 0 };

	if (!boot_receive(s->server.channel, a, &m, &err)) {
		/* Its end is noticed by waitpid; without a channel it is
		 * nobody's, so it has one coming. */
		close(s->server.channel);
		s->server.channel = -1;
		if (s->server.pid != 0)
			kill(s->server.pid, SIGKILL);
		return;
	}
	if (m.fd >= 0)
		close(m.fd);
	if (m.type == BOOT_RELOADED)
		reload_end(s, m.body.n == 0 ? NULL : arena_str(a, m.body));
	if (m.type != BOOT_READY || s->server.ready)
		return;
	s->server.ready = s->was_ready = true;
	/* One that was handed out while there was no server. */
	reload_end(s, NULL);
	ready_announce(s->ready_fd);
	s->ready_fd = -1;
	log_event(
	    LOG_INFO, "ready", LF_STR("base_url", s->loaded.config->base_url));
}

static void
stop(struct supervisor *s)
{
	struct err err = { 0 };

	if (s->stopping)
		return;
	s->stopping = true;
	ready_tell("STOPPING=1");
	log_event(LOG_INFO, "stopping", LF_INT("drain_s", DRAIN_US / 1000000));
	if (s->server.pid != 0 &&
	    (s->server.channel < 0 ||
		!boot_send(
		    s->server.channel, BOOT_DRAIN, BYTES_NONE, -1, &err)))
		kill(s->server.pid, SIGKILL);
	s->stop_us = clock_monotonic_us();
}

/* The server ends first: what it finishes may still need the signer. */
static bool
stopped(struct supervisor *s)
{
	if (!s->stopping)
		return false;
	if (s->server.pid != 0) {
		if (clock_monotonic_us() - s->stop_us > DRAIN_US)
			kill(s->server.pid, SIGKILL);
		return false;
	}
	if (s->signer.pid != 0) {
		int64_t now = clock_monotonic_us();

		if (s->signer.told_us == 0) {
			kill(s->signer.pid, SIGTERM);
			s->signer.told_us = now;
		} else if (now - s->signer.told_us > SIGNER_END_US) {
			kill(s->signer.pid, SIGKILL);
		}
		return false;
	}
	return true;
}

/* What a child told as its mistake would be the same at the next start. */
static void
give_up(struct supervisor *s)
{
	if (!s->misconfigured || s->stopping)
		return;
	log_event(LOG_ERROR, "not-started",
	    LF_STR("means",
		"a child refuses what it was given; mend that "
		"and start again"));
	s->stopping = true;
	s->stop_us = clock_monotonic_us();
	if (s->server.pid != 0)
		kill(s->server.pid, SIGKILL);
}

static void
take_signals(struct supervisor *s, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload_begin(s);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(s);
	}
	children_reap(s);
}

static int
run(struct supervisor *s)
{
	sigset_t set;
	int signals;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!stopped(s)) {
		struct pollfd fds[2] = { { signals, POLLIN, 0 },
			{ s->server.channel, POLLIN, 0 } };

		children_restart_due(s, &s->signer);
		children_restart_due(s, &s->server);
		children_check_start(s);
		reload_check_time(s);
		fds[1].fd = s->server.channel;
		if (poll(fds, 2, 200) < 0 && errno != EINTR)
			break;
		if (fds[1].revents != 0)
			server_says(s);
		take_signals(s, signals);
		give_up(s);
	}
	close(signals);
	unlinkat(s->state.fd, s->loaded.config->control_socket, 0);
	unlinkat(s->state.fd, "run/pid", 0);
	unlinkat(s->state.fd, "run/listen.json", 0);
	log_event(LOG_INFO, "stopped", LF_INT("pid", getpid()));
	return s->misconfigured ? EXIT_REFUSED : EXIT_DONE;
}

/* What is left are descriptors, which end with the process. */
static void
supervisor_done(struct supervisor *s)
{
	loaded_free(&s->before);
	loaded_free(&s->loaded);
	secret_free(s->passphrase);
	buf_free(&s->signer_keys);
	free(s->config_path);
}

static bool
prepare(struct supervisor *s, const char *passphrase_file, struct err *err)
{
	/* Two of them would write one journal.  Some file systems lock nothing;
	 * there the ports and the control socket must tell. */
	if (flock(s->state.fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return fail(err, ERR_CONFLICT,
		    "%s is served already: another chancery serve holds it",
		    s->state.path);
	if (s->testing && !testing_check(&s->state, s->loaded.config, err))
		return false;
	/* Its file is named from where the operator stands. */
	if (!passphrase_find(&passphrase_online, passphrase_file, s->state.fd,
		true, &s->passphrase, err))
		return false;
	/* The control socket's default path is relative to the state. */
	if (fchdir(s->state.fd) != 0)
		return fail_errno(err, ERR_SYSTEM, "%s", s->state.path);
	users_find(s->loaded.config, &s->users);
	return handover_open(s, err) && spawn_harden(err) &&
	    users_own_database(&s->users, s->state.fd, err) &&
	    boot_pair(s->signer_pair, err) && open_listeners(s, err) &&
	    ready_write_files(&s->state, s->loaded.config, s->listeners, err);
}

static void
log_users(const struct supervisor *s)
{
	if (!s->users.separate)
		log_event(LOG_WARN, "one-uid",
		    LF_STR("means",
			"not started as root: supervisor, signer and server "
			"share one uid; Landlock and seccomp keep the server "
			"from keys/"));
	else if (!s->users.server.exists || !s->users.signer.exists)
		log_event(LOG_WARN, "no-accounts",
		    LF_INT("server_uid", s->users.server.uid),
		    LF_INT("signer_uid", s->users.signer.uid),
		    LF_STR("mend",
			"systemd-sysusers with the shipped "
			"sysusers.d/chancery.conf"));
	if (s->testing)
		log_event(LOG_WARN, "testing",
		    LF_STR("means", "serve --testing: this CA is for tests"));
}

/* From the state directory to two started children. */
static bool
start(struct supervisor *s, const char *passphrase_file, struct err *err)
{
	if (!state_read(&s->state, s->config_path, 1u << 20, s->loaded.arena,
		&s->loaded.text, err))
		return false;
	log_init(s->loaded.config->log.format, s->loaded.config->log.level,
	    "supervisor");
	if (!prepare(s, passphrase_file, err))
		return false;
	log_users(s);
	return children_start(s, &s->signer, err) &&
	    children_start(s, &s->server, err);
}

int
main_serve(struct cli *cli)
{
	struct serve_options o;
	struct err err = { 0 };
	struct supervisor s = { .signer = { .role = "signer", .channel = -1 },
		.server = { .role = "server", .channel = -1 },
		.control = -1,
		.journal = -1,
		.signer_limits = -1 };
	int status;

	if (!serve_options_parse(cli, &o, &err))
		return cli_fail(cli, EXIT_USAGE, &err);
	if (o.list_faults) {
		for (const char *const *f = fault_list(); *f != NULL; f++)
			puts(*f);
		return EXIT_DONE;
	}
	s.ready_fd = o.ready_fd;
	s.testing = o.testing;
	s.fault = getenv("CHANCERY_FAULT");
	/* Absolute: the state directory becomes the working directory. */
	s.config_path = realpath(cli->config_path, NULL);
	if (s.config_path == NULL)
		s.config_path = mem_strdup(cli->config_path);
	if (!state_open(cli->state, &s.state, &err)) {
		supervisor_done(&s);
		return cli_fail(cli, EXIT_REFUSED, &err);
	}
	s.loaded =
	    (struct loaded){ .config = cli_config(cli), .arena = arena_new() };
	if (s.loaded.config == NULL)
		status = EXIT_REFUSED;
	else if (!start(&s, o.passphrase_file, &err))
		status = cli_fail(cli, EXIT_REFUSED, &err);
	else
		status = run(&s);
	supervisor_done(&s);
	return status;
}
