/*
 * Byte ranges and growing buffers.  A struct bytes borrows; a struct buf owns.
 */
#ifndef UTIL_BYTES_H
#define UTIL_BYTES_H

#include <string.h>
#include "util/err.h"

struct bytes {
	const uint8_t *p;
	size_t n;
};

#define BYTES_NONE ((struct bytes){ NULL, 0 })

static inline struct bytes
bytes_of(const void *p, size_t n)
{
	return (struct bytes){ (const uint8_t *)p, n };
}

static inline struct bytes
bytes_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
bytes_is(struct bytes a, const char *s)
{
	return bytes_equal(a, bytes_str(s));
}

/* memcmp order, shorter first on a tie. */
int bytes_compare(struct bytes a, struct bytes b);
/* In constant time for equal lengths. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* A number in n octets, the first one the highest; n at most 8. */
static inline uint64_t
bytes_get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Of a larger v the lowest n octets. */
static inline void
bytes_put_be(uint8_t *p, size_t n, uint64_t v)
{
	for (size_t i = n; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

/*
 * A growing buffer, without a cap of its own: whatever grows by outside input
 * is checked against a cap before it is appended.
 */
struct buf {
	uint8_t *p;
	size_t n, cap;
};

void buf_free(struct buf *b);
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_bytes(struct buf *b, struct bytes d);
void buf_add_str(struct buf *b, const char *s);
void buf_add_byte(struct buf *b, uint8_t c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/* Removes n bytes at the front. */
void buf_drop(struct buf *b, size_t n);
static inline struct bytes
buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->p, b->n };
}
/* Ends with a NUL that n does not count. */
const char *buf_cstr(struct buf *b);

#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf

#endif
