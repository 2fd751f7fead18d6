/*
 * What lint rules are written with: object identifiers, the walk over a
 * subject, small questions to a parsed certificate.  Used by the
 * lint_*.c only.
 */
#ifndef CA_LINT_RULE_H
#define CA_LINT_RULE_H

#include "ca/lint.h"

#define OID_SKI "2.5.29.14"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_SAN "2.5.29.17"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_NAME_CONSTRAINTS "2.5.29.30"
#define OID_CRLDP "2.5.29.31"
#define OID_POLICIES "2.5.29.32"
#define OID_AKI "2.5.29.35"
#define OID_EKU "2.5.29.37"
#define OID_AIA "1.3.6.1.5.5.7.1.1"
#define OID_TLS_FEATURE "1.3.6.1.5.5.7.1.24"
#define OID_NOCHECK "1.3.6.1.5.5.7.48.1.5"

#define EKU_ANY "2.5.29.37.0"
#define EKU_SERVER "1.3.6.1.5.5.7.3.1"
#define EKU_CLIENT "1.3.6.1.5.5.7.3.2"
#define EKU_OCSP "1.3.6.1.5.5.7.3.9"

/* BR section 7.1.6.1: the reserved certificate policies. */
#define BR_EV "2.23.140.1.1"
#define BR_DV "2.23.140.1.2.1"
#define BR_OV "2.23.140.1.2.2"
#define BR_IV "2.23.140.1.2.3"

#define RFC5280(section) "RFC 5280 section " section
#define BR(section) "BR section " section

extern const struct lint_rule lint_field_rules[], lint_extension_rules[],
    lint_meant_rules[], lint_baseline_rules[];
extern const size_t lint_field_rules_n, lint_extension_rules_n,
    lint_meant_rules_n, lint_baseline_rules_n;

/* Says what was found; returns false, always. */
bool broken(struct err *found, const char *fmt, ...) PRINTF(2, 3);

bool subject_is_empty(const struct cert *c);
bool has_eku(const struct cert *c, const char *oid);
bool has_policy(const struct cert *c, const char *oid);
/* Both NULL, or the same. */
bool texts_equal(const char *a, const char *b);
/* The extension is absent or not critical. */
bool not_critical(const struct cert *c, const char *oid, struct err *found);

enum attribute_kind {
	ATTRIBUTE_OTHER,
	ATTRIBUTE_C,
	ATTRIBUTE_O,
	ATTRIBUTE_OU,
	ATTRIBUTE_CN
};

struct attribute {
	enum attribute_kind kind;
	int tag;
	struct bytes value;
};

struct attributes {
	struct der rdns, rdn;
};

struct attributes attributes_of(struct bytes name);
bool attribute_next(struct attributes *walk, struct attribute *out);

#endif
