/*
 * Files that offline commands read and write: whole, capped, and replaced
 * atomically.  Paths of the configuration are relative to the state directory.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli/cli.h"

#define CONFIG_FILE_MAX (1u << 20)

/* ERR_NOT_FOUND when there is none; a NUL follows the bytes. */
bool file_read(const char *path, size_t max, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;
/* Temporary file, fsync, rename, fsync of the folder. */
bool file_replace(const char *path, unsigned mode, struct bytes content,
    struct err *err) MUST_CHECK;
/* Never over another file; fsync'ed. */
bool file_write_new(const char *path, unsigned mode, struct bytes content,
    struct err *err) MUST_CHECK;
/* A path of the configuration as this process can open it. */
const char *state_path(const struct cli *cli, const char *path);
/* The same, beginning with a slash, for people and for other programs. */
const char *path_absolute(const struct cli *cli, const char *path);
/* read_file of ca.h; ctx: the struct cli. */
bool state_file_read(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err);

#endif
