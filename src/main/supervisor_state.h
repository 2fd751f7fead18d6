/* What the supervisor holds, between supervisor.c (life) and handover.c (what a
 * child is given). */
#ifndef MAIN_SUPERVISOR_STATE_H
#define MAIN_SUPERVISOR_STATE_H

#include "main/boot.h"
#include "main/passphrase.h"
#include "main/state.h"
#include "main/users.h"

#define LISTENERS_MAX 32u

struct child {
	const char *role;
	pid_t pid;		/* 0: not running */
	int channel;		/* our end of the boot channel; -1 */
	unsigned starts;	/* how often it was started */
	int64_t started_us, delay_us, restart_us;
	bool ready;
	bool drained;		/* told to leave */
	bool status_only;	/* server: the store broke under the last one */
};

struct supervisor {
	struct state state;
	const char *config_path;
	struct arena *arena;	/* of what lives as long as the process */
	struct config *config;
	struct arena *config_arena;	/* of the text below */
	struct bytes config_text;
	struct users users;
	struct secret *passphrase;
	int listeners[LISTENERS_MAX];	/* by index in config.listen */
	size_t listeners_n;
	int control;
	int signer_pair[2];	/* requests: [0] server's end, [1] signer's */
	int signer_limits;	/* our end of the signer's limits socket */
	int64_t stop_us;	/* monotonic; when stopping began */
	int journal;
	int node;
	const char *fault;
	bool testing;
	int ready_fd;
	struct child signer, server;
	bool stopping;
};

/* Opens keys, journal and node, and checks that all of it is there. */
bool handover_open(struct supervisor *s, struct err *err) MUST_CHECK;
/* Everything that the signer starts from, then BOOT_GO. */
bool handover_signer(struct supervisor *s, int limits_fd, struct err *err)
    MUST_CHECK;
/* Likewise for the server. */
bool handover_server(struct supervisor *s, struct err *err) MUST_CHECK;
/* Configuration and files to a running server, then BOOT_RELOAD. */
bool handover_reload(struct supervisor *s, struct err *err) MUST_CHECK;
/* The signer's limits, from configuration and certificates. */
bool handover_limits(struct supervisor *s, struct arena *a,
    struct bytes *json, struct err *err) MUST_CHECK;

#endif
