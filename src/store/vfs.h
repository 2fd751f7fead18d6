/*
 * Our VFS: the system's default one with few differences.  Fault points
 * ("vfs.write", "vfs.sync", "vfs.truncate") make it fail on demand, fsyncs are
 * counted, what a commit adds to the WAL is one write, and a relative path
 * stays as it is: the server drops its rights with its working directory in the
 * database's folder, and the folders above may not be traversable for it.
 *
 * Thread-safe.
 */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include "util/err.h"

#define VFS_NAME "chancery"

/* Configures SQLite and registers the VFS; the first call does the work. */
bool vfs_register(struct err *err) MUST_CHECK;
/* fsyncs of this process so far. */
uint64_t vfs_syncs(void);

#endif
