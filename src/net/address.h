/*
 * Addresses of peers: how many connections each has, and which one a request
 * really came from behind a trusted proxy.
 *
 * The table is shared by all loops; its locks are held for a few loads.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "http/message.h"

/* IPv4 as such; IPv6 by its /64, which is what one customer holds. */
struct address_key {
	uint8_t b[9];
};

struct addresses;

struct addresses *addresses_new(void);
void addresses_free(struct addresses *t);
/* Counts one connection more, unless the address has max already. */
bool addresses_enter(
    struct addresses *t, const struct address_key *key, size_t max);
void addresses_leave(struct addresses *t, const struct address_key *key);

/* False for a peer without an address (the control socket). */
bool address_key(const struct sockaddr_storage *peer, struct address_key *out);
/* An IPv4 peer of a dual-stack listener becomes AF_INET. */
void address_unmap(struct sockaddr_storage *peer);
bool address_in(
    const struct config_cidrs *cidrs, const struct sockaddr_storage *peer);
/*
 * X-Forwarded-For, believed from trusted proxies alone: read from the right,
 * past further trusted ones, the first other address is the client's.
 */
void address_forwarded(
    const struct config_cidrs *trusted, struct http_req *req);

#endif
