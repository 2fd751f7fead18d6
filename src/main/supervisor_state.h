/* What the supervisor holds, between supervisor.c (life), children.c (who
 * runs), handover.c (what a child is given) and reload.c. */
#ifndef MAIN_SUPERVISOR_STATE_H
#define MAIN_SUPERVISOR_STATE_H

#include "main/boot.h"
#include "cli/passphrase.h"
#include "main/state.h"
#include "main/users.h"

#define LISTENERS_MAX 32u

struct child {
	const char *role;
	pid_t pid; /* 0: not running */
	int channel; /* our end of the boot channel; -1 */
	unsigned starts; /* how often it was started */
	int64_t started_us, delay_us, restart_us;
	bool ready;
	int64_t told_us; /* when it was told to leave; 0: not yet */
	bool status_only; /* server: the store broke under the last one */
};

/* A configuration with its text, as one load made it. */
struct loaded {
	struct config *config; /* NULL: none */
	struct arena *arena; /* of the text */
	struct bytes text;
};

struct supervisor {
	struct state state;
	char *config_path;
	struct loaded loaded;
	/* While a reload has no answer: what worked before it. */
	struct loaded before;
	int64_t reload_us; /* monotonic; when it was handed out */
	bool reload_again; /* SIGHUP came meanwhile */
	struct users users;
	struct secret *passphrase;
	int listeners[LISTENERS_MAX]; /* by index in config.listen */
	size_t listeners_n;
	int control;
	int signer_pair[2]; /* requests: [0] server's end, [1] signer's */
	int signer_limits; /* our end of the signer's limits socket */
	struct buf signer_keys; /* which key files it was started with */
	int64_t stop_us; /* monotonic; when stopping began */
	int journal;
	int node;
	const char *fault;
	bool testing;
	int ready_fd;
	struct child signer, server;
	bool stopping;
	bool was_ready; /* the server was, at least once */
	bool misconfigured; /* a child said so before that: give up */
};

/* Opens keys, journal and node, and checks that all of it is there. */
bool handover_open(struct supervisor *s, struct err *err) MUST_CHECK;
/* Everything that the signer starts from, then BOOT_GO. */
bool handover_signer(
    struct supervisor *s, int limits_fd, struct err *err) MUST_CHECK;
/* Likewise for the server. */
bool handover_server(struct supervisor *s, struct err *err) MUST_CHECK;
/* Configuration, files and TLS key to a running server, then BOOT_RELOAD. */
bool handover_reload(struct supervisor *s, struct err *err) MUST_CHECK;
/* The signer's limits, from configuration and certificates. */
bool handover_limits(struct supervisor *s, struct arena *a, struct bytes *json,
    struct err *err) MUST_CHECK;

/* Has the configuration other CA keys than those that the signer holds? */
bool handover_keys_differ(struct supervisor *s);

/* The signer finishes one batch. */
#define SIGNER_END_US 5000000

/* Forks it and hands everything over. */
bool children_start(
    struct supervisor *s, struct child *c, struct err *err) MUST_CHECK;
/* Those that have ended are started again, after a while if they did so at
 * once. */
void children_reap(struct supervisor *s);
void children_restart_due(struct supervisor *s, struct child *c);
/* A server that never says READY is hung: started again like a dead one. */
void children_check_start(struct supervisor *s);
/* Ends the signer and starts it with the configuration that counts now; true
 * when it has opened its keys.  What the server asks meanwhile waits. */
bool children_restart_signer(struct supervisor *s, struct err *err) MUST_CHECK;

/* SIGHUP: reads the configuration and hands it out; the answer comes later. */
void reload_begin(struct supervisor *s);
/* The answer: NULL, or why the old configuration comes back. */
void reload_end(struct supervisor *s, const char *refused);
/* A server that never answers is hung. */
void reload_check_time(struct supervisor *s);
void loaded_free(struct loaded *l);

#endif
