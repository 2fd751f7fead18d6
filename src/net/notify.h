/* sd_notify(3) without the library: one datagram to $NOTIFY_SOCKET. */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

/* "READY=1", "STOPPING=1", …; nothing happens without NOTIFY_SOCKET. */
void net_notify(const char *line);

#endif
