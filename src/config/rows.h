/*
 * The options as data: a row per option with its type, bounds, default and the
 * sentence for the manual.  The loader (load.c), the commented configuration
 * (print.c) and the manual (manual.c) walk the same rows; nothing else knows
 * which options there are.  Immutable.
 */
#ifndef CONFIG_ROWS_H
#define CONFIG_ROWS_H

#include "config/config.h"

/* How a value is read, and the C type that it is stored as. */
enum config_type {
	CONFIG_TEXT, /* const char *, of a form */
	CONFIG_WORD, /* an enum: the index in words */
	CONFIG_BOOL, /* bool */
	CONFIG_INT, /* int64_t in min..max */
	CONFIG_DURATION, /* int64_t seconds in min..max */
	CONFIG_OFFSET, /* the same, with a sign */
	CONFIG_LIST, /* struct config_strings, each of a form */
	CONFIG_CIDRS, /* struct config_cidrs */
	CONFIG_LISTENERS, /* listen and listen_n */
	CONFIG_CAS, /* cas and cas_n: a map of config_ca_table */
	CONFIG_PROFILES, /* profiles and profiles_n */
	CONFIG_EST_LABELS, /* est.labels and est.labels_n */
	CONFIG_SCEP_PROFILES, /* scep.profiles and scep.profiles_n */
	CONFIG_INTUNE, /* intune and intune_n */
	CONFIG_WEBHOOKS, /* webhooks and webhooks_n */
	CONFIG_TYPES
};

/* What a text must look like. */
enum config_form {
	FORM_TEXT,
	FORM_PATH,
	FORM_BASE_HTTPS, /* https://host[:port] */
	FORM_BASE_HTTP,
	FORM_URL,
	FORM_HTTPS_URL,
	FORM_NAME, /* of a CA or profile */
	FORM_USER,
	FORM_WORD, /* one of words */
	FORM_DOMAIN,
	FORM_SUFFIX, /* a domain, with or without a dot before it */
	FORM_URI_PREFIX,
	FORM_OID,
	FORM_EKU, /* one of words or an OID */
	FORM_RESOLVER, /* address, port 53 if left out */
	FORM_LISTEN, /* address and port */
	FORM_COUNTRY,
	FORM_ORGANIZATION,
	FORM_LABEL, /* a name that is no operation of EST */
	FORM_NAME_PATTERN, /* a type of name, a colon, * and ? */
	FORMS
};

struct config_row {
	const char *key; /* dotted: "validation.timeout" */
	enum config_type type;
	enum config_form form;
	size_t at; /* offset in the struct of the table */
	size_t at_n; /* of a map: offset of the number of entries */
	int64_t min, max;
	const char *const *words; /* NULL-terminated */
	const char *def; /* in YAML; NULL: required, or nothing */
	const char *sample; /* shown by print.c if there is no default */
	bool required;
	const char *text; /* sentences for the manual */
};

/* What the manual says of a part of the file: "validation", "" for the top. */
struct config_section {
	const char *key;
	const char *text;
};

struct config_table {
	const struct config_row *rows;
	size_t n; /* of rows, without the rest */
	/* More options of the same struct, from another file. */
	const struct config_table *rest;
	size_t size; /* of the struct that is filled */
	/* Of an entry of a map: where its name and its line go. */
	size_t at_name, at_line;
	enum config_form name_form;
};

extern const struct config_table config_root_table;
/* The rest of the root's, one after the other. */
extern const struct config_table config_outside_table;
extern const struct config_table config_protocol_table;
extern const struct config_table config_limits_table;
extern const struct config_table config_ca_table;
extern const struct config_table config_profile_table;
extern const struct config_table config_est_label_table;
extern const struct config_table config_scep_profile_table;
extern const struct config_table config_intune_table;
extern const struct config_table config_webhook_table;
extern const struct config_section config_sections[];
extern const size_t config_sections_n;

/* Row i of a table and its rest together; NULL beyond the last. */
const struct config_row *config_row_at(const struct config_table *t, size_t i);
size_t config_rows_n(const struct config_table *t);
/* "a duration from 1s to 5m, such as 10s": of mistakes and of the manual. */
void config_row_expected(const struct config_row *row, struct buf *out);
/* The table that the entries of a map's row have; NULL of other rows. */
const struct config_table *config_row_table(const struct config_row *row);
/* Sentence of a section, or NULL. */
const char *config_section_text(const char *key, size_t n);

#endif
