/*
 * The supervisor (`chancery serve`): keeps listeners, key descriptors and the
 * passphrase; parses nothing after the configuration; starts signer and server,
 * and starts again what dies.  One thread.
 */
#ifndef MAIN_SUPERVISOR_H
#define MAIN_SUPERVISOR_H

#include "cli/cli.h"

/* `serve [--ready-fd N] [--testing] [--passphrase-file F] [--list-faults]` */
int main_serve(struct cli *cli);

struct serve_options {
	int ready_fd; /* -1: none */
	bool testing, list_faults;
	const char *passphrase_file;
};
bool serve_options_parse(
    struct cli *cli, struct serve_options *out, struct err *err) MUST_CHECK;

#endif
