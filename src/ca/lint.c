#include "ca/lint.h"
#include "ca/lint_rule.h"

static const struct {
	const struct lint_rule *rules;
	const size_t *n;
	bool baseline;
} tables[] = {
	{ lint_field_rules, &lint_field_rules_n, false },
	{ lint_extension_rules, &lint_extension_rules_n, false },
	{ lint_meant_rules, &lint_meant_rules_n, false },
	{ lint_baseline_rules, &lint_baseline_rules_n, true },
};

const struct lint_rule *
lint_rule_at(size_t i, bool *baseline)
{
	for (size_t t = 0; t < COUNT_OF(tables); t++) {
		if (i < *tables[t].n) {
			*baseline = tables[t].baseline;
			return &tables[t].rules[i];
		}
		i -= *tables[t].n;
	}
	return NULL;
}

size_t
lint_run(const struct cert *c, const struct lint_context *ctx,
    const struct lint_rule **broken_rules, size_t max)
{
	const struct lint_rule *rule;
	size_t used = 0;
	bool baseline;

	for (size_t i = 0; (rule = lint_rule_at(i, &baseline)) != NULL; i++) {
		struct err found = { 0 };

		if ((baseline && !ctx->profile->t.baseline) ||
		    rule->holds(c, ctx, &found))
			continue;
		if (used < max)
			broken_rules[used] = rule;
		used++;
	}
	return used;
}

bool
lint_check(struct bytes tbs, const struct lint_context *ctx, struct err *err)
{
	struct cert *c = arena_alloc(ctx->arena, sizeof(*c));
	const struct lint_rule *rule;
	struct err found = { 0 };

	/* The parser is the first rule: DER, version 3, serial above 0, no
	 * doubled extension, no pathLen without cA, no empty key usage. */
	if (!cert_parse_tbs(tbs, ctx->arena, c, &found))
		return fail(err, ERR_INTERNAL,
		    "the to-be-signed certificate cannot be read: %s",
		    found.shown);
	if (lint_run(c, ctx, &rule, 1) == 0)
		return true;
	(void)rule->holds(c, ctx, &found);
	return fail(err, ERR_REJECTED,
	    "the certificate would break %s (%s): %s", rule->id, rule->source,
	    found.shown);
}
