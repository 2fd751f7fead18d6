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
		change.subject = subject;
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
