#include <ctype.h>
#include <string.h>
#include "support/dns_zone.h"

#define TYPE_CNAME 5u
#define TYPE_SOA 6u
#define TYPE_RRSIG 46u
#define TYPE_DNSKEY 48u
#define TTL 300u

struct wire
dns_wire_of(const char *name)
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

bool
dns_wire_equal(const struct wire *a, const struct wire *b)
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
put_signature(struct dns_zone *z, struct reply *r, const struct dns_rrset *set,
    const struct wire *owner)
{
	uint8_t sig[DNS_RRSIG_MAX];
	size_t n;

	if (z->key == NULL || set->n == 0 || !wire_below(owner, &z->apex))
		return;
	n = dns_key_sign(z->key, z->apex.p, z->apex.n, set, sig);
	if (z->broken && set->type != TYPE_DNSKEY)
		sig[n - 1] ^= 1;
	put_record(r, owner, TYPE_RRSIG, sig, n);
}

/* One record set, with its signature; how many records. */
static size_t
put_set(struct dns_zone *z, struct reply *r, const struct wire *owner,
    unsigned type, unsigned nth)
{
	struct dns_rrset set = {
		.owner = owner->p, .owner_n = owner->n, .type = type, .ttl = TTL
	};
	unsigned from = 0;

	for (size_t i = 0; i < z->rows_n; i++)
		if (z->rows[i].type == type && z->rows[i].from_nth <= nth &&
		    z->rows[i].from_nth > from &&
		    dns_wire_equal(&z->rows[i].owner, owner))
			from = z->rows[i].from_nth;
	for (size_t i = 0; i < z->rows_n && set.n < DNS_MAX_SET; i++) {
		const struct row *row = &z->rows[i];

		if (row->type != type || row->from_nth != from ||
		    !dns_wire_equal(&row->owner, owner))
			continue;
		set.rdata[set.n] = row->rdata;
		set.rdata_n[set.n++] = row->n;
	}
	for (size_t i = 0; i < set.n; i++)
		put_record(r, owner, type, set.rdata[i], set.rdata_n[i]);
	put_signature(z, r, &set, owner);
	return set.n;
}

static bool
name_known(const struct dns_zone *z, const struct wire *name)
{
	for (size_t i = 0; i < z->rows_n; i++)
		if (wire_below(&z->rows[i].owner, name))
			return true;
	return false;
}

static unsigned
count_query(struct dns_zone *z, const struct wire *name, unsigned type)
{
	for (size_t i = 0; i < z->counts_n; i++)
		if (z->counts[i].type == type &&
		    dns_wire_equal(&z->counts[i].owner, name))
			return ++z->counts[i].n;
	if (z->counts_n < DNS_MAX_ROWS)
		z->counts[z->counts_n++] = (struct count){ *name, type, 1 };
	return 1;
}

static enum dns_manner
manner_of(const struct dns_zone *z, const struct wire *name, unsigned type)
{
	for (size_t i = z->rules_n; i-- > 0;)
		if (dns_wire_equal(&z->rules[i].owner, name) &&
		    (z->rules[i].type == 0 || z->rules[i].type == type))
			return z->rules[i].manner;
	return DNS_ANSWERS;
}

static void
put_key(struct dns_zone *z, struct reply *r)
{
	uint8_t rdata[DNS_KEY_RDATA];
	struct dns_rrset set = { .owner = z->apex.p,
		.owner_n = z->apex.n,
		.type = TYPE_DNSKEY,
		.ttl = TTL,
		.n = 1 };

	dns_key_rdata(z->key, rdata);
	set.rdata[0] = rdata;
	set.rdata_n[0] = sizeof(rdata);
	put_record(r, &z->apex, TYPE_DNSKEY, rdata, sizeof(rdata));
	put_signature(z, r, &set, &z->apex);
}

/* RFC 2308 section 2: a no comes with the zone's SOA. */
static void
put_soa(struct reply *r)
{
	static const uint8_t rdata[22] = { 0, 0, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0,
		0, 60, 0, 0, 14, 16, 0, 0, 1, 44 };
	struct wire root = { .n = 1 };

	put_record(r, &root, TYPE_SOA, rdata, sizeof(rdata));
	r->answers--;
	r->authority++;
}

static unsigned
answer(struct dns_zone *z, struct reply *r, struct wire name, unsigned type,
    unsigned nth, enum dns_manner manner)
{
	struct wire first = name;

	if (z->key != NULL && type == TYPE_DNSKEY &&
	    dns_wire_equal(&name, &z->apex)) {
		put_key(z, r);
		return 0;
	}
	if (manner == DNS_REPEATS_ALIAS) {
		put_record(r, &name, TYPE_CNAME, name.p, name.n);
		return 0;
	}
	for (unsigned hops = 0; hops < 20; hops++) {
		size_t at = r->n;

		if (put_set(z, r, &name, type, nth) > 0 || type == TYPE_CNAME ||
		    put_set(z, r, &name, TYPE_CNAME, nth) == 0)
			break;
		/* The alias's target is the RDATA of the record just made. */
		name.n = r->p[at + name.n + 9];
		memmove(name.p, r->p + at + first.n + 10, name.n);
		first = name;
	}
	if (r->answers == 0)
		put_soa(r);
	return r->answers > 0 || name_known(z, &name) ? 0 : 3;
}

bool
dns_zone_reply(
    struct dns_zone *z, const uint8_t *q, size_t n, bool udp, struct reply *r)
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
	pthread_mutex_lock(&z->lock);
	nth = count_query(z, &name, type);
	manner = manner_of(z, &name, type);
	memcpy(r->p, q, at + 5);
	r->n = at + 5;
	r->answers = r->authority = 0;
	rcode = manner == DNS_SERVFAILS ? 2
	    : manner == DNS_TRUNCATES && udp
	    ? 0
	    : answer(z, r, name, type, nth, manner);
	pthread_mutex_unlock(&z->lock);
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
