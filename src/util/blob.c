#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "util/blob.h"

struct blob {
	atomic_uint refs;
	struct bytes bytes;
	void *adopted; /* what the bytes lie in; NULL: behind this struct */
	uint8_t data[];
};

struct blob *
blob_new(struct bytes d)
{
	struct blob *b = mem_grow(NULL, sizeof(*b) + d.n, 1);

	atomic_init(&b->refs, 1);
	b->adopted = NULL;
	b->bytes = bytes_of(b->data, d.n);
	if (d.n != 0)
		memcpy(b->data, d.p, d.n);
	return b;
}

struct blob *
blob_adopt(struct buf *buf, size_t from)
{
	struct blob *b = mem_alloc(sizeof(*b));

	atomic_init(&b->refs, 1);
	b->adopted = buf->p;
	b->bytes = bytes_of(buf->p + from, buf->n - from);
	*buf = (struct buf){ 0 };
	return b;
}

struct blob *
blob_ref(struct blob *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void
blob_unref(struct blob *b)
{
	if (b == NULL)
		return;
	/* Release our reads before, acquire everybody's before the free. */
	if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(b->adopted);
	free(b);
}

struct bytes
blob_bytes(const struct blob *b)
{
	return b->bytes;
}
