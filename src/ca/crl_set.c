#include <stdlib.h>
#include "ca/crl_set.h"

/* SEQUENCE { INTEGER (20 octets) …: short lengths throughout. */
#define ENTRY_SERIAL_AT 4u

void
crl_set_free(struct crl_set *s)
{
	buf_free(&s->bytes);
	free(s->items);
	*s = (struct crl_set){ 0 };
}

static const uint8_t *
serial_of(const struct crl_item *i, const uint8_t *bytes)
{
	return bytes + i->at + ENTRY_SERIAL_AT;
}

static void
items_reserve(struct crl_set *s, size_t more)
{
	if (s->n + more <= s->cap)
		return;
	s->cap = MAX_OF(s->n + more, s->cap + s->cap / 2 + 16);
	s->items = mem_grow(s->items, s->cap, sizeof(*s->items));
}

void
crl_set_add(struct crl_set *s, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason, int64_t not_after)
{
	size_t at = s->bytes.n;

	crl_entry_put(&s->bytes, bytes_of(serial, SERIAL_SIZE), revoked_at,
	    reason < 0 ? REASON_UNSPECIFIED : (enum crl_reason)reason);
	items_reserve(s, 1);
	s->items[s->n++] = (struct crl_item){ .not_after = not_after,
		.at = (uint32_t)at,
		.size = (uint8_t)(s->bytes.n - at) };
}

void
crl_set_append(struct crl_set *a, struct crl_set *b)
{
	items_reserve(a, b->n);
	for (size_t i = 0; i < b->n; i++) {
		struct crl_item item = b->items[i];

		item.at += (uint32_t)a->bytes.n;
		a->items[a->n++] = item;
	}
	buf_add_bytes(&a->bytes, buf_bytes(&b->bytes));
	crl_set_free(b);
}

static int
item_compare(const void *x, const void *y, void *bytes)
{
	const struct crl_item *a = x, *b = y;
	int order =
	    memcmp(serial_of(a, bytes), serial_of(b, bytes), SERIAL_SIZE);

	/* Of one serial, in the order in which they came. */
	if (order != 0)
		return order;
	return a->at < b->at ? -1 : a->at > b->at;
}

static bool
is_sorted(const struct crl_set *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (item_compare(&s->items[i - 1], &s->items[i], s->bytes.p) >
		    0)
			return false;
	return true;
}

/*
 * A serial may come twice: from the store and from a revocation while it was
 * read, and again when its reason becomes keyCompromise.  The last one wins.
 */
static void
out_add(struct crl_set *out, const struct crl_item *i, const uint8_t *bytes)
{
	struct crl_item item = *i;

	if (i->settled)
		return;
	if (out->n != 0 &&
	    memcmp(serial_of(&out->items[out->n - 1], out->bytes.p),
		serial_of(i, bytes), SERIAL_SIZE) == 0)
		out->bytes.n = out->items[--out->n].at;
	item.at = (uint32_t)out->bytes.n;
	buf_add(&out->bytes, bytes + i->at, i->size);
	out->items[out->n++] = item;
}

void
crl_set_merge(const struct crl_item *base, size_t base_n,
    struct bytes base_bytes, struct crl_set *added, struct crl_set *out)
{
	size_t i = 0, k = 0;

	/* From the store they come in order: a million need no sort then. */
	if (!is_sorted(added))
		qsort_r(added->items, added->n, sizeof(*added->items),
		    item_compare, added->bytes.p);
	items_reserve(out, base_n + added->n);
	buf_reserve(&out->bytes, base_bytes.n + added->bytes.n);
	while (i < base_n || k < added->n) {
		bool from_base = k == added->n ||
		    (i < base_n &&
			memcmp(serial_of(&base[i], base_bytes.p),
			    serial_of(&added->items[k], added->bytes.p),
			    SERIAL_SIZE) <= 0);

		if (from_base)
			out_add(out, &base[i++], base_bytes.p);
		else
			out_add(out, &added->items[k++], added->bytes.p);
	}
}

bool
crl_items_have(const struct crl_item *items, size_t n, struct bytes bytes,
    const uint8_t serial[SERIAL_SIZE])
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(
		    serial_of(&items[mid], bytes.p), serial, SERIAL_SIZE);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

void
crl_state_init(struct crl_state *s)
{
	*s = (struct crl_state){ 0 };
	pthread_mutex_init(&s->lock, NULL);
}

void
crl_state_done(struct crl_state *s)
{
	blob_unref(s->blob);
	free(s->items);
	crl_set_free(&s->pending);
	pthread_mutex_destroy(&s->lock);
}
