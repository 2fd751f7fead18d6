/*
 * Files of the state directory, for offline commands: paths of the
 * configuration are relative to it.  Reading and writing is util/file.h.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli/cli.h"
#include "codec/csr.h"
#include "util/file.h"

#define CONFIG_FILE_MAX (1u << 20)

/* A path of the configuration as this process can open it. */
const char *state_path(const struct cli *cli, const char *path);
/* The same, beginning with a slash, for people and for other programs. */
const char *path_absolute(const struct cli *cli, const char *path);
/* read_file of ca.h; ctx: the struct cli. */
bool state_file_read(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err);

/* PEM is a third larger than what it holds, and may have text around it. */
#define CSR_FILE_MAX (4 * CSR_MAX)
/* A request's file for the server: PEM as it is, DER as base64 (cert.c). */
json_t *csr_file_json(struct bytes file);

#endif
