/*
 * How the outside learns that the server answers: run/listen.json and run/pid
 * before, then sd_notify and the descriptor of --ready-fd.
 */
#ifndef MAIN_READY_H
#define MAIN_READY_H

#include "config/config.h"
#include "main/state.h"

/* run/pid and run/listen.json with the bound addresses (port 0 is allowed). */
bool ready_write_files(const struct state *s, const struct config *c,
    const int *listeners, struct err *err) MUST_CHECK;
/* Tells systemd and writes "ready\n" to fd (-1: none), which it closes. */
void ready_announce(int fd);
/* One sd_notify line; nothing happens without NOTIFY_SOCKET. */
void ready_tell(const char *line);

#endif
