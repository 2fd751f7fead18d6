/*
 * Opening listeners: done by the supervisor, before rights are dropped, or by
 * systemd (socket activation, sd_listen_fds(3)).  The server only accepts.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "config/config.h"

struct net_listener {
	enum listener_kind kind;
	int fd;
	unsigned tls_min; /* 0x0303 or 0x0304; 0 without TLS */
	bool shared; /* control: also for users other than root and ours, whom
			the handlers know by http_req.peer_uid */
};

#define NET_MAX_LISTENERS 64u
#define NET_ADDRESS_SIZE 64u

/* Bound, listening, non-blocking, close-on-exec.  [::] takes IPv4 as well. */
bool net_listen_open(
    const struct config_listen *l, int *fd, struct err *err) MUST_CHECK;
/* The control socket, mode 0600; a stale one in its place is removed. */
bool net_listen_unix(const char *path, int *fd, struct err *err) MUST_CHECK;
/* Gives it to the members of a group too: mode 0660. */
bool net_listen_unix_share(
    const char *path, const char *group, struct err *err) MUST_CHECK;
/* "127.0.0.1:8443", "[::]:8443" or "unix"; "" if the socket has none. */
void net_listen_address(int fd, char out[NET_ADDRESS_SIZE]);
/*
 * Listeners that systemd passed to this process, by the kind in LISTEN_FDNAMES
 * ("https", "est", "http", "ops", "control"; "chancery-https.socket" is
 * understood).  *n is 0 when there are none; the variables are unset.
 */
bool net_listen_adopt(struct net_listener *out, size_t max, size_t *n,
    struct err *err) MUST_CHECK;
/* The name of a listener kind: "https". */
const char *net_listener_name(enum listener_kind kind);

#endif
