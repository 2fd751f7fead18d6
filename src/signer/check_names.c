#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>
#include "signer/check.h"
#include "util/text.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

static const char *
without_wildcard(const char *host)
{
	return strncmp(host, "*.", 2) == 0 ? host + 2 : host;
}

bool
check_host_below(const char *host, const char *domain)
{
	bool strict = domain[0] == '.';
	size_t n, k;

	if (strict)
		domain++;
	/* "*.a.example" stands for names below a.example alone. */
	if (strncmp(host, "*.", 2) == 0)
		strict = false;
	host = without_wildcard(host);
	n = strlen(host);
	k = strlen(domain);
	if (k == 0)
		return true;
	if (n < k || strcasecmp(host + (n - k), domain) != 0)
		return false;
	if (n == k)
		return !strict;
	return host[n - k - 1] == '.';
}

const char *
check_uri_host(const char *uri, struct arena *a)
{
	const char *p = strchr(uri, ':'), *end, *at;
	char *host;

	if (p == NULL || strncmp(p, "://", 3) != 0)
		return NULL;
	p += 3;
	end = p + strcspn(p, "/?#");
	at = memrchr(p, '@', (size_t)(end - p));
	if (at != NULL)
		p = at + 1;
	/* An IP literal keeps its brackets: it is below no domain. */
	if (*p == '[') {
		const char *close = memchr(p, ']', (size_t)(end - p));

		end = close == NULL ? p : close + 1;
	} else {
		const char *colon = memchr(p, ':', (size_t)(end - p));

		end = colon == NULL ? end : colon;
	}
	if (end == p)
		return NULL;
	host = arena_str(a, bytes_of(p, (size_t)(end - p)));
	text_lower(host);
	return host;
}

static bool
email_is_allowed(const char *mailbox, const char *domain)
{
	const char *at = strrchr(mailbox, '@');

	if (at == NULL)
		return false;
	if (domain[0] == '.')
		return check_host_below(at + 1, domain);
	return strcasecmp(at + 1, domain) == 0;
}

/* "https://a.example" must not let "https://a.example.evil" through. */
static bool
uri_is_allowed(const char *uri, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(uri, prefix, n) != 0)
		return false;
	if (n == 0 || strchr("/:?#=", prefix[n - 1]) != NULL)
		return true;
	return uri[n] == '\0' || strchr("/?#", uri[n]) != NULL;
}

static bool
ip_is_in(const char *ip, const char *cidr)
{
	const char *slash = strchr(cidr, '/');
	uint8_t addr[16], net[16];
	char text[64];
	unsigned long bits;
	size_t n = name_ip_octets(ip, addr);

	if (n == 0 || slash == NULL || (size_t)(slash - cidr) >= sizeof(text))
		return false;
	memcpy(text, cidr, (size_t)(slash - cidr));
	text[slash - cidr] = '\0';
	if (inet_pton(n == 4 ? AF_INET : AF_INET6, text, net) != 1)
		return false;
	bits = strtoul(slash + 1, NULL, 10);
	if (bits > 8 * n)
		return false;
	if (memcmp(addr, net, bits / 8) != 0)
		return false;
	return bits % 8 == 0 ||
	    (addr[bits / 8] ^ net[bits / 8]) >> (8 - bits % 8) == 0;
}

static bool
entry_allows(const struct name *name, const char *entry)
{
	switch (name->type) {
	case NAME_DNS:
		return check_host_below(name->text, entry);
	case NAME_IP:
		return ip_is_in(name->text, entry);
	case NAME_EMAIL:
		return email_is_allowed(name->text, entry);
	case NAME_URI:
		return uri_is_allowed(name->text, entry);
	case NAME_UPN:
		return email_is_allowed(name->text, entry);
	}
	return false;
}

/* The list of a name's type, or NULL if the type itself is not allowed. */
static const struct signer_strings *
list_of(const struct signer_limits *l, enum name_type type)
{
	switch (type) {
	case NAME_DNS:
		return l->dns ? &l->dns_allow : NULL;
	case NAME_IP:
		return l->ip ? &l->ip_allow : NULL;
	case NAME_EMAIL:
		return l->email ? &l->email_allow : NULL;
	case NAME_URI:
		return l->uri ? &l->uri_allow : NULL;
	case NAME_UPN:
		return l->upn ? &l->upn_allow : NULL;
	}
	return NULL;
}

bool
check_name(const struct check *c, const struct name *name, struct err *err)
{
	const struct signer_strings *list = list_of(c->limits, name->type);

	if (list == NULL)
		return REFUSE("name %s:%s is of a type that CA %s does not "
			      "sign",
		    name_type_tag(name->type), name->text, c->limits->ca);
	if (name_is_wildcard(name) && !c->limits->wildcards)
		return REFUSE("name dns:%s is a wildcard, which CA %s does "
			      "not sign",
		    name->text, c->limits->ca);
	/* An empty list of an allowed type means any. */
	for (size_t i = 0; i < list->n; i++)
		if (entry_allows(name, list->v[i]))
			return true;
	if (list->n == 0)
		return true;
	return REFUSE("name %s:%s is outside the names of CA %s",
	    name_type_tag(name->type), name->text, c->limits->ca);
}

bool
check_names(const struct check *c, const struct cert *cert, struct err *err)
{
	if (cert->other_names)
		return REFUSE("subjectAltName has a name of a type that CA %s "
			      "does not sign",
		    c->limits->ca);
	for (size_t i = 0; i < cert->names.n; i++)
		if (!check_name(c, &cert->names.v[i], err))
			return false;
	return true;
}
