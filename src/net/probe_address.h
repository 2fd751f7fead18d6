/*
 * Addresses that a probe may connect to.  The special-purpose ranges of IANA's
 * registries (RFC 6890 and what was registered since) are refused unless they
 * lie in validation.permit_networks, so that a name of a stranger does not
 * make the server talk to its own network.  Pure functions.
 */
#ifndef NET_PROBE_ADDRESS_H
#define NET_PROBE_ADDRESS_H

#include <netinet/in.h>
#include "config/config.h"

#define PROBE_ADDRESS_TEXT INET6_ADDRSTRLEN

struct probe_address {
	int family; /* AF_INET or AF_INET6 */
	uint8_t octets[16];
	char text[PROBE_ADDRESS_TEXT];
};

struct probe_address probe_address_make(int family, const uint8_t *octets);
/* A literal without brackets, port or zone. */
bool probe_address_parse(const char *text, struct probe_address *out);
/* For connect(); returns the length. */
socklen_t probe_address_sockaddr(
    const struct probe_address *a, unsigned port, struct sockaddr_storage *out);
/*
 * "loopback", "private (RFC 1918)", …; NULL for an address of the public
 * internet.  IPv4-mapped ones are judged as the IPv4 address.
 */
const char *probe_address_class(const struct probe_address *a);
/* ERR_REJECTED with the address, its class and the option to permit it. */
bool probe_address_check(const struct probe_address *a,
    const struct config_cidrs *permitted, struct err *err) MUST_CHECK;
/* RFC 8738 section 6: the reverse name, the SNI of a probe to an address. */
const char *probe_address_reverse(
    const struct probe_address *a, struct arena *arena);
/* Why no connection to an address came about: "connection refused". */
const char *probe_address_reason(int error, struct arena *arena);

#endif
