#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "util/arena.h"
#include "util/secret.h"

#define ARENA_ALIGN 16u
#define ARENA_FIRST 8192u
#define ARENA_BLOCK 32768u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ARENA_ALIGN) uint8_t data[];
};

struct arena_adopted {
	struct arena_adopted *next;
	void *obj;
	void (*free_fn)(void *);
};

struct arena {
	struct arena_block *first;
	/* Where the next small piece comes from: first or a later block. */
	struct arena_block *current;
	struct arena_block *others;
	struct arena_adopted *adopted;
	bool secret;
};

static struct arena_block *
block_new(size_t size)
{
	struct arena_block *b;

	b = mem_grow(NULL, sizeof(*b) + size, 1);
	b->next = NULL;
	b->used = 0;
	b->size = size;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a = mem_alloc(sizeof(*a));

	a->first = block_new(ARENA_FIRST);
	a->current = a->first;
	return a;
}

void
arena_hold_secret(struct arena *a)
{
	a->secret = true;
}

static void
block_wipe(const struct arena *a, struct arena_block *b)
{
	if (a->secret)
		secret_wipe(b->data, b->used);
}

void
arena_reset(struct arena *a)
{
	/* An object's free function may look at older ones: newest first. */
	while (a->adopted != NULL) {
		struct arena_adopted *d = a->adopted;

		a->adopted = d->next;
		d->free_fn(d->obj);
	}
	while (a->others != NULL) {
		struct arena_block *b = a->others;

		a->others = b->next;
		block_wipe(a, b);
		free(b);
	}
	block_wipe(a, a->first);
	a->first->used = 0;
	a->secret = false;
	a->current = a->first;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a->first);
	free(a);
}

/* Uninitialized memory. */
static void *
arena_raw(struct arena *a, size_t n)
{
	struct arena_block *b = a->current;
	void *p;

	if (n > SIZE_MAX / 2)
		return mem_array(n, SIZE_MAX); /* ends the process */
	n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (n == 0)
		n = ARENA_ALIGN;
	if (n > b->size - b->used) {
		/* A large piece gets a block of its own, so that what is left
		 * of the current one stays in use. */
		b = block_new(n > ARENA_BLOCK / 4 ? n : ARENA_BLOCK);
		b->next = a->others;
		a->others = b;
		if (b->size == ARENA_BLOCK)
			a->current = b;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	return memset(arena_raw(a, n), 0, n);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return mem_array(n, size); /* ends the process */
	return arena_alloc(a, total);
}

void *
arena_dup(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_raw(a, n);

	if (n != 0)
		memcpy(copy, p, n);
	return copy;
}

struct bytes
arena_bytes(struct arena *a, struct bytes src)
{
	return bytes_of(arena_dup(a, src.p, src.n), src.n);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s) + 1);
}

char *
arena_str(struct arena *a, struct bytes src)
{
	char *s = arena_raw(a, src.n + 1);

	if (src.n != 0)
		memcpy(s, src.p, src.n);
	s[src.n] = '\0';
	return s;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char small[256];
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if ((size_t)n < sizeof(small))
		return arena_dup(a, small, (size_t)n + 1);
	s = arena_raw(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
arena_adopt_fn(struct arena *a, void *obj, void (*free_fn)(void *))
{
	struct arena_adopted *d = arena_raw(a, sizeof(*d));

	d->next = a->adopted;
	d->obj = obj;
	d->free_fn = free_fn;
	a->adopted = d;
}

struct bytes
arena_take_buf(struct arena *a, struct buf *b)
{
	struct bytes d = buf_bytes(b);

	if (b->p != NULL)
		arena_adopt_fn(a, b->p, free);
	*b = (struct buf){ 0 };
	return d;
}
