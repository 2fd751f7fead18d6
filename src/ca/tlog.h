/*
 * The log's tree as the server keeps it: grows it from the rows once a second,
 * has its head signed, stores checkpoint and full tiles, and serves them
 * (C2SP tlog-tiles).  Off the commit path: issuance never waits for it.
 *
 * tlog_run is called by one thread; the rest by any.  What is served belongs to
 * a checkpoint that is durable.
 */
#ifndef CA_TLOG_H
#define CA_TLOG_H

#include "codec/tile.h"
#include "crypto/lane.h"
#include "signer/signer.h"
#include "store/store.h"
#include "util/blob.h"

struct tlog;

struct tlog_deps {
	struct store *store;
	struct signer signer;
	struct lanes *lanes;
	struct clock clock;
};

/* Loads the last checkpoint and the tree's right edge.  A log that does not fit
 * its checkpoint is ERR_STORE: `log verify` tells more. */
bool tlog_new(const struct tlog_deps *deps, struct tlog **out,
    struct err *err) MUST_CHECK;
void tlog_free(struct tlog *t);
/*
 * Signs a checkpoint if the log has grown and the last one is a second old.
 * Cheap when there is nothing to do.  A failure is told once for each cause
 * and tried again.
 */
bool tlog_run(struct tlog *t, struct err *err) MUST_CHECK;

/* The newest checkpoint; one reference, or NULL before the first one. */
struct blob *tlog_checkpoint(struct tlog *t, char etag[67], int64_t *at);
/* The first width hashes of a tile of the checkpoint's tree; may read the
 * store.  ERR_NOT_FOUND. */
bool tlog_tile(struct tlog *t, const struct tile *tile, struct arena *a,
    struct bytes *out, struct err *err) MUST_CHECK;
/* Entries of the newest checkpoint. */
uint64_t tlog_size(struct tlog *t);
/* Entries that no checkpoint covers yet, when the log was looked at last. */
uint64_t tlog_waiting(struct tlog *t);

#endif
