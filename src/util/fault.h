/*
 * Fault points: named places where a test may kill the process or make a step
 * fail.  CHANCERY_FAULT=<point>:<n>:kill|eio|enospc acts on the nth passage,
 * with <n>+ on every passage from the nth on (a disk that stays full).
 * Compiled in with CHANCERY_FAULTS only; otherwise FAULT() is nothing and
 * FAULT_ERRNO() is 0.
 *
 * Every point is a row of fault_points[] in fault.c (serve --list-faults), so
 * that a test can walk them all.  A point that acts first writes
 * "fault <point> reached" to standard error: a test proves that it was reached.
 */
#ifndef UTIL_FAULT_H
#define UTIL_FAULT_H

#include "util/mem.h"

#ifdef CHANCERY_FAULTS
/* Kills the process here if asked to; else returns 0, EIO or ENOSPC. */
int fault_pass(const char *point);
#define FAULT(point) ((void)fault_pass(point))
#define FAULT_ERRNO(point) fault_pass(point)
#else
#define FAULT(point) ((void)0)
#define FAULT_ERRNO(point) 0
#endif

/*
 * Reads CHANCERY_FAULT; false if it names no point or is malformed, and in a
 * build without fault points if it is set at all.
 */
bool fault_init(void);
/* The same from a given value (children get it from the supervisor). */
bool fault_init_from(const char *value);
/* NULL-terminated; empty in builds without fault points. */
const char *const *fault_list(void);

#endif
