#include <stdlib.h>
#include "ca/crl_set.h"

uint32_t
crl_end_of(int64_t not_after)
{
	if (not_after <= CRL_SETTLED)
		return CRL_SETTLED + 1;
	return not_after >= UINT32_MAX ? UINT32_MAX : (uint32_t)not_after;
}

void
crl_set_free(struct crl_set *s)
{
	buf_free(&s->bytes);
	free(s->ends);
	*s = (struct crl_set){ 0 };
}

static const uint8_t *
serial_at(const uint8_t *entry)
{
	return entry + CRL_SERIAL_AT;
}

/* Serials of 20 octets: the first 8 decide nearly always. */
static int
serial_compare(const uint8_t *a, const uint8_t *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	x = __builtin_bswap64(x);
	y = __builtin_bswap64(y);
	if (x != y)
		return x < y ? -1 : 1;
	return memcmp(a + sizeof(x), b + sizeof(y), SERIAL_SIZE - sizeof(x));
}

void
crl_set_add(struct crl_set *s, const uint8_t serial[SERIAL_SIZE],
    int64_t revoked_at, int reason, int64_t not_after)
{
	crl_entry_put(&s->bytes, bytes_of(serial, SERIAL_SIZE), revoked_at,
	    reason < 0 ? REASON_UNSPECIFIED : (enum crl_reason)reason);
	if (s->n == s->cap) {
		s->cap = s->cap + s->cap / 2 + 16;
		s->ends = mem_grow(s->ends, s->cap, sizeof(*s->ends));
	}
	s->ends[s->n++] = crl_end_of(not_after);
}

/* ---- sorting ---- */

struct item {
	const uint8_t *entry;
	size_t i; /* when it was added */
};

static int
item_compare(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int order = serial_compare(serial_at(a->entry), serial_at(b->entry));

	if (order != 0)
		return order;
	return a->i < b->i ? -1 : 1;
}

static bool
is_sorted(const struct crl_set *s)
{
	const uint8_t *p = s->bytes.p;

	for (size_t i = 1; i < s->n; i++) {
		const uint8_t *next = p + crl_entry_octets(p);

		if (serial_compare(serial_at(p), serial_at(next)) >= 0)
			return false;
		p = next;
	}
	return true;
}

void
crl_set_sort(struct crl_set *s)
{
	struct crl_set out = { 0 };
	struct item *items;
	const uint8_t *p = s->bytes.p;

	/* From the store they come in order: a million need no sort then. */
	if (is_sorted(s))
		return;
	items = mem_grow(NULL, s->n, sizeof(*items));
	for (size_t i = 0; i < s->n; i++) {
		items[i] = (struct item){ p, i };
		p += crl_entry_octets(p);
	}
	qsort(items, s->n, sizeof(*items), item_compare);
	out.cap = s->n;
	out.ends = mem_grow(NULL, out.cap, sizeof(*out.ends));
	buf_reserve(&out.bytes, s->bytes.n);
	for (size_t i = 0; i < s->n; i++) {
		if (i + 1 < s->n &&
		    serial_compare(serial_at(items[i].entry),
			serial_at(items[i + 1].entry)) == 0)
			continue;
		buf_add(&out.bytes, items[i].entry,
		    crl_entry_octets(items[i].entry));
		out.ends[out.n++] = s->ends[items[i].i];
	}
	free(items);
	crl_set_free(s);
	*s = out;
}

/* ---- merging ---- */

struct merge {
	const struct crl_list *base;
	const uint8_t *p, *end; /* of the base, what is next */
	const uint8_t *run; /* begin of what is copied together */
	size_t i, run_i;
	struct buf *out;
	uint32_t *ends;
	size_t n;
};

/* What was passed over since the run began is taken in one copy. */
static void
run_take(struct merge *m)
{
	size_t octets = (size_t)(m->p - m->run), entries = m->i - m->run_i;

	if (entries == 0)
		return;
	buf_add(m->out, m->run, octets);
	memcpy(m->ends + m->n, m->base->ends + m->run_i,
	    entries * sizeof(*m->ends));
	m->n += entries;
	m->run = m->p;
	m->run_i = m->i;
}

static void
base_skip(struct merge *m)
{
	run_take(m);
	m->p += crl_entry_octets(m->p);
	m->i++;
	m->run = m->p;
	m->run_i = m->i;
}

/* Takes the base's entries before the serial; one of this serial is left out.
 * NULL: all that remain. */
static void
base_until(struct merge *m, const uint8_t *serial)
{
	while (m->p < m->end) {
		int order = serial == NULL
		    ? -1
		    : serial_compare(serial_at(m->p), serial);

		if (order > 0)
			break;
		if (order == 0 || m->base->ends[m->i] == CRL_SETTLED) {
			base_skip(m);
			continue;
		}
		m->p += crl_entry_octets(m->p);
		m->i++;
	}
	run_take(m);
}

void
crl_merge(const struct crl_list *base, const struct crl_set *added,
    struct buf *out, uint32_t **ends, size_t *n)
{
	const uint8_t *p = added->bytes.p;
	struct merge m = { .base = base,
		.p = base->bytes.p,
		.end = base->n == 0 ? base->bytes.p
				    : base->bytes.p + base->bytes.n,
		.run = base->bytes.p,
		.out = out };

	m.ends = mem_grow(NULL, base->n + added->n + 1, sizeof(*m.ends));
	buf_reserve(out, base->bytes.n + added->bytes.n);
	for (size_t i = 0; i < added->n; i++) {
		base_until(&m, serial_at(p));
		buf_add(out, p, crl_entry_octets(p));
		m.ends[m.n++] = added->ends[i];
		p += crl_entry_octets(p);
	}
	base_until(&m, NULL);
	*ends = m.ends;
	*n = m.n;
}

void
crl_set_unite(struct crl_set *a, struct crl_set *b)
{
	const struct crl_list base = { buf_bytes(&a->bytes), a->ends, a->n };
	struct crl_set out = { 0 };

	if (b->n == 0)
		return;
	if (a->n == 0) {
		crl_set_free(a);
		*a = *b;
		*b = (struct crl_set){ 0 };
		return;
	}
	crl_merge(&base, b, &out.bytes, &out.ends, &out.n);
	out.cap = out.n;
	crl_set_free(a);
	crl_set_free(b);
	*a = out;
}

/* ---- walking ---- */

struct crl_cursor
crl_cursor_of(struct bytes entries)
{
	return (struct crl_cursor){ .p = entries.p,
		.end = entries.n == 0 ? entries.p : entries.p + entries.n };
}

bool
crl_cursor_seek(struct crl_cursor *c, const uint8_t serial[SERIAL_SIZE])
{
	while (c->p < c->end) {
		int order = serial_compare(serial_at(c->p), serial);

		if (order >= 0)
			return order == 0;
		c->p += crl_entry_octets(c->p);
		c->i++;
	}
	return false;
}
