/*
 * Memory that cannot fail, and macros that every file may want.
 *
 * Running out of memory ends the process (design section 3, invariant 6): all
 * effects are durable or never happened, and the supervisor starts it again.
 * So no caller checks for NULL, and no length from outside reaches these
 * functions without a cap of its own.
 */
#ifndef UTIL_MEM_H
#define UTIL_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(a, b) __attribute__((format(printf, a, b)))
#define UNUSED __attribute__((unused))
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* Zeroed memory; n == 0 gives a unique pointer.  Free with free(). */
void *mem_alloc(size_t n);
/* Zeroed array of n elements; overflow ends the process. */
void *mem_array(size_t n, size_t size);
void *mem_grow(void *p, size_t n, size_t size);
char *mem_strdup(const char *s);
void *mem_dup(const void *p, size_t n);
char *mem_printf(const char *fmt, ...) PRINTF(1, 2);

/* Takes ownership of *p and leaves NULL: TAKE(c) in a return. */
#define TAKE(p)                                                                \
	({                                                                     \
		__typeof__(p) take_ = (p);                                     \
		(p) = NULL;                                                    \
		take_;                                                         \
	})

#endif
