/*
 * The configured hosts file with its time of change: read again when it
 * changed, kept as it was when it cannot be read.  One thread at a time.
 */
#ifndef NET_PROBE_HOSTS_H
#define NET_PROBE_HOSTS_H

#include "net/hosts_file.h"

struct probe_hosts;

/* ERR_CONFIG when it cannot be read or is larger than HOSTS_MAX_FILE. */
bool probe_hosts_new(
    const char *path, struct probe_hosts **out, struct err *err) MUST_CHECK;
void probe_hosts_free(struct probe_hosts *h);
size_t probe_hosts_find(struct probe_hosts *h, const char *name,
    struct probe_address *out, size_t max);

#endif
