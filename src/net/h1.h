/*
 * HTTP/1.1 on a connection: one request after the other, pipelined ones wait
 * in the connection's input.
 */
#ifndef NET_H1_H
#define NET_H1_H

#include "http/parse.h"

struct conn;
struct exchange;

struct h1 {
	enum { H1_HEAD, H1_BODY, H1_WAIT, H1_SEND } phase;
	struct http_scan scan;
	struct http_body body;
	struct exchange *ex; /* none in H1_HEAD */
	bool swallow; /* the answer is there, its body is dropped */
	bool keep; /* the connection, after this answer */
	bool unread; /* the peer may still be sending a body */
	bool consuming; /* h1_input is on the stack */
};

/* Octets from the peer; they need not outlive the call. */
void h1_input(struct conn *c, struct bytes data);
/* The peer sends nothing more. */
void h1_eof(struct conn *c);
/* The socket takes more: goes on with a large body, then with input. */
void h1_writable(struct conn *c);
void h1_answer(struct conn *c, struct exchange *ex);
/* A deadline has passed; false: nothing is to be said, close. */
bool h1_timeout(struct conn *c);
void h1_drain(struct conn *c);
/* Appends status line and fields. */
void h1_write_head(
    struct conn *c, const struct exchange *ex, bool keep, struct buf *out);
/* Has the response a body on the wire? */
bool h1_has_body(const struct exchange *ex);

#endif
