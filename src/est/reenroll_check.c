#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/subject.h"
#include "est/reenroll.h"
#include "util/text.h"

static bool
bad_change(struct err *err)
{
	return fail(err, ERR_BAD_CSR,
	    "CSR has a ChangeSubjectName that is not a Name, GeneralNames or "
	    "both");
}

/* ChangeSubjectName ::= SEQUENCE { subject Name OPTIONAL, subjectAlt [1]
 * GeneralNames OPTIONAL }, of which one is there. */
bool
est_name_change_read(const struct csr *csr, struct arena *a,
    struct name_change *out, struct err *err)
{
	struct name_change change = { 0 };
	struct bytes value, subject, names;
	struct der d, inner;
	bool found;

	if (!csr_attribute(csr, OID(CHANGE_SUBJECT_NAME), &value)) {
		*out = change;
		return true;
	}
	d = der_of(value);
	change.asked = true;
	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    der_at_end(&inner))
		return bad_change(err);
	if (der_peek(&inner) == DER_SEQUENCE) {
		struct err why = { 0 };

		if (!der_read_whole(&inner, DER_SEQUENCE, &subject) ||
		    !subject_check(subject, &why))
			return bad_change(err);
		change.common_name = subject_common_name(a, subject);
	}
	if (!der_read_optional(
		&inner, DER_CONTEXT_CONSTRUCTED(1), &found, &names) ||
	    !der_at_end(&inner))
		return bad_change(err);
	if (found && !names_read_general(names, a, &change.names, err))
		return false;
	*out = change;
	return true;
}

/* A profile may leave the common name out of what it issues, or take the first
 * name for it: a CSR whose subject is one of the certificate's names, and
 * nothing more, asks for the same as that certificate. */
static bool
subject_is_a_name_of(
    const struct csr *csr, const struct cert *old, struct arena *a)
{
	const struct subject alone = { .common_name = csr->common_name };
	AUTO_BUF name = { 0 };

	if (csr->common_name == NULL)
		return csr->subject.n == 2; /* an empty SEQUENCE */
	subject_put(&name, &alone);
	if (!subject_equal(a, buf_bytes(&name), csr->subject))
		return false;
	for (size_t i = 0; i < old->names.n; i++)
		if (text_equal_nocase(old->names.v[i].text, csr->common_name))
			return true;
	return false;
}

bool
est_reenroll_check(const struct csr *csr, struct names asked,
    const struct cert *old, struct arena *a, struct err *err)
{
	if (!subject_equal(a, csr->subject, old->subject) &&
	    !subject_is_a_name_of(csr, old, a))
		return fail(err, ERR_REJECTED,
		    "the CSR's subject is %s, that of the certificate to be "
		    "replaced is %s (RFC 7030 section 4.2.2)",
		    subject_text(a, csr->subject),
		    subject_text(a, old->subject));
	if (!names_equal_sets(a, asked, old->names))
		return fail(err, ERR_REJECTED,
		    "the CSR's names are not those of the certificate to be "
		    "replaced (RFC 7030 section 4.2.2)");
	return true;
}
