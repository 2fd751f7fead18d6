/*
 * Where a redirect may lead (RFC 8555 section 8.3 leaves it to the server).
 * Pure: a URL in, the parts to connect to out.
 */
#ifndef NET_PROBE_REDIRECT_H
#define NET_PROBE_REDIRECT_H

#include "util/arena.h"

#define PROBE_MAX_URL 2048u
#define PROBE_MAX_REDIRECTS 10u

struct probe_url {
	const char *text; /* absolute, no fragment */
	const char *host; /* no brackets */
	bool host_is_ip;
	bool tls;
	unsigned port;
};

struct probe_redirect_rules {
	bool ip_allowed; /* the identifier itself is an address */
	unsigned ports[4]; /* besides 80 and 443; 0 ends them */
};

/*
 * Resolves a Location against the URL that answered with it.  Refused: other
 * schemes than http and https, user information, other ports, an address in
 * place of a name, over-long ones.  ERR_INCORRECT_RESPONSE.
 */
bool probe_redirect_resolve(const char *base, struct bytes location,
    const struct probe_redirect_rules *rules, struct arena *a,
    struct probe_url *out, struct err *err) MUST_CHECK;

#endif
