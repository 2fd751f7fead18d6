#include "config/form.h"
#include "config/rows.h"
#include "util/times.h"

const struct config_row *
config_row_at(const struct config_table *t, size_t i)
{
	while (t != NULL && i >= t->n) {
		i -= t->n;
		t = t->rest;
	}
	return t == NULL ? NULL : &t->rows[i];
}

size_t
config_rows_n(const struct config_table *t)
{
	size_t n = 0;

	for (; t != NULL; t = t->rest)
		n += t->n;
	return n;
}

static void
add_words(const struct config_row *row, const char *head, struct buf *out)
{
	buf_add_str(out, head);
	for (size_t i = 0; row->words[i] != NULL; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", row->words[i]);
}

static void
add_form(const struct config_row *row, struct buf *out)
{
	if (row->form == FORM_WORD || row->form == FORM_EKU)
		add_words(row, "one of ", out);
	if (row->form == FORM_EKU)
		buf_add_str(out, ", or a dotted object identifier");
	if (config_form_expected(row->form) != NULL)
		buf_add_str(out, config_form_expected(row->form));
}

static void
add_type(const struct config_row *row, struct buf *out)
{
	char min[32], max[32];

	switch (row->type) {
	case CONFIG_TEXT:
		add_form(row, out);
		return;
	case CONFIG_WORD:
		add_words(row, "one of ", out);
		return;
	case CONFIG_BOOL:
		buf_add_str(out, "true or false");
		return;
	case CONFIG_INT:
		if (row->min == row->max)
			buf_printf(out, "%lld", (long long)row->min);
		else
			buf_printf(out, "a number from %lld to %lld",
			    (long long)row->min, (long long)row->max);
		return;
	case CONFIG_DURATION:
	case CONFIG_OFFSET:
		duration_format(row->min, min);
		duration_format(row->max, max);
		buf_printf(out, "a duration from %s to %s", min, max);
		return;
	case CONFIG_LIST:
		buf_add_str(out, "a list, each ");
		add_form(row, out);
		return;
	case CONFIG_CIDRS:
		buf_add_str(out, "a list of networks such as 10.0.0.0/8");
		return;
	case CONFIG_LISTENERS:
		buf_add_str(out,
		    "a list of {kind: https|est|http|ops, address: "
		    "\"ADDRESS:PORT\", tls_min: \"1.2\"|\"1.3\"}");
		return;
	case CONFIG_CAS:
	case CONFIG_PROFILES:
	case CONFIG_EST_LABELS:
	case CONFIG_SCEP_PROFILES:
	case CONFIG_INTUNE:
	case CONFIG_WEBHOOKS:
		buf_add_str(out, "a map of names to options");
		return;
	case CONFIG_TYPES:
		return;
	}
}

void
config_row_expected(const struct config_row *row, struct buf *out)
{
	add_type(row, out);
	if (row->def == NULL && !row->required)
		buf_add_str(out, ", or null");
}

const struct config_table *
config_row_table(const struct config_row *row)
{
	switch (row->type) {
	case CONFIG_CAS:
		return &config_ca_table;
	case CONFIG_PROFILES:
		return &config_profile_table;
	case CONFIG_EST_LABELS:
		return &config_est_label_table;
	case CONFIG_SCEP_PROFILES:
		return &config_scep_profile_table;
	case CONFIG_INTUNE:
		return &config_intune_table;
	case CONFIG_WEBHOOKS:
		return &config_webhook_table;
	default:
		return NULL;
	}
}
