/*
 * cmocka with the headers that it wants before it.  Its fail() is taken away:
 * util/err.h has one; a test says fail_msg() or asserts.
 */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#undef fail
/* cmocka's own ends in the fail() that was just taken away. */
#undef fail_msg
#define fail_msg(...)                                                          \
	do {                                                                   \
		print_error("ERROR: " __VA_ARGS__);                            \
		print_error("\n");                                             \
		_fail(__FILE__, __LINE__);                                     \
	} while (0)

#endif
