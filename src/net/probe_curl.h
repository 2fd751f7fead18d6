/*
 * libcurl's multi interface on the probe loop's events: sockets and timers of
 * all transfers.  Probe thread only.
 */
#ifndef NET_PROBE_CURL_H
#define NET_PROBE_CURL_H

#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>

struct probe_multi;

struct probe_multi *probe_multi_new(struct event_base *base);
/* No transfer may be left. */
void probe_multi_free(struct probe_multi *m);
/*
 * Starts a transfer; done(private, result) comes from the loop, where the
 * private pointer is the handle's CURLOPT_PRIVATE.  The handle is out of the
 * multi by then.
 */
bool probe_multi_add(struct probe_multi *m, CURL *easy,
    void (*done)(void *arg, CURLcode result));
/* Gives a running transfer up.  Not from within a callback of libcurl. */
void probe_multi_remove(struct probe_multi *m, CURL *easy);

#endif
