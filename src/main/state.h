/*
 * The state directory: chancery.yaml keys/ certs/ db/ crl/ run/.  Paths in the
 * configuration are relative to it.  Only the supervisor and offline commands
 * open it by name; the server gets contents and descriptors (boot.h).
 */
#ifndef MAIN_STATE_H
#define MAIN_STATE_H

#include "util/arena.h"
#include "util/own.h"

struct state {
	const char *path; /* as given */
	int fd; /* O_PATH-like directory descriptor */
};

bool state_open(
    const char *path, struct state *out, struct err *err) MUST_CHECK;
void state_close(struct state *s);
/* Makes the directory and its parts; what exists stays as it is. */
bool state_create(
    const char *path, struct state *out, struct err *err) MUST_CHECK;
bool state_exists(const struct state *s, const char *path);
/* At most max octets, relative to the state directory or absolute. */
bool state_read(const struct state *s, const char *path, size_t max,
    struct arena *a, struct bytes *out, struct err *err) MUST_CHECK;
/* Fails with ERR_CONFLICT when the file exists; fsync'ed. */
bool state_write_new(const struct state *s, const char *path, unsigned mode,
    struct bytes content, struct err *err) MUST_CHECK;
/* Replaces atomically: temporary file, fsync, rename, fsync of the folder. */
bool state_replace(const struct state *s, const char *path, unsigned mode,
    struct bytes content, struct err *err) MUST_CHECK;
/* Draws keys/seal, which is not there. */
bool seal_key_make(const struct state *s, struct err *err) MUST_CHECK;
/* read_file of ca.h over a struct state. */
bool state_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err);

#endif
