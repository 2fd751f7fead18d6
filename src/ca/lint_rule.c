#include <stdio.h>
#include "ca/lint_rule.h"

bool
broken(struct err *found, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail(found, ERR_REJECTED, "%s", text);
}

bool
subject_is_empty(const struct cert *c)
{
	/* SEQUENCE of length 0. */
	return c->subject.n <= 2;
}

bool
has_eku(const struct cert *c, const char *oid)
{
	for (size_t i = 0; i < c->eku_n; i++)
		if (strcmp(c->eku[i], oid) == 0)
			return true;
	return false;
}

bool
has_policy(const struct cert *c, const char *oid)
{
	for (size_t i = 0; i < c->policies_n; i++)
		if (strcmp(c->policies[i], oid) == 0)
			return true;
	return false;
}

bool
texts_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
not_critical(const struct cert *c, const char *oid, struct err *found)
{
	const struct cert_extension *e = cert_extension_find(c, oid);

	if (e != NULL && e->critical)
		return broken(found, "the extension is critical");
	return true;
}

struct attributes
attributes_of(struct bytes name)
{
	struct attributes walk = { 0 };
	struct der d = der_of(name);

	if (!der_enter(&d, DER_SEQUENCE, &walk.rdns))
		walk.rdns = der_of(BYTES_NONE);
	walk.rdn = der_of(BYTES_NONE);
	return walk;
}

static enum attribute_kind
attribute_kind(struct bytes oid)
{
	/* id-at is 55 04. */
	if (oid.n != 3 || oid.p[0] != 0x55 || oid.p[1] != 0x04)
		return ATTRIBUTE_OTHER;
	switch (oid.p[2]) {
	case 3:
		return ATTRIBUTE_CN;
	case 6:
		return ATTRIBUTE_C;
	case 10:
		return ATTRIBUTE_O;
	case 11:
		return ATTRIBUTE_OU;
	default:
		return ATTRIBUTE_OTHER;
	}
}

bool
attribute_next(struct attributes *walk, struct attribute *out)
{
	struct bytes oid;
	struct der ava;

	if (der_at_end(&walk->rdn) &&
	    !der_enter(&walk->rdns, DER_SET, &walk->rdn))
		return false;
	if (!der_enter(&walk->rdn, DER_SEQUENCE, &ava) ||
	    !der_read(&ava, DER_OID, &oid) ||
	    !der_read_any(&ava, &out->tag, &out->value, NULL))
		return false;
	out->kind = attribute_kind(oid);
	return true;
}
