#include <arpa/inet.h>
#include <stdio.h>
#include "config/address.h"
#include "util/text.h"

/* Splits "host:port", "[host]:port" or, without a port, "host". */
static bool
split(const char *s, char *host, size_t size, const char **port)
{
	const char *start = s, *end;

	*port = NULL;
	if (s[0] == '[') {
		start = s + 1;
		end = strchr(start, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		if (end[1] == ':')
			*port = end + 2;
	} else {
		end = strchr(s, ':');
		/* More than one colon: a bare IPv6 address. */
		if (end == NULL || strchr(end + 1, ':') != NULL)
			end = s + strlen(s);
		else
			*port = end + 1;
	}
	if (end == start || (size_t)(end - start) >= size)
		return false;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	return true;
}

bool
config_address_parse(const char *s, int default_port,
    struct sockaddr_storage *sa, socklen_t *sa_len, struct err *err)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char host[INET6_ADDRSTRLEN];
	const char *port_text;
	int64_t port = default_port;

	if (!split(s, host, sizeof(host), &port_text))
		return fail(err, ERR_CONFIG, "\"%.60s\"", s);
	if (port_text == NULL && default_port < 0)
		return fail(err, ERR_CONFIG, "\"%.60s\" without a port", s);
	if (port_text != NULL &&
	    !text_parse_int(port_text, 0, 65535, &port, &(struct err){ 0 }))
		return fail(err, ERR_CONFIG, "port \"%.20s\"", port_text);
	*sa = (struct sockaddr_storage){ 0 };
	if (s[0] != '[' && inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		v4.sin_port = htons((uint16_t)port);
		memcpy(sa, &v4, sizeof(v4));
		*sa_len = sizeof(v4);
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
		return fail(err, ERR_CONFIG, "\"%.60s\"", s);
	v6.sin6_port = htons((uint16_t)port);
	memcpy(sa, &v6, sizeof(v6));
	*sa_len = sizeof(v6);
	return true;
}

const char *
config_address_print(const struct sockaddr_storage *sa, struct arena *a)
{
	char host[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->ss_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
		return arena_printf(a, "%s:%u", host, ntohs(v4.sin_port));
	}
	memcpy(&v6, sa, sizeof(v6));
	inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
	return arena_printf(a, "[%s]:%u", host, ntohs(v6.sin6_port));
}

/* Whether the bits of a and b agree in the first n. */
static bool
prefix_equal(const uint8_t *a, const uint8_t *b, unsigned n)
{
	unsigned whole = n / 8, rest = n % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool
config_cidr_parse(const char *s, struct config_cidr *out, struct err *err)
{
	struct config_cidr c = { .text = s };
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(s, '/');
	size_t n = slash == NULL ? strlen(s) : (size_t)(slash - s);
	uint8_t masked[16] = { 0 };
	unsigned bits;
	int64_t prefix;

	if (n >= sizeof(host))
		return fail(err, ERR_CONFIG, "\"%.60s\"", s);
	memcpy(host, s, n);
	host[n] = '\0';
	if (inet_pton(AF_INET, host, c.addr) == 1)
		c.family = AF_INET;
	else if (inet_pton(AF_INET6, host, c.addr) == 1)
		c.family = AF_INET6;
	else
		return fail(err, ERR_CONFIG, "\"%.60s\"", s);
	bits = c.family == AF_INET ? 32 : 128;
	prefix = bits;
	if (slash != NULL &&
	    !text_parse_int(slash + 1, 0, bits, &prefix, &(struct err){ 0 }))
		return fail(
		    err, ERR_CONFIG, "prefix length \"%.20s\"", slash + 1);
	c.prefix = (unsigned)prefix;
	/* 10.0.0.1/8 is one of two things; the operator must say which. */
	memcpy(masked, c.addr, c.prefix / 8);
	if (c.prefix % 8 != 0)
		masked[c.prefix / 8] = (uint8_t)(c.addr[c.prefix / 8] &
		    (0xff << (8 - c.prefix % 8)));
	if (memcmp(masked, c.addr, sizeof(masked)) != 0)
		return fail(err, ERR_CONFIG,
		    "\"%.60s\", which has bits beyond its prefix", s);
	*out = c;
	return true;
}

bool
config_cidr_contains(
    const struct config_cidr *c, int family, const uint8_t *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	/* A listener on [::] sees IPv4 peers as ::ffff:a.b.c.d. */
	if (c->family == AF_INET && family == AF_INET6 &&
	    memcmp(addr, mapped, sizeof(mapped)) == 0)
		return prefix_equal(c->addr, addr + 12, c->prefix);
	return c->family == family && prefix_equal(c->addr, addr, c->prefix);
}
