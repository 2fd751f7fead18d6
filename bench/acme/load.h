/*
 * An ACME load generator: N clients, each the full flow of RFC 8555 (newOrder,
 * authorization, challenge, finalize, certificate) with an account of its own,
 * against any directory URL.  It measures; it does not judge.
 *
 * One thread per client, one more for the responder that answers http-01 (and
 * DNS, if asked to).
 */
#ifndef BENCH_ACME_LOAD_H
#define BENCH_ACME_LOAD_H

#include <stdatomic.h>
#include <stdint.h>
#include "util/bytes.h"

#define LOAD_MAX_PIDS 64u
#define LOAD_MAX_CLIENTS 1024u

struct load_options {
	const char *directory;
	const char *cacert; /* NULL: the system's */
	const char *suffix; /* names are c<client>-<n>.<suffix> */
	const char *metrics; /* URL, or NULL */
	const char *state; /* state directory, or NULL */
	const char *contact; /* or NULL */
	unsigned clients;
	bool rsa; /* RS256 accounts, else ES256 */
	bool new_connections; /* a TLS connection per flow */
	bool skip_poll; /* trust "valid" of the challenge */
	double rate; /* flows per second; 0: closed loop */
	uint64_t flows; /* 0: by time */
	double seconds;
	uint64_t warmup; /* flows of each client, not counted */
	unsigned poll_ms;
	unsigned http_port; /* of the responder; 0: none */
	unsigned dns_port; /* 0: none */
	int pids[LOAD_MAX_PIDS];
	size_t pids_n;
};

/* What the client threads share. */
struct load {
	const struct load_options *options;
	atomic_uint_fast64_t started; /* flows taken so far */
	int64_t began_us; /* of the measured part */
	char (*thumbprints)[44]; /* by client, for the responder */
};

/* What one client counted in the measured part. */
struct load_tally {
	double *latency_ms;
	size_t n, cap;
	uint64_t failed, signed_requests, bad_nonces;
	char first_error[512];
};

#endif
