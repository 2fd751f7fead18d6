/*
 * Ownership inside a function: AUTO(X509) *c = …; frees c when it goes out of
 * scope, TAKE(c) (mem.h) gives it away.  OWN_DEFINE(X509, X509_free) makes a
 * type usable with AUTO; the free function must accept NULL.
 */
#ifndef UTIL_OWN_H
#define UTIL_OWN_H

#include <stdio.h>
#include <stdlib.h>
#include "util/mem.h"

#define OWN_DEFINE(T, free_fn)                                                 \
	static inline void own_free_##T(T **p)                                 \
	{                                                                      \
		if (*p != NULL)                                                \
			free_fn(*p);                                           \
	}
#define AUTO(T) __attribute__((cleanup(own_free_##T))) T

static inline void
own_free_char(char **p)
{
	free(*p);
}

static inline void
own_free_fd(int *fd)
{
	extern int close(int);

	if (*fd >= 0)
		close(*fd);
}

/* An int descriptor closed at the end of its scope; -1 is none. */
#define AUTO_FD __attribute__((cleanup(own_free_fd))) int
#define AUTO_STR __attribute__((cleanup(own_free_char))) char

#endif
