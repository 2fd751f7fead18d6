/*
 * Turns at something that costs much: never more at once than `most`, and few
 * that wait for theirs, so that whoever asks for it does not have the time and
 * the threads of everybody else.
 *
 * Thread-safe.
 */
#ifndef UTIL_TURNS_H
#define UTIL_TURNS_H

#include <stdbool.h>

struct turns;

/* Half of the cores, at least one: what is left is for others. */
unsigned turns_half_of_the_cores(void);
struct turns *turns_new(unsigned most, unsigned waiting_max);
void turns_free(struct turns *t);
/* Waits for a turn; false, at once, if too many wait already. */
bool turns_enter(struct turns *t);
void turns_leave(struct turns *t);

#endif
