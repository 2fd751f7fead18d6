/*
 * One attempt of libcurl to have an answer from one address, as a probe of HTTP
 * and an outgoing call make it: libcurl connects where it was told, and is
 * given no chance to resolve, to follow, to authenticate or to remember
 * anything.  What is asked, who is trusted and what an answer means is its
 * owner's.  On the owner's loop (net/transfers.h).
 */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include <curl/curl.h>
#include "net/probe_address.h"

struct transfer {
	struct probe_address address;
	unsigned port;
	CURL *easy; /* NULL: none is under way */
	struct curl_slist *connect_to;
	char error[CURL_ERROR_SIZE];
	size_t headers_n;
	bool headers_too_large, body_too_large;
};

/* Where libcurl gives what came, with the owner as its argument. */
struct transfer_sink {
	curl_write_callback header, body;
	void *arg; /* and CURLOPT_PRIVATE */
};

/* False when libcurl has no memory; everything else is set anew. */
bool transfer_begin(struct transfer *t, const struct probe_address *address,
    unsigned port, const struct transfer_sink *sink) MUST_CHECK;
/* The address in place of the URL's host and port. */
void transfer_pin(struct transfer *t, struct arena *a);
void transfer_end(struct transfer *t);

/* Counts a line of the header; false when it is too much. */
bool transfer_header(struct transfer *t, size_t n, size_t max);
/* The value of the line if it is this header, without blanks around it. */
bool transfer_header_is(
    struct bytes line, const char *name, struct bytes *value);

long transfer_info(const struct transfer *t, CURLINFO what);

/* Why there is no answer; text is NULL when libcurl's own words tell it. */
struct transfer_failure {
	enum err_kind kind;
	bool transient;
	const char *text;
};
struct transfer_failure transfer_failure(
    const struct transfer *t, CURLcode result, struct arena *a);

#endif
