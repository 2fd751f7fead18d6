/*
 * Which uids the processes run as.  Started as root: the server is `chancery`,
 * the signer `chancery-signer` (configuration keys user and signer_user), and
 * the supervisor stays root.  Started as a user: one uid for all.
 */
#ifndef MAIN_USERS_H
#define MAIN_USERS_H

#include <sys/types.h>
#include "config/config.h"

struct user {
	const char *name;
	uid_t uid;
	gid_t gid;
	bool exists; /* an account of the system has it */
};

struct users {
	bool separate; /* started as root */
	struct user server, signer;
};

/*
 * Without accounts of these names (no sysusers run) fixed numbers that no
 * distribution hands out serve instead, so that the processes are apart all
 * the same; `exists` is false then, and the log says so.
 */
void users_find(const struct config *config, struct users *out);
/* For good: groups, gid and uid, saved ones too. */
bool user_become(const struct user *u, struct err *err) MUST_CHECK;
/* Gives db/ and what lies in it to the server. */
bool users_own_database(
    const struct users *u, int state_fd, struct err *err) MUST_CHECK;

#endif
