/*
 * The zone of the stand-in name server: records, counters, misbehaviour, and
 * the reply to a query.  Nobody but dns_standin.c includes it.
 */
#ifndef SUPPORT_DNS_ZONE_H
#define SUPPORT_DNS_ZONE_H

#include <pthread.h>
#include "support/dns_sign.h"
#include "support/dns_standin.h"

#define DNS_MAX_ROWS 512u
#define DNS_MAX_RULES 64u

struct wire {
	uint8_t p[256];
	size_t n;
};

struct row {
	struct wire owner;
	unsigned type;
	unsigned from_nth;
	uint8_t *rdata;
	size_t n;
};

struct rule {
	struct wire owner;
	unsigned type;
	enum dns_manner manner;
};

struct count {
	struct wire owner;
	unsigned type, n;
};

struct dns_zone {
	pthread_mutex_t lock;
	struct row rows[DNS_MAX_ROWS];
	size_t rows_n;
	struct rule rules[DNS_MAX_RULES];
	size_t rules_n;
	struct count counts[DNS_MAX_ROWS];
	size_t counts_n;
	struct dns_key *key;
	struct wire apex;
	bool broken;
};

struct reply {
	uint8_t p[65535];
	size_t n;
	unsigned answers, authority;
};

struct wire dns_wire_of(const char *name);
bool dns_wire_equal(const struct wire *a, const struct wire *b);
/* False: no reply at all. */
bool dns_zone_reply(
    struct dns_zone *z, const uint8_t *q, size_t n, bool udp, struct reply *r);

#endif
