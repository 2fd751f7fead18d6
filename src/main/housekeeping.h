/*
 * Housekeeping, one thread: CRLs that are due, validations that are due, the
 * server's own certificate, cleaning, and what /readyz tells.
 */
#ifndef MAIN_HOUSEKEEPING_H
#define MAIN_HOUSEKEEPING_H

#include "main/server.h"

struct housekeeping;

/* One round, done before the server says that it is ready. */
void housekeeping_measure(struct server *s);
struct housekeeping *housekeeping_start(struct server *s);
void housekeeping_stop(struct housekeeping *h);

#endif
