#include <sys/socket.h>
#include "ca/ca.h"
#include "ca/policy.h"
#include "ca/profile.h"
#include "util/text.h"

static const char *
without_wildcard(const char *name)
{
	return strncmp(name, "*.", 2) == 0 ? name + 2 : name;
}

/* Both in any case; `strict` wants at least one label more. */
static bool
is_below(const char *name, const char *suffix, bool strict)
{
	size_t n = strlen(name), k = strlen(suffix);

	if (k == 0)
		return true;
	if (k > n || strcasecmp(name + (n - k), suffix) != 0)
		return false;
	if (n == k)
		return !strict;
	return name[n - k - 1] == '.';
}

bool
dns_is_under(const char *name, const char *suffix)
{
	bool strict = suffix[0] == '.';

	if (strict)
		suffix++;
	/* "*.example.com" is all below example.com, so ".example.com" takes
	 * it although its parent alone is not. */
	if (strict && strncmp(name, "*.", 2) == 0)
		return is_below(name + 2, suffix, false);
	return is_below(without_wildcard(name), suffix, strict);
}

bool
dns_touches(const char *name, const char *suffix)
{
	const char *parent, *rest;

	if (dns_is_under(name, suffix))
		return true;
	if (strncmp(name, "*.", 2) != 0)
		return false;
	/* The wildcard stands for one label: it may be the suffix itself. */
	if (suffix[0] == '.')
		return false;
	parent = name + 2;
	rest = strchr(suffix, '.');
	return rest != NULL && strcasecmp(rest + 1, parent) == 0;
}

bool
email_is_at(const char *mailbox, const char *domain)
{
	const char *at = strrchr(mailbox, '@');

	if (at == NULL)
		return false;
	if (domain[0] == '.')
		return is_below(at + 1, domain + 1, true);
	return strcasecmp(at + 1, domain) == 0;
}

bool
uri_has_prefix(const char *uri, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n == 0)
		return true;
	if (strncmp(uri, prefix, n) != 0)
		return false;
	/* "https://a.example" must not let "https://a.example.evil" through,
	 * nor "https://a.example:x@evil". */
	if (strchr("/:?#=", prefix[n - 1]) != NULL)
		return true;
	return strchr("/?#", uri[n]) != NULL; /* or the end */
}

char *
uri_host(struct arena *a, const char *uri)
{
	const char *p = strchr(uri, ':'), *end, *at;
	char *host;

	/* RFC 3986 section 3: the first colon ends the scheme, and slashes
	 * behind a later one ("urn:x://a.example") begin no authority. */
	if (p == NULL || strncmp(p, "://", 3) != 0)
		return NULL;
	p += 3;
	end = p + strcspn(p, "/?#");
	for (at = p; at < end; at++)
		if (*at == '@')
			p = at + 1;
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

/* ---- a profile's lists ---- */

/* A denial is wider than a permission: scheme and host have no case. */
static bool
uri_is_denied(const char *uri, const char *prefix)
{
	return strncasecmp(uri, prefix, strlen(prefix)) == 0;
}

/* A denied domain denies the hosts below it too. */
static bool
email_is_denied(const char *mailbox, const char *domain)
{
	const char *at = strrchr(mailbox, '@');

	return at != NULL && dns_is_under(at + 1, domain);
}

static bool
entry_allows(const struct name *n, const char *entry)
{
	switch (n->type) {
	case NAME_DNS:
		return dns_is_under(n->text, entry);
	case NAME_EMAIL:
	case NAME_UPN:
		return email_is_at(n->text, entry);
	case NAME_URI:
		return uri_has_prefix(n->text, entry);
	case NAME_IP:
		break;
	}
	return false;
}

static bool
entry_denies(const struct name *n, const char *entry)
{
	switch (n->type) {
	case NAME_DNS:
		return dns_touches(n->text, entry);
	case NAME_EMAIL:
	case NAME_UPN:
		return email_is_denied(n->text, entry);
	case NAME_URI:
		return uri_is_denied(n->text, entry);
	case NAME_IP:
		break;
	}
	return true;
}

static bool
check_lists(const struct name *n, const struct config_strings *allow,
    const struct config_strings *deny, struct err *err)
{
	for (size_t i = 0; i < deny->n; i++)
		if (entry_denies(n, deny->v[i]))
			return fail(err, ERR_IDENTIFIER_REJECTED,
			    "%s is refused by policy (denied: %s)", n->text,
			    deny->v[i]);
	for (size_t i = 0; i < allow->n; i++)
		if (entry_allows(n, allow->v[i]))
			return true;
	if (allow->n != 0)
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s is outside the names that this profile allows",
		    n->text);
	return true;
}

static const struct config_cidr *
cidr_find(const struct config_cidrs *list, const uint8_t *addr, size_t n)
{
	int family = n == 4 ? AF_INET : AF_INET6;

	for (size_t i = 0; i < list->n; i++)
		if (config_cidr_contains(&list->v[i], family, addr))
			return &list->v[i];
	return NULL;
}

static bool
check_ip(const struct profile *p, const char *text, struct err *err)
{
	uint8_t addr[16];
	size_t n = name_ip_octets(text, addr);
	const struct config_cidr *entry;

	if (n == 0)
		return fail(
		    err, ERR_IDENTIFIER_REJECTED, "%s is no IP address", text);
	entry = cidr_find(&p->ip_deny, addr, n);
	if (entry != NULL)
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s is refused by policy (denied: %s)", text, entry->text);
	if (p->ip_allow.n != 0 && cidr_find(&p->ip_allow, addr, n) == NULL)
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s is outside the networks that this profile allows",
		    text);
	return true;
}

static bool
type_is_allowed(const struct profile *p, enum name_type type)
{
	switch (type) {
	case NAME_DNS:
		return p->t.dns;
	case NAME_IP:
		return p->t.ip;
	case NAME_EMAIL:
		return p->t.email;
	case NAME_URI:
		return p->t.uri;
	case NAME_UPN:
		return p->t.upn;
	}
	return false;
}

bool
profile_check_name(
    const struct profile *p, const struct name *n, struct err *err)
{
	if (!type_is_allowed(p, n->type))
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "profile %s certifies no names of type %s", p->t.name,
		    name_type_tag(n->type));
	switch (n->type) {
	case NAME_DNS:
		if (name_is_wildcard(n) && !p->t.wildcards)
			return fail(err, ERR_IDENTIFIER_REJECTED,
			    "profile %s certifies no wildcards", p->t.name);
		return check_lists(n, &p->t.dns_allow, &p->t.dns_deny, err);
	case NAME_IP:
		return check_ip(p, n->text, err);
	case NAME_EMAIL:
		return check_lists(n, &p->t.email_allow, &p->t.email_deny, err);
	case NAME_URI:
		return check_lists(n, &p->t.uri_allow, &p->t.uri_deny, err);
	case NAME_UPN:
		return check_lists(n, &p->t.upn_allow, &p->t.upn_deny, err);
	}
	return fail(err, ERR_INTERNAL, "name of unknown type %d", n->type);
}
