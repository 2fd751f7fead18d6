/*
 * libcurl's multi interface on a libevent loop: sockets and timers of all
 * transfers of one thread, the probes' or the outgoing calls'.  Nothing of one
 * transfer is kept for the next: each has a connection of its own.
 */
#ifndef NET_TRANSFERS_H
#define NET_TRANSFERS_H

#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>

struct transfers;

struct transfers *transfers_new(struct event_base *base);
/* No transfer may be left. */
void transfers_free(struct transfers *m);
/*
 * Starts a transfer; done(private, result) comes from the loop, where the
 * private pointer is the handle's CURLOPT_PRIVATE.  The handle is out of the
 * multi by then.
 */
bool transfers_add(
    struct transfers *m, CURL *easy, void (*done)(void *arg, CURLcode result));
/* Gives a running transfer up.  Not from within a callback of libcurl. */
void transfers_remove(struct transfers *m, CURL *easy);

#endif
