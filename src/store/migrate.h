/*
 * Schema versions: one file of SQL per issue in migrations/, embedded at build
 * time, run in one transaction.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/db.h"

struct migration {
	int version;
	const char *sql;
};
/* Made by cmake/Migrations.cmake; rising versions, ends with version 0. */
extern const struct migration migrations[];

/* Brings the database to the newest version.  ERR_CONFLICT: it is of a newer
 * program, or not ours.  After a failure the connection must be closed. */
bool migrate(struct db *db, struct err *err) MUST_CHECK;
/* The file's own version; 0 for an empty one.  ERR_CONFLICT: not ours. */
bool migrate_version(struct db *db, int64_t *out, struct err *err) MUST_CHECK;
/* The newest version of this program. */
int migrate_newest(void);

#endif
