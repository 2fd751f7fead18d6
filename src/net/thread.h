/* Threads of the net layer: named, with a small stack, all signals blocked. */
#ifndef NET_THREAD_H
#define NET_THREAD_H

#include <pthread.h>
#include "util/err.h"

bool thread_start(pthread_t *t, const char *name, void *(*main)(void *),
    void *arg, struct err *err) MUST_CHECK;

#endif
