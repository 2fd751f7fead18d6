/*
 * run/listen.json: where the running server really listens, which a port 0 in
 * the configuration does not tell.  One thread.
 */
#ifndef CLI_BOUND_H
#define CLI_BOUND_H

#include "cli/cli.h"

struct bound_listener {
	const char *kind; /* "https" */
	const char *address; /* "127.0.0.1:40123" */
	int64_t port;
};

struct bound {
	bool alive; /* the process that wrote it is there */
	int64_t pid;
	struct bound_listener *v;
	size_t n;
};

/* Without the file, or when its process is gone, *out is not alive. */
void bound_read(const struct cli *cli, struct bound *out);
/* 0 when there is no such listener. */
int64_t bound_port(const struct bound *b, const char *kind);
/* An URL of the configuration; ":0" at its end becomes the bound port, which is
 * known only while the server runs. */
const char *bound_url(const struct cli *cli, const struct bound *b,
    const char *kind, const char *url);

#endif
