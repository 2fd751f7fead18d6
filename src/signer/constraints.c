#include <strings.h>
#include "codec/subject_form.h"
#include "signer/check.h"
#include "util/text.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

/*
 * RFC 5280 section 4.2.1.10 for the types of names that we sign.  Constraints
 * that cannot be read refuse everything: the CA's certificate was checked when
 * it was configured, so this is never the operator's surprise.
 */

#define TAG_PERMITTED DER_CONTEXT_CONSTRUCTED(0)
#define TAG_EXCLUDED DER_CONTEXT_CONSTRUCTED(1)
#define BASE_OTHER DER_CONTEXT_CONSTRUCTED(0)
#define BASE_EMAIL DER_CONTEXT(1)
#define BASE_DNS DER_CONTEXT(2)
#define BASE_DIRECTORY DER_CONTEXT_CONSTRUCTED(4)
#define BASE_URI DER_CONTEXT(6)
#define BASE_IP DER_CONTEXT(7)

static int
base_tag_of(enum name_type type)
{
	switch (type) {
	case NAME_DNS:
		return BASE_DNS;
	case NAME_IP:
		return BASE_IP;
	case NAME_EMAIL:
		return BASE_EMAIL;
	case NAME_URI:
		return BASE_URI;
	case NAME_UPN:
		return BASE_OTHER;
	}
	return -1;
}

/* A mailbox, all of a host's mailboxes, or those of the hosts below. */
static bool
email_matches(const char *mailbox, const char *base)
{
	const char *at = strrchr(mailbox, '@'), *base_at = strchr(base, '@');

	if (at == NULL)
		return false;
	if (base_at != NULL)
		return strncmp(mailbox, base, (size_t)(base_at - base)) == 0 &&
		    at - mailbox == base_at - base &&
		    strcasecmp(at + 1, base_at + 1) == 0;
	if (base[0] == '.')
		return check_host_below(at + 1, base);
	return strcasecmp(at + 1, base) == 0;
}

static bool
ip_matches(const char *ip, struct bytes base)
{
	uint8_t addr[16];
	size_t n = name_ip_octets(ip, addr);

	if (base.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (((addr[i] ^ base.p[i]) & base.p[n + i]) != 0)
			return false;
	return true;
}

static bool
uri_matches(const char *uri, const char *base, bool excluding, struct arena *a)
{
	const char *host = check_uri_host(uri, a);
	uint8_t unused[16];

	/* RFC 5280 section 4.2.1.10: whoever has no domain name is refused as
	 * soon as there is any constraint on URIs. */
	if (host == NULL || host[0] == '[' || name_ip_octets(host, unused) != 0)
		return excluding;
	if (base[0] == '.')
		return check_host_below(host, base);
	return strcasecmp(host, base) == 0;
}

static bool
name_matches(
    const struct name *name, struct bytes base, bool excluding, struct arena *a)
{
	const char *text = arena_str(a, base), *rest;

	switch (name->type) {
	case NAME_IP:
		return ip_matches(name->text, base);
	case NAME_EMAIL:
		return email_matches(name->text, text);
	case NAME_URI:
		return uri_matches(name->text, text, excluding, a);
	case NAME_DNS:
		if (check_host_below(name->text, text))
			return true;
		/* "*.a.example" covers an excluded "b.a.example". */
		rest = strchr(text, '.');
		return excluding && strncmp(name->text, "*.", 2) == 0 &&
		    rest != NULL && strcasecmp(rest + 1, name->text + 2) == 0;
	case NAME_UPN:
		/* There is no rule for it: excluded by any exclusion, and
		 * inside nothing that is permitted. */
		return excluding;
	}
	return false;
}

/*
 * Walks one list of subtrees for the names of one type.  *any: the list says
 * something about the type; *hit: a base matches.
 */
static bool
walk(struct bytes list, int tag, const struct name *name, struct bytes subject,
    bool excluding, struct arena *a, bool *any, bool *hit)
{
	struct der d = der_of(list), subtree;
	struct bytes base;
	int base_tag;

	*any = *hit = false;
	while (!der_at_end(&d)) {
		/* RFC 5280: minimum is zero, so absent; maximum is absent. */
		if (!der_enter(&d, DER_SEQUENCE, &subtree) ||
		    !der_read_any(&subtree, &base_tag, &base, NULL) ||
		    !der_at_end(&subtree))
			return false;
		if (base_tag != tag)
			continue;
		*any = true;
		if (name == NULL ? subject_is_within(a, subject, base)
				 : name_matches(name, base, excluding, a))
			*hit = true;
	}
	return true;
}

struct lists {
	struct bytes permitted, excluded;
};

static bool
check_one(const struct check *c, const struct lists *l, int tag,
    const struct name *name, struct bytes subject, struct err *err)
{
	const char *shown =
	    name == NULL ? subject_text(c->arena, subject) : name->text;
	bool any, hit;

	if (!walk(l->excluded, tag, name, subject, true, c->arena, &any, &hit))
		return REFUSE("the name constraints of CA %s cannot be read",
		    c->limits->ca);
	if (hit)
		return REFUSE("name %s is excluded by the name constraints of "
			      "CA %s",
		    shown, c->limits->ca);
	if (!walk(
		l->permitted, tag, name, subject, false, c->arena, &any, &hit))
		return REFUSE("the name constraints of CA %s cannot be read",
		    c->limits->ca);
	if (any && !hit)
		return REFUSE("name %s is outside the name constraints of CA "
			      "%s",
		    shown, c->limits->ca);
	return true;
}

bool
check_constraints(
    const struct check *c, const struct cert *cert, struct err *err)
{
	static const uint8_t empty[] = { DER_SEQUENCE, 0 };
	struct der d = der_of(c->limits->name_constraints), body;
	struct lists l = { { NULL, 0 }, { NULL, 0 } };
	struct names emails, hosts;
	bool found;

	if (c->limits->name_constraints.n == 0)
		return true;
	if (!der_enter(&d, DER_SEQUENCE, &body) || !der_at_end(&d) ||
	    !der_read_optional(&body, TAG_PERMITTED, &found, &l.permitted) ||
	    !der_read_optional(&body, TAG_EXCLUDED, &found, &l.excluded) ||
	    !der_at_end(&body))
		return REFUSE("the name constraints of CA %s cannot be read",
		    c->limits->ca);
	for (size_t i = 0; i < cert->names.n; i++)
		if (!check_one(c, &l, base_tag_of(cert->names.v[i].type),
			&cert->names.v[i], BYTES_NONE, err))
			return false;
	/* Addresses in the subject are under those on addresses. */
	if (!subject_form_emails(cert->subject, c->arena, &emails, err))
		return REFUSE("the subject has an e-mail address that is none");
	for (size_t i = 0; i < emails.n; i++)
		if (!check_one(
			c, &l, BASE_EMAIL, &emails.v[i], BYTES_NONE, err))
			return false;
	/* And common names that are read as DNS names. */
	hosts = subject_form_hosts(cert->subject, c->arena);
	for (size_t i = 0; i < hosts.n; i++)
		if (!check_one(c, &l, BASE_DNS, &hosts.v[i], BYTES_NONE, err))
			return false;
	/* An empty subject is under no constraint. */
	if (bytes_equal(cert->subject, bytes_of(empty, sizeof(empty))))
		return true;
	return check_one(c, &l, BASE_DIRECTORY, NULL, cert->subject, err);
}
