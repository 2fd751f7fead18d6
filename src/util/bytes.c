#include <stdio.h>
#include <stdlib.h>
#include "util/bytes.h"

int
bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = MIN_OF(a.n, b.n);
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0)
		return c;
	return (a.n > b.n) - (a.n < b.n);
}

bool
bytes_equal_secret(struct bytes a, struct bytes b)
{
	const volatile uint8_t *pa = a.p, *pb = b.p;
	uint8_t diff = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff = (uint8_t)(diff | (pa[i] ^ pb[i]));
	return diff == 0;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_reserve(struct buf *b, size_t more)
{
	size_t want, cap = b->cap;

	if (more <= b->cap - b->n)
		return;
	if (__builtin_add_overflow(b->n, more, &want) || want > SIZE_MAX / 4)
		want = SIZE_MAX; /* ends the process in mem_grow */
	if (cap < 64)
		cap = 64;
	while (cap < want && cap <= SIZE_MAX / 4)
		cap *= 2;
	b->p = mem_grow(b->p, MAX_OF(cap, want), 1);
	b->cap = MAX_OF(cap, want);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_add_bytes(struct buf *b, struct bytes d)
{
	buf_add(b, d.p, d.n);
}

void
buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_add_byte(struct buf *b, uint8_t c)
{
	if (b->n == b->cap)
		buf_reserve(b, 1);
	b->p[b->n++] = c;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_reserve(b, 128);
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if ((size_t)n >= b->cap - b->n) {
		buf_reserve(b, (size_t)n + 1);
		va_start(ap, fmt);
		vsnprintf((char *)b->p + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

const char *
buf_cstr(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = '\0';
	return (const char *)b->p;
}
