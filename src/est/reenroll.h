/*
 * The attribute by which a renewal asks for other names (RFC 7030 section
 * 4.2.2); what it must have in common with the old certificate is in
 * codec/renewal.h.
 */
#ifndef EST_REENROLL_H
#define EST_REENROLL_H

#include "codec/csr.h"

/* The new names that the attribute ChangeSubjectName asks for. */
struct name_change {
	bool asked;
	struct names names; /* empty: as they are */
	struct bytes subject; /* the new one, whole; empty: as it is */
	const char *common_name; /* of that; NULL: as it is */
};

/* ERR_BAD_CSR if the attribute is there and not of its form (RFC 6402 section
 * 2.8). */
bool est_name_change_read(const struct csr *csr, struct arena *a,
    struct name_change *out, struct err *err) MUST_CHECK;

#endif
