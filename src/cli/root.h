/* Which file holds the root certificate that clients are to trust. */
#ifndef CLI_ROOT_H
#define CLI_ROOT_H

#include "cli/cli.h"

struct root_file {
	const char *path; /* absolute */
	const char *sha256; /* of the DER, lower-case hex */
	const char *subject;
};

/* False when no configured certificate or chain has a self-signed one. */
bool root_find(
    const struct cli *cli, const struct config *config, struct root_file *out);

#endif
