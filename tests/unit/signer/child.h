/*
 * A signer process for the tests: the test program once more, over a world's
 * journal and keys.  Started anew, not just forked: threads may be running.
 */
#ifndef UNIT_SIGNER_CHILD_H
#define UNIT_SIGNER_CHILD_H

#include <sys/types.h>
#include "world.h"

/* First thing in main(): the exit status if this is a child, or -1. */
int child_dispatch(int argc, char **argv);
/* A SOCK_SEQPACKET pair: [0] ours, [1] the signer's. */
void child_pair(int fds[2]);
/* The world's time is that of the system from now on, as the child's is. */
void child_use_real_time(struct world *w);
/* fault: CHANCERY_FAULT's value or NULL.  The descriptors stay open here. */
pid_t child_start(
    struct world *w, int requests, int control, const char *fault);
/* Its exit status, or minus the signal. */
int child_wait(pid_t pid);

#endif
