/* The copy of a store that a backup makes, in one call. */
#ifndef SUPPORT_STORE_COPY_H
#define SUPPORT_STORE_COPY_H

#include "store/store.h"

static inline bool
store_copy(const char *path, const char *to_path, struct err *err)
{
	struct store_snapshot *s;
	bool ok;

	if (!store_snapshot_begin(path, &s, err))
		return false;
	store_snapshot_go_on(s);
	ok = store_snapshot_copy(s, to_path, err);
	store_snapshot_end(s);
	return ok;
}

#endif
