#include <errno.h>
#include <signal.h>
#include "net/thread.h"

/* Untouched pages cost nothing, but 32 times 8 MiB of them look bad. */
#define STACK (1u << 20)

bool
thread_start(pthread_t *t, const char *name, void *(*main)(void *), void *arg,
    struct err *err)
{
	char own[16] = "";
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	pthread_attr_init(&attr);
#ifndef CHANCERY_SANITIZED
	pthread_attr_setstacksize(&attr, STACK);
#endif
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* Inherited: a process that is not dumpable may name itself alone. */
	pthread_getname_np(pthread_self(), own, sizeof(own));
	pthread_setname_np(pthread_self(), name);
	r = pthread_create(t, &attr, main, arg);
	pthread_setname_np(pthread_self(), own);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		errno = r;
		return fail_errno(err, ERR_SYSTEM, "no thread for a %s", name);
	}
	return true;
}
