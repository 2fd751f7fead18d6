#include "config/rows.h"

/* The default as the manual names it. */
static void
add_default(const struct config_row *row, struct buf *out)
{
	if (row->required)
		buf_add_str(out, "required");
	else if (row->def == NULL)
		buf_add_str(out, "null");
	else if (row->def[0] != '-')
		buf_add_str(out, row->def);
	else
		/* A block list, in one line. */
		for (const char *p = row->def; *p != '\0'; p++) {
			if (p == row->def)
				buf_add_byte(out, '[');
			if ((p == row->def || p[-1] == '\n') && *p == '-')
				p += 2;
			if (*p == '\n')
				buf_add_str(out, p[1] == '\0' ? "]" : ", ");
			else
				buf_add_byte(out, (uint8_t)*p);
		}
}

/* A vertical bar would end the cell of a table. */
static void
add_cell(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '|')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.p[i]);
	}
}

static void
markdown_row(const struct config_row *row, const char *prefix, struct buf *out)
{
	AUTO_BUF expected = { 0 };
	AUTO_BUF def = { 0 };

	config_row_expected(row, &expected);
	add_default(row, &def);
	buf_printf(out, "| `%s%s` | ", prefix, row->key);
	add_cell(buf_bytes(&expected), out);
	buf_add_str(out, row->required ? " | " : " | `");
	add_cell(buf_bytes(&def), out);
	buf_printf(out, "%s | %s |\n", row->required ? "" : "`", row->text);
}

static void
markdown_head(const char *title, const char *text, struct buf *out)
{
	buf_printf(out, "\n## %s\n\n%s\n\n", title, text);
	buf_add_str(out,
	    "| option | value | default | meaning |\n"
	    "|---|---|---|---|\n");
}

/* "cas.NAME.": what stands before the options of a map's entries. */
static const char *
entry_prefix(const struct config_row *map)
{
	switch (map->type) {
	case CONFIG_CAS:
		return "cas.NAME.";
	case CONFIG_PROFILES:
		return "profiles.NAME.";
	case CONFIG_SCEP_PROFILES:
		return "scep.profiles.NAME.";
	case CONFIG_INTUNE:
		return "intune.NAME.";
	case CONFIG_WEBHOOKS:
		return "webhooks.NAME.";
	default:
		return "est.labels.NAME.";
	}
}

static void
markdown_entries(const struct config_row *map, struct buf *out)
{
	const struct config_table *t = config_row_table(map);

	for (size_t i = 0; t != NULL && i < config_rows_n(t); i++)
		markdown_row(config_row_at(t, i), entry_prefix(map), out);
}

static void
markdown_section(const struct config_section *s, struct buf *out)
{
	const struct config_table *t = &config_root_table;
	size_t n = strlen(s->key);
	AUTO_BUF title = { 0 };

	buf_printf(&title, "`%s`", s->key);
	markdown_head(buf_cstr(&title), s->text, out);
	for (size_t i = 0; i < config_rows_n(t); i++) {
		const struct config_row *row = config_row_at(t, i);

		if (strncmp(row->key, s->key, n) == 0 && row->key[n] == '.')
			markdown_row(row, "", out);
		else if (strcmp(row->key, s->key) != 0)
			continue;
		markdown_entries(row, out);
	}
}

void
config_print_markdown(struct buf *out)
{
	const struct config_table *t = &config_root_table;

	buf_add_str(out,
	    "# Configuration\n\n"
	    "Made from the option rows in `src/config`; "
	    "`chancery config` prints the same as a commented file.\n\n"
	    "The file is YAML, or JSON. It is at most 1 MiB and 16 levels "
	    "deep, without anchors, aliases and tags. Paths are relative to "
	    "the state directory. A duration is a number with its unit "
	    "(`s m h d w y`; a year has 365 days), or several: `1h30m`. "
	    "Secrets never stand in the file. `chancery check` tells every "
	    "mistake at once.\n");
	markdown_head("Top level", "Options outside any section.", out);
	for (size_t i = 0; i < config_rows_n(t); i++)
		if (strchr(config_row_at(t, i)->key, '.') == NULL &&
		    config_row_table(config_row_at(t, i)) == NULL)
			markdown_row(config_row_at(t, i), "", out);
	for (size_t i = 0; i < config_sections_n; i++)
		markdown_section(&config_sections[i], out);
}

/* roff: a backslash, a dash, and a dot or quote that begins a line. */
static void
add_roff(const char *text, struct buf *out)
{
	if (*text == '.' || *text == '\'')
		buf_add_str(out, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '-')
			buf_add_byte(out, '\\');
		if (*text == '\\')
			buf_add_byte(out, 'e');
		else
			buf_add_byte(out, (uint8_t)*text);
	}
}

static void
man_row(const struct config_row *row, const char *prefix, struct buf *out)
{
	AUTO_BUF value = { 0 };

	buf_printf(out, ".TP\n.B %s", prefix);
	add_roff(row->key, out);
	buf_add_byte(out, '\n');
	add_roff(row->text, out);
	buf_add_str(out, "\n.br\n");
	config_row_expected(row, &value);
	buf_add_str(&value, row->required ? "; " : "; default ");
	add_default(row, &value);
	buf_add_str(&value, ".");
	add_roff(buf_cstr(&value), out);
	buf_add_byte(out, '\n');
}

void
config_print_man(struct buf *out)
{
	const struct config_table *t = &config_root_table;

	for (size_t i = 0; i < config_rows_n(t); i++) {
		const struct config_row *row = config_row_at(t, i);
		const struct config_table *inner = config_row_table(row);
		size_t n = inner == NULL ? 0 : config_rows_n(inner);

		if (inner == NULL || strchr(row->key, '.') != NULL)
			man_row(row, "", out);
		for (size_t j = 0; j < n; j++)
			man_row(
			    config_row_at(inner, j), entry_prefix(row), out);
	}
}

void
config_print_man_page(struct buf *out)
{
	buf_add_str(out,
	    ".\\\" Made from the option rows in src/config.\n"
	    ".TH CHANCERY.YAML 5 \"\" \"Chancery\" \"File formats\"\n"
	    ".SH NAME\n"
	    "chancery.yaml \\- configuration of the certification authority "
	    "chancery\n"
	    ".SH DESCRIPTION\n"
	    "The file is YAML or JSON, at most 1 MiB and 16 levels deep, "
	    "without anchors, aliases and tags.\n"
	    "Paths are relative to the state directory.\n"
	    "A duration is a number with its unit (s m h d w y; a year has "
	    "365 days), or several: 1h30m.\n"
	    "Secrets never stand in the file.\n"
	    ".PP\n"
	    ".B chancery config\n"
	    "prints a commented file with every option and its default;\n"
	    ".B chancery check\n"
	    "tells every mistake of a file at once.\n"
	    ".SH OPTIONS\n");
	config_print_man(out);
	buf_add_str(out, ".SH SEE ALSO\n.BR chancery (1)\n");
}
