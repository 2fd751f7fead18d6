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
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is allowed */
struct bytes blob_bytes(const struct blob *b);

#endif
