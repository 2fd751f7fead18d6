#include <strings.h>
#include "codec/oid.h"
#include "codec/subject_form.h"
#include "signer/check.h"
#include "util/text.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

/* A subject, taken apart. */
struct parts {
	size_t common_names;
	struct bytes common_name;
	struct buf rest; /* the other RDNs, whole */
};

/* One RDN; a common name shares it with nothing. */
static bool
rdn_take(struct bytes whole, struct parts *out)
{
	struct der d = der_of(whole), rdn, attribute;
	struct bytes oid, value;
	size_t attributes = 0, found = 0;

	if (!der_enter(&d, DER_SET, &rdn))
		return false;
	for (; !der_at_end(&rdn); attributes++) {
		if (!der_enter(&rdn, DER_SEQUENCE, &attribute) ||
		    !der_read(&attribute, DER_OID, &oid) ||
		    !der_read_any(&attribute, NULL, &value, NULL))
			return false;
		if (!bytes_equal(oid, OID(COMMON_NAME)))
			continue;
		found++;
		out->common_name = value;
	}
	if (found == 0)
		buf_add_bytes(&out->rest, whole);
	out->common_names += found;
	return found == 0 || attributes == 1;
}

static bool
subject_take(struct bytes name, struct parts *out)
{
	struct der d = der_of(name), rdns;
	struct bytes whole;

	if (!der_enter(&d, DER_SEQUENCE, &rdns))
		return false;
	while (!der_at_end(&rdns))
		if (!der_read_whole(&rdns, DER_SET, &whole) ||
		    !rdn_take(whole, out))
			return false;
	return true;
}

/* Old clients read the CN as a name: it must be one that was checked. */
static bool
check_common_name(const struct check *c, const struct cert *cert,
    const struct parts *p, struct err *err)
{
	const char *text;

	if (p->common_names == 0)
		return true;
	if (p->common_names > 1)
		return REFUSE("subject has %zu common names, expected one",
		    p->common_names);
	text = arena_str(c->arena, p->common_name);
	for (size_t i = 0; i < cert->names.n; i++)
		if (strlen(text) == p->common_name.n &&
		    strcasecmp(cert->names.v[i].text, text) == 0)
			return true;
	text = subject_common_name(c->arena, cert->subject);
	return REFUSE("common name %s is not among the certificate's names",
	    text == NULL ? "(unreadable)" : text);
}

/* Whoever maps subjects to rights reads organizations, units, e-mail
 * addresses: those that a profile writes, and no others. */
static bool
check_rest(const struct check *c, const struct cert *cert,
    const struct parts *p, struct err *err)
{
	const struct signer_strings *allowed = &c->limits->subjects;
	AUTO_BUF name = { 0 };
	const char *text;

	der_put(&name, DER_SEQUENCE, buf_bytes(&p->rest));
	text = base64url_arena(c->arena, buf_bytes(&name));
	for (size_t i = 0; i < allowed->n; i++)
		if (strcmp(allowed->v[i], text) == 0)
			return true;
	return REFUSE("subject %s has what no profile of CA %s writes",
	    subject_text(c->arena, cert->subject), c->limits->ca);
}

/* Good for a TLS server, or for anything. */
static bool
is_for_servers(const struct cert *cert)
{
	for (size_t i = 0; i < cert->eku_n; i++)
		if (strcmp(cert->eku[i], "1.3.6.1.5.5.7.3.1") == 0)
			return true;
	return cert->eku_n == 0;
}

/* An address is one, wherever in the certificate it stands. */
static bool
check_emails(const struct check *c, const struct cert *cert, struct err *err)
{
	struct names emails;

	if (!subject_form_emails(cert->subject, c->arena, &emails, err))
		return false;
	for (size_t i = 0; i < emails.n; i++)
		if (!check_name(c, &emails.v[i], err))
			return false;
	return true;
}

/* Of a profile that takes what the request has: of known types and form, and
 * nothing that a TLS client would read as a name beside the names. */
static bool
check_requested(const struct check *c, const struct cert *cert, struct err *err)
{
	const struct signer_strings *types = &c->limits->subject_attributes;
	struct err why = { 0 };

	if (!subject_form_check(cert->subject, types->v, types->n, &why) ||
	    !check_emails(c, cert, &why) ||
	    (is_for_servers(cert) &&
		!subject_form_check_cn(
		    cert->subject, &cert->names, c->arena, &why)))
		return REFUSE("%s", why.shown);
	return true;
}

static bool
check_built(const struct check *c, const struct cert *cert, struct err *err)
{
	struct parts p = { 0 };
	bool ok;

	if (subject_take(cert->subject, &p))
		ok = check_common_name(c, cert, &p, err) &&
		    check_rest(c, cert, &p, err);
	else
		ok = REFUSE("subject is malformed, or its common name is not "
			    "alone");
	buf_free(&p.rest);
	return ok;
}

bool
check_subject(const struct check *c, const struct cert *cert, struct err *err)
{
	struct err why = { 0 };

	/* RFC 5280 section 4.1.2.6: one name, one entity. */
	if (subject_equal(c->arena, cert->subject, c->limits->issuer_name))
		return REFUSE("subject is the name of CA %s", c->limits->ca);
	if (check_built(c, cert, &why))
		return true;
	if (c->limits->subject_request)
		return check_requested(c, cert, err);
	*err = why;
	return false;
}
