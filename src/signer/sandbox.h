/*
 * What the signer may still do once it has keys, journal and sockets: read,
 * write and sync what is open, answer, take memory, end.  No file can be opened
 * (Landlock, and seccomp), no socket made, no code mapped, nobody traced.
 */
#ifndef SIGNER_SANDBOX_H
#define SIGNER_SANDBOX_H

#include "util/err.h"

/*
 * Called once, in a process of one thread, after everything is loaded.
 * ERR_SYSTEM. A kernel without Landlock is told of in the log; seccomp is
 * demanded. Sanitized builds have neither: their runtime would not work.
 */
bool signer_sandbox_enter(struct err *err) MUST_CHECK;

#endif
