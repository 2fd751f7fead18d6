/*
 * An arena holds what lives as long as a request.  It adopts objects of other
 * libraries, which are freed in reverse order when the arena is reset or freed.
 * One thread at a time.
 */
#ifndef UTIL_ARENA_H
#define UTIL_ARENA_H

#include "util/bytes.h"
#include "util/own.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Frees everything adopted and allocated, keeps the first block. */
void arena_reset(struct arena *a);
/* It holds a secret from now on: all pieces of it are wiped with it, also those
 * that were given before.  Until the next reset. */
void arena_hold_secret(struct arena *a);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_array(struct arena *a, size_t n, size_t size);
void *arena_dup(struct arena *a, const void *p, size_t n);
struct bytes arena_bytes(struct arena *a, struct bytes src);
char *arena_strdup(struct arena *a, const char *s);
/* A NUL-terminated copy of a range. */
char *arena_str(struct arena *a, struct bytes src);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_adopt_fn(struct arena *a, void *obj, void (*free_fn)(void *));
/* Moves a buffer's memory into the arena; the buf is empty afterwards. */
struct bytes arena_take_buf(struct arena *a, struct buf *b);

/* arena_adopt(arena, X509, TAKE(c)): needs OWN_DEFINE(X509, …). */
#define ARENA_ADOPTER(T)                                                       \
	static inline void arena_free_##T(void *p)                             \
	{                                                                      \
		T *t_ = (T *)p;                                                \
		own_free_##T(&t_);                                             \
	}
#define arena_adopt(a, T, obj)                                                 \
	({                                                                     \
		T *obj_ = (obj);                                               \
		arena_adopt_fn((a), obj_, arena_free_##T);                     \
		obj_;                                                          \
	})

static inline void
own_free_arena(struct arena **a)
{
	arena_free(*a);
}
#define AUTO_ARENA __attribute__((cleanup(own_free_arena))) struct arena

#endif
