/*
 * Whole files: read with a cap, made without overwriting, replaced atomically.
 * Paths are relative to a folder's descriptor, or with the short forms to the
 * working directory.  Not for streams and not for the database.
 */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <fcntl.h>
#include "util/arena.h"

/*
 * Everything from the file's start (of a pipe: until it ends), a NUL behind it;
 * more than max octets are ERR_TOO_LARGE.  `shown` names it in messages.
 */
bool file_read_fd(int fd, const char *shown, size_t max, struct arena *a,
    struct bytes *out, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND when there is none. */
bool file_read_at(int folder, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err) MUST_CHECK;
/* ERR_CONFLICT when there is one; fsync'ed with its folder. */
bool file_write_new_at(int folder, const char *path, unsigned mode,
    struct bytes content, struct err *err) MUST_CHECK;
/* Temporary file, fsync, rename, fsync of the folder. */
bool file_replace_at(int folder, const char *path, unsigned mode,
    struct bytes content, struct err *err) MUST_CHECK;

static inline bool MUST_CHECK
file_read(const char *path, size_t max, struct arena *a, struct bytes *out,
    struct err *err)
{
	return file_read_at(AT_FDCWD, path, max, a, out, err);
}

static inline bool MUST_CHECK
file_write_new(
    const char *path, unsigned mode, struct bytes content, struct err *err)
{
	return file_write_new_at(AT_FDCWD, path, mode, content, err);
}

static inline bool MUST_CHECK
file_replace(
    const char *path, unsigned mode, struct bytes content, struct err *err)
{
	return file_replace_at(AT_FDCWD, path, mode, content, err);
}

#endif
