#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "util/mem.h"

static _Noreturn void
mem_die(const char *why)
{
	static const char head[] = "chancery: out of memory: ";

	/* Nothing here may allocate. */
	if (write(2, head, sizeof(head) - 1) < 0 ||
	    write(2, why, strlen(why)) < 0 || write(2, "\n", 1) < 0)
		abort();
	abort();
}

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n == 0 ? 1 : n);

	if (p == NULL)
		mem_die("allocation failed");
	return p;
}

void *
mem_array(size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		mem_die("array size overflows");
	return mem_alloc(total);
}

void *
mem_grow(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		mem_die("array size overflows");
	p = realloc(p, total == 0 ? 1 : total);
	if (p == NULL)
		mem_die("growing failed");
	return p;
}

char *
mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

void *
mem_dup(const void *p, size_t n)
{
	void *copy = malloc(n == 0 ? 1 : n);

	if (copy == NULL)
		mem_die("allocation failed");
	if (n != 0)
		memcpy(copy, p, n);
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		mem_die("formatting failed");
	va_end(ap);
	return s;
}
