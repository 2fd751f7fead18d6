#include <arpa/inet.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/dns_zone.h"

struct dns_standin {
	int udp, tcp, stop;
	unsigned port;
	char address[32];
	pthread_t thread;
	struct dns_zone zone;
};

static void
serve_udp(struct dns_standin *d)
{
	static struct reply r;
	uint8_t q[4096];
	struct sockaddr_storage from;
	socklen_t from_n = sizeof(from);
	ssize_t n = recvfrom(
	    d->udp, q, sizeof(q), 0, (struct sockaddr *)&from, &from_n);

	if (n > 0 && dns_zone_reply(&d->zone, q, (size_t)n, true, &r)) {
		if (r.n > 1232) {
			/* RFC 2181 section 9: more than fits, ask by TCP. */
			r.p[2] |= 2;
			r.p[6] = r.p[7] = r.p[9] = 0;
			r.n = (size_t)n < r.n ? 12 + strlen((char *)q + 12) + 5
					      : r.n;
		}
		sendto(d->udp, r.p, r.n, 0, (struct sockaddr *)&from, from_n);
	}
}

/* One query of a connection; false when it is over. */
static bool
serve_tcp(struct dns_standin *d, int fd)
{
	static struct reply r;
	uint8_t q[4096], head[2];
	size_t n;

	if (recv(fd, head, 2, MSG_WAITALL) != 2)
		return false;
	n = (size_t)head[0] << 8 | head[1];
	if (n > sizeof(q) || recv(fd, q, n, MSG_WAITALL) != (ssize_t)n ||
	    !dns_zone_reply(&d->zone, q, n, false, &r))
		return false;
	head[0] = (uint8_t)(r.n >> 8);
	head[1] = (uint8_t)r.n;
	send(fd, head, 2, MSG_NOSIGNAL | MSG_MORE);
	send(fd, r.p, r.n, MSG_NOSIGNAL);
	return true;
}

#define MAX_TCP 32u

static void *
thread_main(void *arg)
{
	struct dns_standin *d = arg;
	struct pollfd fds[3 + MAX_TCP] = { { .fd = d->udp, .events = POLLIN },
		{ .fd = d->tcp, .events = POLLIN },
		{ .fd = d->stop, .events = POLLIN } };
	nfds_t n = 3;

	while (poll(fds, n, -1) > 0 && fds[2].revents == 0) {
		if (fds[0].revents != 0)
			serve_udp(d);
		for (nfds_t i = n; i-- > 3;)
			if (fds[i].revents != 0 && !serve_tcp(d, fds[i].fd)) {
				close(fds[i].fd);
				fds[i] = fds[--n];
			}
		if (fds[1].revents != 0 && n < 3 + MAX_TCP)
			fds[n++] = (struct pollfd){ .fd = accept4(d->tcp, NULL,
							NULL, SOCK_CLOEXEC),
				.events = POLLIN };
	}
	while (n-- > 3)
		close(fds[n].fd);
	return NULL;
}

static void
bind_both(struct dns_standin *d)
{
	struct sockaddr_in sa;
	socklen_t n = sizeof(sa);
	int r;

	do {
		sa = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		d->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		d->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bind(d->udp, (struct sockaddr *)&sa, sizeof(sa));
		getsockname(d->udp, (struct sockaddr *)&sa, &n);
		r = bind(d->tcp, (struct sockaddr *)&sa, sizeof(sa));
		if (r != 0) {
			close(d->udp);
			close(d->tcp);
		}
	} while (r != 0);
	listen(d->tcp, 16);
	d->port = ntohs(sa.sin_port);
	snprintf(d->address, sizeof(d->address), "127.0.0.1:%u", d->port);
}

struct dns_standin *
dns_standin_new(void)
{
	struct dns_standin *d = calloc(1, sizeof(*d));

	bind_both(d);
	d->stop = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&d->zone.lock, NULL);
	pthread_create(&d->thread, NULL, thread_main, d);
	return d;
}

void
dns_standin_free(struct dns_standin *d)
{
	if (eventfd_write(d->stop, 1) != 0)
		abort();
	pthread_join(d->thread, NULL);
	for (size_t i = 0; i < d->zone.rows_n; i++)
		free(d->zone.rows[i].rdata);
	dns_key_free(d->zone.key);
	close(d->udp);
	close(d->tcp);
	close(d->stop);
	pthread_mutex_destroy(&d->zone.lock);
	free(d);
}

unsigned
dns_standin_port(const struct dns_standin *d)
{
	return d->port;
}

const char *
dns_standin_address(const struct dns_standin *d)
{
	return d->address;
}

static unsigned
type_of(const char *type)
{
	return strcmp(type, "A") == 0	? 1
	    : strcmp(type, "AAAA") == 0 ? 28
	    : strcmp(type, "TXT") == 0	? 16
					: 5;
}

static void
row_add(struct dns_standin *d, const char *name, unsigned type,
    const void *rdata, size_t n, unsigned nth)
{
	struct row row = { .owner = dns_wire_of(name),
		.type = type,
		.from_nth = nth,
		.rdata = malloc(n + 1),
		.n = n };

	memcpy(row.rdata, rdata, n);
	pthread_mutex_lock(&d->zone.lock);
	if (d->zone.rows_n == DNS_MAX_ROWS)
		abort();
	d->zone.rows[d->zone.rows_n++] = row;
	pthread_mutex_unlock(&d->zone.lock);
}

void
dns_standin_add_raw(struct dns_standin *d, const char *name, unsigned type,
    const void *rdata, size_t n)
{
	row_add(d, name, type, rdata, n, 0);
}

void
dns_standin_add_later(struct dns_standin *d, const char *name, const char *type,
    const char *value, unsigned nth)
{
	unsigned number = type_of(type);
	uint8_t rdata[4096];
	size_t n = 0;

	if (number == 1 || number == 28) {
		n = number == 1 ? 4 : 16;
		inet_pton(number == 1 ? AF_INET : AF_INET6, value, rdata);
	} else if (number == 5) {
		struct wire w = dns_wire_of(value);

		n = w.n;
		memcpy(rdata, w.p, n);
	} else {
		for (size_t len;; value += len + 1) {
			len = strcspn(value, "|");
			rdata[n++] = (uint8_t)len;
			memcpy(rdata + n, value, len);
			n += len;
			if (value[len] == '\0')
				break;
		}
	}
	row_add(d, name, number, rdata, n, nth);
}

void
dns_standin_add(struct dns_standin *d, const char *name, const char *type,
    const char *value)
{
	dns_standin_add_later(d, name, type, value, 0);
}

void
dns_standin_clear(struct dns_standin *d, const char *name)
{
	struct wire w = dns_wire_of(name);
	size_t kept = 0;

	pthread_mutex_lock(&d->zone.lock);
	for (size_t i = 0; i < d->zone.rows_n; i++)
		if (dns_wire_equal(&d->zone.rows[i].owner, &w))
			free(d->zone.rows[i].rdata);
		else
			d->zone.rows[kept++] = d->zone.rows[i];
	d->zone.rows_n = kept;
	pthread_mutex_unlock(&d->zone.lock);
}

void
dns_standin_manner(struct dns_standin *d, const char *name, unsigned type,
    enum dns_manner manner)
{
	pthread_mutex_lock(&d->zone.lock);
	if (d->zone.rules_n == DNS_MAX_RULES)
		abort();
	d->zone.rules[d->zone.rules_n++] =
	    (struct rule){ dns_wire_of(name), type, manner };
	pthread_mutex_unlock(&d->zone.lock);
}

unsigned
dns_standin_queries(struct dns_standin *d, const char *name, unsigned type)
{
	struct wire w = dns_wire_of(name);
	unsigned n = 0;

	pthread_mutex_lock(&d->zone.lock);
	for (size_t i = 0; i < d->zone.counts_n; i++)
		if (d->zone.counts[i].type == type &&
		    dns_wire_equal(&d->zone.counts[i].owner, &w))
			n = d->zone.counts[i].n;
	pthread_mutex_unlock(&d->zone.lock);
	return n;
}

bool
dns_standin_sign(struct dns_standin *d, const char *zone,
    const char *anchor_file, bool broken)
{
	uint8_t rdata[DNS_KEY_RDATA];
	unsigned char text[128];
	FILE *f = fopen(anchor_file, "w");

	if (f == NULL)
		return false;
	pthread_mutex_lock(&d->zone.lock);
	d->zone.key = dns_key_new();
	d->zone.apex = dns_wire_of(zone);
	d->zone.broken = broken;
	dns_key_rdata(d->zone.key, rdata);
	pthread_mutex_unlock(&d->zone.lock);
	EVP_EncodeBlock(text, rdata + 4, (int)sizeof(rdata) - 4);
	fprintf(f, "%s. 300 IN DNSKEY 257 3 13 %s\n", zone, text);
	return fclose(f) == 0;
}
