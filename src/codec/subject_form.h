/*
 * A subject that a request decides: of which types its attributes may be, of
 * which types of string their values are and how long (RFC 5280 appendix A.1,
 * RFC 2985, RFC 4519).  Stricter than codec/subject.h, which reads what others
 * have signed: what passes here goes octet for octet into a certificate.  What
 * clients write in another type of string is put into the right one before.
 *
 * Pure; any thread.
 */
#ifndef CODEC_SUBJECT_FORM_H
#define CODEC_SUBJECT_FORM_H

#include "codec/name.h"

#define SUBJECT_FORM_ATTRIBUTES_MAX 20u

/* Is it "CN", "O", … of the table in subject_form.c? */
bool subject_form_is_type(const char *type);
/* The same Name with each value in a type of string that its attribute may
 * have, if its characters are some of such a type: Go writes emailAddress as a
 * UTF8String and DC as a PrintableString, Windows what is not ASCII as a
 * BMPString.  Otherwise as it is; lies in the arena. */
struct bytes subject_form_normal(struct bytes name, struct arena *a);
/* A whole Name, maybe empty, of these types of attribute (n = 0: of all that
 * are known), none without a value.  ERR_REJECTED. */
bool subject_form_check(struct bytes name, const char *const *types, size_t n,
    struct err *err) MUST_CHECK;
/* Of a Name that was checked: is each common name one of `names`?
 * ERR_REJECTED. */
bool subject_form_check_cn(struct bytes name, const struct names *names,
    struct arena *a, struct err *err) MUST_CHECK;
/* And each user ID and e-mail address too: all by which somebody is known. */
bool subject_form_check_names(struct bytes name, const struct names *names,
    struct arena *a, struct err *err) MUST_CHECK;
/* The emailAddress attributes of any Name as names of type e-mail, for rules on
 * those.  ERR_REJECTED: one is no e-mail address. */
bool subject_form_emails(struct bytes name, struct arena *a, struct names *out,
    struct err *err) MUST_CHECK;
/* The common names of any Name that are DNS names of several labels, which is
 * what OpenSSL and others read them for, as names of that type. */
struct names subject_form_hosts(struct bytes name, struct arena *a);

#endif
