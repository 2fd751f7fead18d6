/*
 * Files of the state directory, for offline commands: paths of the
 * configuration are relative to it.  Reading and writing is util/file.h.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli/cli.h"
#include "util/file.h"

#define CONFIG_FILE_MAX (1u << 20)

/* A path of the configuration as this process can open it. */
const char *state_path(const struct cli *cli, const char *path);
/* The same, beginning with a slash, for people and for other programs. */
const char *path_absolute(const struct cli *cli, const char *path);
/* read_file of ca.h; ctx: the struct cli. */
bool state_file_read(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err);

#endif
