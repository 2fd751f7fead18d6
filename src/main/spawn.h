/* fork and exec of the same binary as a child with closed descriptors, an empty
 * environment and its own uid. */
#ifndef MAIN_SPAWN_H
#define MAIN_SPAWN_H

#include "main/users.h"

/* role: "server" or "signer"; channel becomes the child's descriptor 3;
 * directory (-1: the root) its working directory. */
bool spawn_child(const char *role, int channel, int directory,
    const struct user *user, bool change_user, pid_t *pid,
    struct err *err) MUST_CHECK;
/* No core dumps, no ptrace by the own uid, no new privileges. */
bool spawn_harden(struct err *err) MUST_CHECK;

#endif
