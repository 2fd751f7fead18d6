/*
 * What the server process may still do once it has everything that it needs:
 * Landlock down to the database's folder (never keys/), and a seccomp filter
 * without new programs, new processes, tracing or foreign memory.
 * (The signer's own, far narrower one is in signer/sandbox.h.)
 */
#ifndef MAIN_SANDBOX_H
#define MAIN_SANDBOX_H

#include "util/err.h"

/* Called once, before any thread; db_fd is the database's folder; files are
 * what the configuration lets it read besides (hosts file, trust anchor; NULL:
 * none). */
bool sandbox_enter_server(
    int db_fd, const char *const *files, size_t n, struct err *err) MUST_CHECK;

#endif
