#include <arpa/inet.h>
#include "net/probe_address.h"

struct range {
	uint8_t addr[16];
	unsigned prefix;
	const char *class;
};

/*
 * IANA IPv4 Special-Purpose Address Registry, without the blocks that it calls
 * globally reachable; and multicast (RFC 5771).  The first match names it.
 */
static const struct range special_v4[] = {
	{ { 0, 0, 0, 0 }, 32, "unspecified" },
	{ { 0 }, 8, "\"this network\" (RFC 791)" },
	{ { 10 }, 8, "private (RFC 1918)" },
	{ { 100, 64 }, 10, "shared, carrier-grade NAT (RFC 6598)" },
	{ { 127 }, 8, "loopback" },
	{ { 169, 254 }, 16, "link-local" },
	{ { 172, 16 }, 12, "private (RFC 1918)" },
	{ { 192, 0, 0 }, 24, "IETF protocol assignments (RFC 6890)" },
	{ { 192, 0, 2 }, 24, "documentation (RFC 5737)" },
	{ { 192, 88, 99 }, 24, "6to4 relay (RFC 7526)" },
	{ { 192, 168 }, 16, "private (RFC 1918)" },
	{ { 198, 18 }, 15, "benchmarking (RFC 2544)" },
	{ { 198, 51, 100 }, 24, "documentation (RFC 5737)" },
	{ { 203, 0, 113 }, 24, "documentation (RFC 5737)" },
	{ { 224 }, 4, "multicast" },
	{ { 255, 255, 255, 255 }, 32, "broadcast" },
	{ { 240 }, 4, "reserved (RFC 1112)" },
};

/*
 * IANA IPv6 Special-Purpose Address Registry.  Translation and tunnel prefixes
 * (NAT64, 6to4, Teredo) are refused although some are globally reachable: they
 * lead to an IPv4 address that nobody has checked.
 */
static const struct range special_v6[] = {
	{ { 0 }, 128, "unspecified" },
	{ { [15] = 1 }, 128, "loopback" },
	{ { 0 }, 96, "IPv4-compatible (RFC 4291)" },
	{ { 0, 0x64, 0xff, 0x9b }, 96, "NAT64 (RFC 6052)" },
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, "local NAT64 (RFC 8215)" },
	{ { 1, 0 }, 64, "discard-only (RFC 6666)" },
	{ { 1, 0, 0, 0, 0, 0, 0, 1 }, 64, "dummy (RFC 9780)" },
	{ { 0x20, 0x01, 0, 0 }, 32, "Teredo (RFC 4380)" },
	{ { 0x20, 0x01, 0, 2 }, 48, "benchmarking (RFC 5180)" },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "documentation (RFC 3849)" },
	{ { 0x20, 0x01 }, 23, "IETF protocol assignments (RFC 2928)" },
	{ { 0x20, 0x02 }, 16, "6to4 (RFC 3056)" },
	{ { 0x3f, 0xff }, 20, "documentation (RFC 9637)" },
	{ { 0x5f, 0x00 }, 16, "segment routing (RFC 9602)" },
	{ { 0xfc }, 7, "unique local (RFC 4193)" },
	{ { 0xfe, 0x80 }, 10, "link-local" },
	{ { 0xfe, 0xc0 }, 10, "site-local (RFC 3879)" },
	{ { 0xff }, 8, "multicast" },
};

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool
range_has(const struct range *r, const uint8_t *octets)
{
	unsigned whole = r->prefix / 8, rest = r->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	return memcmp(r->addr, octets, whole) == 0 &&
	    (rest == 0 || ((r->addr[whole] ^ octets[whole]) & mask) == 0);
}

/* The address that is judged: of an IPv4-mapped one, the IPv4 address. */
static struct probe_address
judged(const struct probe_address *a)
{
	if (a->family == AF_INET6 &&
	    memcmp(a->octets, mapped_prefix, sizeof(mapped_prefix)) == 0)
		return probe_address_make(AF_INET, a->octets + 12);
	return *a;
}

struct probe_address
probe_address_make(int family, const uint8_t *octets)
{
	struct probe_address a = { .family = family };

	memcpy(a.octets, octets, family == AF_INET ? 4 : 16);
	inet_ntop(family, a.octets, a.text, sizeof(a.text));
	return a;
}

bool
probe_address_parse(const char *text, struct probe_address *out)
{
	uint8_t octets[16];
	int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;

	if (inet_pton(family, text, octets) != 1)
		return false;
	*out = probe_address_make(family, octets);
	return true;
}

socklen_t
probe_address_sockaddr(
    const struct probe_address *a, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)a->family;
	if (a->family == AF_INET) {
		in->sin_port = htons((uint16_t)port);
		memcpy(&in->sin_addr, a->octets, 4);
		return sizeof(*in);
	}
	in6->sin6_port = htons((uint16_t)port);
	memcpy(&in6->sin6_addr, a->octets, 16);
	return sizeof(*in6);
}

const char *
probe_address_class(const struct probe_address *a)
{
	struct probe_address j = judged(a);
	const struct range *v = j.family == AF_INET ? special_v4 : special_v6;
	size_t n =
	    j.family == AF_INET ? COUNT_OF(special_v4) : COUNT_OF(special_v6);

	for (size_t i = 0; i < n; i++)
		if (range_has(&v[i], j.octets))
			return v[i].class;
	return NULL;
}

bool
probe_address_check(const struct probe_address *a,
    const struct config_cidrs *permitted, struct err *err)
{
	struct probe_address j = judged(a);
	const char *class = probe_address_class(a);

	if (class == NULL)
		return true;
	for (size_t i = 0; i < permitted->n; i++)
		if (config_cidr_contains(&permitted->v[i], j.family, j.octets))
			return true;
	return fail(err, ERR_REJECTED,
	    "the address %s is %s, which validation.permit_networks does not "
	    "permit",
	    a->text, class);
}

const char *
probe_address_reverse(const struct probe_address *a, struct arena *arena)
{
	static const char hex[] = "0123456789abcdef";
	char nibbles[65];

	if (a->family == AF_INET)
		return arena_printf(arena, "%u.%u.%u.%u.in-addr.arpa",
		    a->octets[3], a->octets[2], a->octets[1], a->octets[0]);
	for (size_t i = 0; i < 16; i++) {
		uint8_t o = a->octets[15 - i];

		nibbles[4 * i] = hex[o & 15];
		nibbles[4 * i + 1] = '.';
		nibbles[4 * i + 2] = hex[o >> 4];
		nibbles[4 * i + 3] = '.';
	}
	nibbles[64] = '\0';
	return arena_printf(arena, "%sip6.arpa", nibbles);
}

const char *
probe_address_reason(int error, struct arena *arena)
{
	char *text = arena_strdup(arena, strerrordesc_np(error));

	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] = (char)(text[0] - 'A' + 'a');
	return text;
}
