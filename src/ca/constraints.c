#include "ca/constraints.h"
#include "ca/policy.h"
#include "codec/subject.h"
#include "util/text.h"

/* GeneralName's tags, RFC 5280 section 4.2.1.6. */
enum {
	GN_OTHER = 0xa0,
	GN_EMAIL = 0x81,
	GN_DNS = 0x82,
	GN_DIRECTORY = 0xa4,
	GN_URI = 0x86,
	GN_IP = 0x87
};

static bool
mask_is_prefix(struct bytes mask)
{
	bool ended = false;

	for (size_t i = 0; i < mask.n; i++)
		for (int bit = 7; bit >= 0; bit--) {
			bool one = (mask.p[i] >> bit & 1) != 0;

			if (one && ended)
				return false;
			ended = ended || !one;
		}
	return true;
}

static bool
text_subtree(enum subtree_type type, struct bytes content, struct arena *a,
    struct subtree *out, struct err *err)
{
	if (!text_is_ascii_printable(content) && content.n != 0)
		return fail(
		    err, ERR_MALFORMED, "a name constraint is not IA5 text");
	*out = (struct subtree){ .type = type, .text = arena_str(a, content) };
	return true;
}

static bool
ip_subtree(struct bytes content, struct subtree *out, struct err *err)
{
	if (content.n != 8 && content.n != 32)
		return fail(err, ERR_MALFORMED,
		    "an IP constraint has %zu octets, expected 8 or 32",
		    content.n);
	if (!mask_is_prefix(bytes_of(content.p + content.n / 2, content.n / 2)))
		return fail(err, ERR_MALFORMED,
		    "an IP constraint's mask is not contiguous");
	*out = (struct subtree){ .type = SUBTREE_IP, .octets = content };
	return true;
}

static bool
directory_subtree(struct bytes content, struct subtree *out, struct err *err)
{
	/* Name is a CHOICE, so [4] is explicit. */
	if (!subject_check(content, err))
		return false;
	*out = (struct subtree){ .type = SUBTREE_DIRECTORY, .octets = content };
	return true;
}

static bool
subtree_read(
    struct der *list, struct arena *a, struct subtree *out, struct err *err)
{
	struct bytes content;
	struct der tree;
	int tag;

	if (!der_enter(list, DER_SEQUENCE, &tree) ||
	    !der_read_any(&tree, &tag, &content, NULL))
		return fail(err, ERR_MALFORMED,
		    "name constraints hold a bad GeneralSubtree");
	/* RFC 5280: minimum is its default 0, so not encoded; no maximum. */
	if (!der_at_end(&tree))
		return fail(err, ERR_UNSUPPORTED,
		    "a name constraint has a minimum or maximum");
	switch (tag) {
	case GN_DNS:
		return text_subtree(SUBTREE_DNS, content, a, out, err);
	case GN_EMAIL:
		return text_subtree(SUBTREE_EMAIL, content, a, out, err);
	case GN_URI:
		return text_subtree(SUBTREE_URI, content, a, out, err);
	case GN_IP:
		return ip_subtree(content, out, err);
	case GN_DIRECTORY:
		return directory_subtree(content, out, err);
	case GN_OTHER:
		*out = (struct subtree){ .type = SUBTREE_OTHER };
		return true;
	default:
		/* Our certificates carry no such names; nothing to hold
		 * against it. */
		*out = (struct subtree){ 0 };
		return true;
	}
}

static bool
subtrees_read(struct bytes content, struct arena *a, struct subtree **out,
    size_t *n, struct err *err)
{
	struct der list = der_of(content);
	struct subtree *v = NULL;
	size_t cap = 0, used = 0;

	while (!der_at_end(&list)) {
		struct subtree tree;

		if (!subtree_read(&list, a, &tree, err))
			return false;
		if (tree.type == 0)
			continue;
		if (used == SUBTREES_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u name constraints", SUBTREES_MAX);
		if (used == cap) {
			struct subtree *more =
			    arena_array(a, cap * 2 + 8, sizeof(*v));

			if (used != 0)
				memcpy(more, v, used * sizeof(*v));
			v = more;
			cap = cap * 2 + 8;
		}
		v[used++] = tree;
	}
	*out = v;
	*n = used;
	return true;
}

bool
constraints_parse(struct bytes value, struct arena *a, struct constraints *out,
    struct err *err)
{
	struct der d = der_of(value), seq;
	struct bytes permitted, excluded;
	bool has_permitted, has_excluded;
	struct constraints c = { 0 };

	if (!der_enter(&d, DER_SEQUENCE, &seq) || !der_at_end(&d) ||
	    !der_read_optional(
		&seq, DER_CONTEXT_CONSTRUCTED(0), &has_permitted, &permitted) ||
	    !der_read_optional(
		&seq, DER_CONTEXT_CONSTRUCTED(1), &has_excluded, &excluded) ||
	    !der_at_end(&seq))
		return fail(err, ERR_MALFORMED,
		    "name constraints are not as RFC 5280 section 4.2.1.10 "
		    "has them");
	/* RFC 5280: never an empty sequence. */
	if (!has_permitted && !has_excluded)
		return fail(err, ERR_MALFORMED, "name constraints are empty");
	if ((has_permitted &&
		!subtrees_read(
		    permitted, a, &c.permitted, &c.permitted_n, err)) ||
	    (has_excluded &&
		!subtrees_read(excluded, a, &c.excluded, &c.excluded_n, err)))
		return false;
	*out = c;
	return true;
}

/* ---- matching ---- */

static bool
ip_is_inside(struct bytes constraint, const uint8_t *addr, size_t n)
{
	if (constraint.n != n * 2)
		return false;
	for (size_t i = 0; i < n; i++)
		if (((constraint.p[i] ^ addr[i]) & constraint.p[n + i]) != 0)
			return false;
	return true;
}

static bool
email_matches(const char *mailbox, const char *constraint)
{
	const char *at = strrchr(constraint, '@');
	size_t local;

	if (at == NULL)
		return email_is_at(mailbox, constraint);
	/* A whole mailbox: the local part has case, the host has none. */
	local = (size_t)(at - constraint) + 1;
	return strncmp(mailbox, constraint, local) == 0 &&
	    strcasecmp(mailbox + local, at + 1) == 0;
}

static bool
host_matches(const char *host, const char *constraint)
{
	if (constraint[0] == '.')
		return dns_is_under(host, constraint);
	return strcasecmp(host, constraint) == 0;
}

static enum subtree_type
subtree_type_of(enum name_type type)
{
	switch (type) {
	case NAME_DNS:
		return SUBTREE_DNS;
	case NAME_IP:
		return SUBTREE_IP;
	case NAME_EMAIL:
		return SUBTREE_EMAIL;
	case NAME_URI:
		return SUBTREE_URI;
	case NAME_UPN:
		return SUBTREE_OTHER;
	}
	return 0;
}

/* What a name is compared by, worked out once. */
struct subject_name {
	const struct name *name;
	uint8_t addr[16];
	size_t addr_n;
	const char *host; /* of a URI */
};

static bool
subtree_matches(
    const struct subtree *t, const struct subject_name *s, bool excluding)
{
	switch (t->type) {
	case SUBTREE_DNS:
		return excluding ? dns_touches(s->name->text, t->text)
				 : dns_is_under(s->name->text, t->text);
	case SUBTREE_IP:
		return ip_is_inside(t->octets, s->addr, s->addr_n);
	case SUBTREE_EMAIL:
		return email_matches(s->name->text, t->text);
	case SUBTREE_URI:
		return host_matches(s->host, t->text);
	case SUBTREE_DIRECTORY:
	case SUBTREE_OTHER:
		break;
	}
	return false;
}

static bool
any_of_type(const struct subtree *v, size_t n, enum subtree_type type)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].type == type)
			return true;
	return false;
}

bool
constraints_check_name(const struct constraints *c, const struct name *name,
    struct arena *a, struct err *err)
{
	enum subtree_type type = subtree_type_of(name->type);
	struct subject_name s = { .name = name };
	bool limited = any_of_type(c->permitted, c->permitted_n, type);

	if (!limited && !any_of_type(c->excluded, c->excluded_n, type))
		return true;
	/* RFC 5280 gives no meaning to a constraint on otherNames, and demands
	 * of who cannot process one that the certificate be refused. */
	if (type == SUBTREE_OTHER)
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s cannot be held against the CA's name constraint on "
		    "otherNames",
		    name->text);
	if (name->type == NAME_IP)
		s.addr_n = name_ip_octets(name->text, s.addr);
	if (name->type == NAME_URI) {
		uint8_t unused[16];

		/* RFC 5280: a URI whose host is no domain name is refused as
		 * soon as there is any constraint on URIs. */
		s.host = uri_host(a, name->text);
		if (s.host == NULL || s.host[0] == '[' ||
		    name_ip_octets(s.host, unused) != 0)
			return fail(err, ERR_IDENTIFIER_REJECTED,
			    "%s has no domain name, which the CA's name "
			    "constraints demand of a URI",
			    name->text);
	}
	for (size_t i = 0; i < c->excluded_n; i++)
		if (c->excluded[i].type == type &&
		    subtree_matches(&c->excluded[i], &s, true))
			return fail(err, ERR_IDENTIFIER_REJECTED,
			    "%s is excluded by the CA's name constraints",
			    name->text);
	for (size_t i = 0; limited && i < c->permitted_n; i++)
		if (c->permitted[i].type == type &&
		    subtree_matches(&c->permitted[i], &s, false))
			return true;
	if (limited)
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s is outside the CA's name constraints", name->text);
	return true;
}

bool
constraints_check_subject(const struct constraints *c, struct bytes subject,
    struct arena *a, struct err *err)
{
	struct der d = der_of(subject);
	struct bytes rdns;
	bool inside = false;

	if (!der_read(&d, DER_SEQUENCE, &rdns))
		return fail(err, ERR_INTERNAL, "the subject is no Name");
	if (rdns.n == 0)
		return true;
	for (size_t i = 0; i < c->excluded_n; i++)
		if (c->excluded[i].type == SUBTREE_DIRECTORY &&
		    subject_is_within(a, subject, c->excluded[i].octets))
			return fail(err, ERR_REJECTED,
			    "the subject is excluded by the CA's name "
			    "constraints");
	if (!any_of_type(c->permitted, c->permitted_n, SUBTREE_DIRECTORY))
		return true;
	for (size_t i = 0; i < c->permitted_n; i++)
		inside = inside ||
		    (c->permitted[i].type == SUBTREE_DIRECTORY &&
			subject_is_within(a, subject, c->permitted[i].octets));
	if (!inside)
		return fail(err, ERR_REJECTED,
		    "the subject is outside the CA's name constraints");
	return true;
}

bool
constraints_allow_suffix(const struct constraints *c, const char *suffix)
{
	bool limited = any_of_type(c->permitted, c->permitted_n, SUBTREE_DNS);

	for (size_t i = 0; i < c->excluded_n; i++)
		if (c->excluded[i].type == SUBTREE_DNS &&
		    dns_is_under(suffix, c->excluded[i].text))
			return false;
	for (size_t i = 0; limited && i < c->permitted_n; i++) {
		const struct subtree *t = &c->permitted[i];

		if (t->type != SUBTREE_DNS)
			continue;
		if (dns_is_under(suffix, t->text) ||
		    dns_is_under(t->text + (t->text[0] == '.'), suffix))
			return true;
	}
	return !limited;
}
