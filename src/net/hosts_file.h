/*
 * A hosts file (hosts(5)): addresses for names, before DNS is asked.  Immutable
 * once parsed; it lives in the arena that it was parsed into.
 */
#ifndef NET_HOSTS_FILE_H
#define NET_HOSTS_FILE_H

#include "net/probe_address.h"

#define HOSTS_MAX_FILE (1u << 20)

struct hosts;

/* Lines that are not of the form are skipped, as every resolver does. */
struct hosts *hosts_parse(struct bytes text, struct arena *a);
/* Appends to out (room for max) the addresses of the name; how many. */
size_t hosts_find(const struct hosts *h, const char *name,
    struct probe_address *out, size_t max);
/* Entries in all. */
size_t hosts_count(const struct hosts *h);

#endif
