/*
 * HTTP/2 on a connection, by nghttp2 (RFC 9113).  What a client can do to cost
 * us more than it costs him is counted: rapid reset (CVE-2023-44487) and resets
 * that it makes us send, SETTINGS, PING and PRIORITY floods, empty DATA,
 * CONTINUATION floods (CVE-2024-27316).
 */
#ifndef NET_H2_H
#define NET_H2_H

#include <nghttp2/nghttp2.h>
#include "util/bytes.h"

struct conn;
struct exchange;
struct loop;

enum h2_abuse {
	H2_RESETS,
	H2_SETTINGS,
	H2_PINGS,
	H2_PRIORITIES,
	H2_EMPTY_DATA,
	H2_OTHERS,
	H2_ABUSES
};

struct h2 {
	nghttp2_session *session;
	struct conn *conn;
	int64_t window; /* start of the counting window, us */
	unsigned counts[H2_ABUSES];
	unsigned continuations; /* of the current header block */
	int64_t head_since; /* a header block is open; 0: none */
	int64_t blocked; /* the socket takes nothing since */
	int64_t active; /* last start or end of a stream */
	bool calmed; /* ended for abuse */
	bool drain_notice; /* first GOAWAY sent, second to come */
};

/* Callbacks and options, once per loop. */
bool h2_loop_init(struct loop *l, struct err *err) MUST_CHECK;
void h2_loop_done(struct loop *l);

void h2_start(struct conn *c);
void h2_free(struct h2 *h);
void h2_input(struct conn *c, struct bytes data);
/* Sends frames until there are none or the socket is full. */
void h2_flush(struct conn *c);
void h2_answer(struct conn *c, struct exchange *ex);
void h2_deadline(struct conn *c);
void h2_drain(struct conn *c);

/* h2_abuse.c: counts one; ends the connection when it is too much. */
void h2_count(struct h2 *h, enum h2_abuse what);
void h2_count_frame(struct h2 *h, const nghttp2_frame_hd *hd);
/* h2_request.c: the callbacks that make requests. */
void h2_request_callbacks(nghttp2_session_callbacks *cb);
/* h2_response.c: those that send. */
void h2_response_callbacks(nghttp2_session_callbacks *cb);
/* The connection's timer fires no later than this. */
void h2_arm(struct conn *c, int64_t due_us);

#endif
