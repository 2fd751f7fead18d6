/*
 * The lint before every signature (BR section 4.3.1.2 calls it so): each rule
 * looks at the exact to-be-signed bytes, parsed again, and at what was meant.
 * The rules of RFC 5280 and of our own policy apply always, those of the
 * Baseline Requirements where the profile says so.
 *
 * A rule is a row; the tests have a mutation for each that it alone refuses.
 * Pure; any thread.
 */
#ifndef CA_LINT_H
#define CA_LINT_H

#include "ca/chain.h"
#include "ca/profile.h"

/* What was meant, next to what was encoded. */
struct lint_context {
	const struct profile *profile;
	const struct chain *chain; /* [0] issues */
	struct bytes key_id; /* the AKI to expect */
	struct bytes spki; /* the key that was proved */
	struct names names; /* authorised; none for a responder */
	struct bytes subject; /* the request's, normal; for where it goes in */
	bool must_staple; /* decided */
	int64_t now;
	int64_t max_lifetime; /* the CA's cap */
	int64_t max_backdate;
	uint8_t node;
	unsigned shards; /* of CRLs */
	struct arena *arena;
};

/* At most this far in the future may notBefore lie: the signer takes ten
 * minutes (BR section 7.1.2.7 would allow 48 hours). */
#define LINT_FUTURE 300
/* X.520 upper bounds, RFC 5280 appendix A. */
#define LINT_NAME_MAX 64u

struct lint_rule {
	const char *id;
	const char *source;
	/* Does the certificate obey?  Else says what was found. */
	bool (*holds)(const struct cert *c, const struct lint_context *ctx,
	    struct err *found);
};

/* All rules, one by one; NULL behind the last.  *baseline: only where the
 * profile has it on. */
const struct lint_rule *lint_rule_at(size_t i, bool *baseline);
/* Every rule that does not hold, at most max; returns how many there are. */
size_t lint_run(const struct cert *c, const struct lint_context *ctx,
    const struct lint_rule **broken_rules, size_t max);
/* Parses the bytes and runs the rules.  ERR_REJECTED names the first broken
 * rule, its source and what was found. */
bool lint_check(struct bytes tbs, const struct lint_context *ctx,
    struct err *err) MUST_CHECK;

#endif
