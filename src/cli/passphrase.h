/*
 * The passphrase of the keys for offline commands: as `serve` finds it, but
 * never asked for.
 */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "cli/cli.h"
#include "util/secret.h"

#define PASSPHRASE_KEPT "keys/passphrase"

/*
 * The file named on the command line (NULL: none), the systemd credential, the
 * environment, keys/passphrase.  *out is NULL when there is none anywhere.
 */
bool cli_passphrase(const struct cli *cli, const char *file,
    struct secret **out, struct err *err) MUST_CHECK;

#endif
