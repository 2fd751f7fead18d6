#include "codec/renewal.h"
#include "util/text.h"

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
renewal_check(const struct csr *csr, struct names asked, bool whole_subject,
    const struct cert *old, struct arena *a, struct err *err)
{
	if (!subject_equal(a, csr->subject, old->subject) &&
	    (whole_subject || !subject_is_a_name_of(csr, old, a)))
		return fail(err, ERR_REJECTED,
		    "the CSR's subject is %s, that of the certificate to be "
		    "replaced is %s",
		    subject_text(a, csr->subject),
		    subject_text(a, old->subject));
	if (!names_equal_sets(a, asked, old->names))
		return fail(err, ERR_REJECTED,
		    "the CSR's names are not those of the certificate to be "
		    "replaced");
	return true;
}
