/*
 * Immutable, reference-counted bytes: a cached answer that several threads
 * send.  Thread-safe.
 */
#ifndef UTIL_BLOB_H
#define UTIL_BLOB_H

#include "util/bytes.h"

struct blob;

/* Copies the bytes; one reference. */
struct blob *blob_new(struct bytes d);
/* Takes the memory of buf (empty afterwards) without a copy; its octets before
 * `from` are not the blob's. */
struct blob *blob_adopt(struct buf *buf, size_t from);
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is allowed */
struct bytes blob_bytes(const struct blob *b);

#endif
