#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/dns_sign.h"
#include "support/dns_standin.h"

#define TYPE_CNAME 5u
#define TYPE_RRSIG 46u
#define TYPE_DNSKEY 48u
#define TTL 300u
#define MAX_RECORDS 512u
#define MAX_RULES 64u

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

struct dns_standin {
	int udp, tcp, stop;
	unsigned port;
	char address[32];
	pthread_t thread;
	pthread_mutex_t lock;
	struct row rows[MAX_RECORDS];
	size_t rows_n;
	struct rule rules[MAX_RULES];
	size_t rules_n;
	struct count counts[MAX_RECORDS];
	size_t counts_n;
	struct dns_key *key;
	struct wire zone;
	bool broken;
};

struct reply {
	uint8_t p[65535];
	size_t n;
	unsigned answers, authority;
};

static struct wire
wire_of(const char *name)
{
	struct wire w = { .n = 0 };

	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		if (n == 0)
			break;
		w.p[w.n++] = (uint8_t)n;
		for (size_t i = 0; i < n; i++)
			w.p[w.n++] = (uint8_t)tolower(name[i]);
		name += n;
		name += *name == '.';
	}
	w.p[w.n++] = 0;
	return w;
}

static bool
wire_equal(const struct wire *a, const struct wire *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static bool
wire_below(const struct wire *name, const struct wire *zone)
{
	for (size_t i = 0; i < name->n; i += 1u + name->p[i]) {
		if (name->n - i == zone->n &&
		    memcmp(name->p + i, zone->p, zone->n) == 0)
			return true;
		if (name->p[i] == 0)
			return false;
	}
	return false;
}

static unsigned
type_of(const char *type)
{
	return strcmp(type, "A") == 0	? 1
	    : strcmp(type, "AAAA") == 0 ? 28
	    : strcmp(type, "TXT") == 0	? 16
					: TYPE_CNAME;
}

static void
put16(struct reply *r, unsigned v)
{
	r->p[r->n++] = (uint8_t)(v >> 8);
	r->p[r->n++] = (uint8_t)v;
}

static void
put_record(struct reply *r, const struct wire *owner, unsigned type,
    const uint8_t *rdata, size_t n)
{
	memcpy(r->p + r->n, owner->p, owner->n);
	r->n += owner->n;
	put16(r, type);
	put16(r, 1);
	put16(r, 0);
	put16(r, TTL);
	put16(r, (unsigned)n);
	memcpy(r->p + r->n, rdata, n);
	r->n += n;
	r->answers++;
}

static void
put_signature(struct dns_standin *d, struct reply *r,
    const struct dns_rrset *set, const struct wire *owner)
{
	uint8_t sig[DNS_RRSIG_MAX];
	size_t n;

	if (d->key == NULL || set->n == 0 || !wire_below(owner, &d->zone))
		return;
	n = dns_key_sign(d->key, d->zone.p, d->zone.n, set, sig);
	if (d->broken && set->type != TYPE_DNSKEY)
		sig[n - 1] ^= 1;
	put_record(r, owner, TYPE_RRSIG, sig, n);
}

/* One record set, with its signature; how many records. */
static size_t
put_set(struct dns_standin *d, struct reply *r, const struct wire *owner,
    unsigned type, unsigned nth)
{
	struct dns_rrset set = {
		.owner = owner->p, .owner_n = owner->n, .type = type, .ttl = TTL
	};
	unsigned from = 0;

	for (size_t i = 0; i < d->rows_n; i++)
		if (d->rows[i].type == type && d->rows[i].from_nth <= nth &&
		    d->rows[i].from_nth > from &&
		    wire_equal(&d->rows[i].owner, owner))
			from = d->rows[i].from_nth;
	for (size_t i = 0; i < d->rows_n && set.n < DNS_MAX_SET; i++) {
		const struct row *row = &d->rows[i];

		if (row->type != type || row->from_nth != from ||
		    !wire_equal(&row->owner, owner))
			continue;
		set.rdata[set.n] = row->rdata;
		set.rdata_n[set.n++] = row->n;
	}
	for (size_t i = 0; i < set.n; i++)
		put_record(r, owner, type, set.rdata[i], set.rdata_n[i]);
	put_signature(d, r, &set, owner);
	return set.n;
}

static bool
name_known(const struct dns_standin *d, const struct wire *name)
{
	for (size_t i = 0; i < d->rows_n; i++)
		if (wire_below(&d->rows[i].owner, name))
			return true;
	return false;
}

static unsigned
count_query(struct dns_standin *d, const struct wire *name, unsigned type)
{
	for (size_t i = 0; i < d->counts_n; i++)
		if (d->counts[i].type == type &&
		    wire_equal(&d->counts[i].owner, name))
			return ++d->counts[i].n;
	if (d->counts_n < MAX_RECORDS)
		d->counts[d->counts_n++] = (struct count){ *name, type, 1 };
	return 1;
}

static enum dns_manner
manner_of(const struct dns_standin *d, const struct wire *name, unsigned type)
{
	for (size_t i = d->rules_n; i-- > 0;)
		if (wire_equal(&d->rules[i].owner, name) &&
		    (d->rules[i].type == 0 || d->rules[i].type == type))
			return d->rules[i].manner;
	return DNS_ANSWERS;
}

static void
put_key(struct dns_standin *d, struct reply *r)
{
	uint8_t rdata[DNS_KEY_RDATA];
	struct dns_rrset set = { .owner = d->zone.p,
		.owner_n = d->zone.n,
		.type = TYPE_DNSKEY,
		.ttl = TTL,
		.n = 1 };

	dns_key_rdata(d->key, rdata);
	set.rdata[0] = rdata;
	set.rdata_n[0] = sizeof(rdata);
	put_record(r, &d->zone, TYPE_DNSKEY, rdata, sizeof(rdata));
	put_signature(d, r, &set, &d->zone);
}

/* RFC 2308 section 2: a no comes with the zone's SOA. */
static void
put_soa(struct reply *r)
{
	static const uint8_t rdata[22] = { 0, 0, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0,
		0, 60, 0, 0, 14, 16, 0, 0, 1, 44 };
	struct wire root = { .n = 1 };

	put_record(r, &root, 6, rdata, sizeof(rdata));
	r->answers--;
	r->authority++;
}

static unsigned
answer(struct dns_standin *d, struct reply *r, struct wire name, unsigned type,
    unsigned nth, enum dns_manner manner)
{
	struct wire first = name;

	if (d->key != NULL && type == TYPE_DNSKEY &&
	    wire_equal(&name, &d->zone)) {
		put_key(d, r);
		return 0;
	}
	if (manner == DNS_REPEATS_ALIAS) {
		put_record(r, &name, TYPE_CNAME, name.p, name.n);
		return 0;
	}
	for (unsigned hops = 0; hops < 20; hops++) {
		size_t at = r->n;

		if (put_set(d, r, &name, type, nth) > 0 || type == TYPE_CNAME ||
		    put_set(d, r, &name, TYPE_CNAME, nth) == 0)
			break;
		/* The alias's target is the RDATA of the record just made. */
		name.n = r->p[at + name.n + 9];
		memmove(name.p, r->p + at + first.n + 10, name.n);
		first = name;
	}
	if (r->answers == 0)
		put_soa(r);
	return r->answers > 0 || name_known(d, &name) ? 0 : 3;
}

/* False: no reply at all. */
static bool
reply_make(struct dns_standin *d, const uint8_t *q, size_t n, bool udp,
    struct reply *r)
{
	enum dns_manner manner;
	struct wire name = { .n = 0 };
	size_t at = 12;
	unsigned type, nth, rcode;

	if (n < 17)
		return false;
	while (at < n && q[at] != 0) {
		for (size_t i = 0, len = q[at]; i <= len && at < n; i++, at++)
			name.p[name.n++] =
			    i == 0 ? q[at] : (uint8_t)tolower(q[at]);
	}
	name.p[name.n++] = 0;
	if (at + 5 > n)
		return false;
	type = (unsigned)q[at + 1] << 8 | q[at + 2];
	pthread_mutex_lock(&d->lock);
	nth = count_query(d, &name, type);
	manner = manner_of(d, &name, type);
	memcpy(r->p, q, at + 5);
	r->n = at + 5;
	r->answers = r->authority = 0;
	rcode = manner == DNS_SERVFAILS ? 2
	    : manner == DNS_TRUNCATES && udp
	    ? 0
	    : answer(d, r, name, type, nth, manner);
	pthread_mutex_unlock(&d->lock);
	r->p[2] = (uint8_t)(0x84 | (q[2] & 1) |
	    (manner == DNS_TRUNCATES && udp ? 2 : 0));
	r->p[3] = (uint8_t)(0x80 | rcode);
	memset(r->p + 4, 0, 8);
	r->p[5] = 1;
	r->p[6] = (uint8_t)(r->answers >> 8);
	r->p[7] = (uint8_t)r->answers;
	r->p[9] = (uint8_t)r->authority;
	return manner != DNS_IS_SILENT;
}

static void
serve_udp(struct dns_standin *d)
{
	static struct reply r;
	uint8_t q[4096];
	struct sockaddr_storage from;
	socklen_t from_n = sizeof(from);
	ssize_t n = recvfrom(
	    d->udp, q, sizeof(q), 0, (struct sockaddr *)&from, &from_n);

	if (n > 0 && reply_make(d, q, (size_t)n, true, &r)) {
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
	    !reply_make(d, q, n, false, &r))
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
	pthread_mutex_init(&d->lock, NULL);
	pthread_create(&d->thread, NULL, thread_main, d);
	return d;
}

void
dns_standin_free(struct dns_standin *d)
{
	if (eventfd_write(d->stop, 1) != 0)
		abort();
	pthread_join(d->thread, NULL);
	for (size_t i = 0; i < d->rows_n; i++)
		free(d->rows[i].rdata);
	dns_key_free(d->key);
	close(d->udp);
	close(d->tcp);
	close(d->stop);
	pthread_mutex_destroy(&d->lock);
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

static void
row_add(struct dns_standin *d, const char *name, unsigned type,
    const void *rdata, size_t n, unsigned nth)
{
	struct row row = { .owner = wire_of(name),
		.type = type,
		.from_nth = nth,
		.rdata = malloc(n + 1),
		.n = n };

	memcpy(row.rdata, rdata, n);
	pthread_mutex_lock(&d->lock);
	if (d->rows_n == MAX_RECORDS)
		abort();
	d->rows[d->rows_n++] = row;
	pthread_mutex_unlock(&d->lock);
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
	} else if (number == TYPE_CNAME) {
		struct wire w = wire_of(value);

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
	struct wire w = wire_of(name);
	size_t kept = 0;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->rows_n; i++)
		if (wire_equal(&d->rows[i].owner, &w))
			free(d->rows[i].rdata);
		else
			d->rows[kept++] = d->rows[i];
	d->rows_n = kept;
	pthread_mutex_unlock(&d->lock);
}

void
dns_standin_manner(struct dns_standin *d, const char *name, unsigned type,
    enum dns_manner manner)
{
	pthread_mutex_lock(&d->lock);
	if (d->rules_n == MAX_RULES)
		abort();
	d->rules[d->rules_n++] = (struct rule){ wire_of(name), type, manner };
	pthread_mutex_unlock(&d->lock);
}

unsigned
dns_standin_queries(struct dns_standin *d, const char *name, unsigned type)
{
	struct wire w = wire_of(name);
	unsigned n = 0;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->counts_n; i++)
		if (d->counts[i].type == type &&
		    wire_equal(&d->counts[i].owner, &w))
			n = d->counts[i].n;
	pthread_mutex_unlock(&d->lock);
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
	pthread_mutex_lock(&d->lock);
	d->key = dns_key_new();
	d->zone = wire_of(zone);
	d->broken = broken;
	dns_key_rdata(d->key, rdata);
	pthread_mutex_unlock(&d->lock);
	EVP_EncodeBlock(text, rdata + 4, (int)sizeof(rdata) - 4);
	fprintf(f, "%s. 300 IN DNSKEY 257 3 13 %s\n", zone, text);
	return fclose(f) == 0;
}
