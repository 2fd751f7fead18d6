/*
 * Held replies (design section 3, invariant 2).  A handler that started a job
 * opens a ticket for it BEFORE the job can finish and returns
 * http_wait(resp, ticket, ms, second_half, ctx).  The loop holds the reply; no
 * thread does.  http_waits_signal(job) releases every ticket of that job.
 * Thread-safe; at most max tickets are held, beyond that http_ticket_new
 * returns NULL and the handler answers at once.
 */
#ifndef HTTP_WAIT_H
#define HTTP_WAIT_H

#include "http/message.h"

struct http_waits;
struct http_ticket;

struct http_waits *http_waits_new(size_t max);
void http_waits_free(struct http_waits *w);
/* job is any text that names the awaited thing: an authz id, an order id. */
struct http_ticket *http_ticket_new(struct http_waits *w, const char *job);
/* For a handler that gives up before it returned the ticket. */
void http_ticket_drop(struct http_ticket *t);
void http_wait(struct http_resp *resp, struct http_ticket *t, int64_t ms,
    void (*then)(void *ctx, struct http_req *req, struct http_resp *resp),
    void *ctx);
/* Any thread: the outcome of the job is committed. */
void http_waits_signal(struct http_waits *w, const char *job);

/*
 * For the net layer.  Arms a ticket: fire(arg) is called exactly once, from
 * any thread, when the job is signalled; at once if it already was; never
 * after a successful cancel.
 *
 * The one who armed it gives the ticket back with http_ticket_cancel, after
 * fire too: true if fire never was and never will be called, false if it was
 * or is being called.  (Tickets not given back go with http_waits_free.)
 */
void http_ticket_arm(struct http_ticket *t, void (*fire)(void *arg), void *arg);
bool http_ticket_cancel(struct http_ticket *t);
/* Tickets that are held now, for the metrics. */
size_t http_waits_held(struct http_waits *w);

#endif
