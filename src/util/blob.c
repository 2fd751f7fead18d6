#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "util/blob.h"

struct blob {
	atomic_uint refs;
	size_t n;
	uint8_t data[];
};

struct blob *
blob_new(struct bytes d)
{
	struct blob *b = mem_grow(NULL, sizeof(*b) + d.n, 1);

	atomic_init(&b->refs, 1);
	b->n = d.n;
	if (d.n != 0)
		memcpy(b->data, d.p, d.n);
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
	if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
		free(b);
}

struct bytes
blob_bytes(const struct blob *b)
{
	return bytes_of(b->data, b->n);
}
